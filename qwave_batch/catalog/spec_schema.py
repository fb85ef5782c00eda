"""The JSON Schema of specs for editors, with the models and fields of a catalog written into it.

It accepts and rejects exactly the same as ``spec.structure.schema.json``, since an unknown model name is an error of
the plan and not of the file's form: fields and values are described and offered, never required.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.request_fields import choices_of, type_of
from qwave_batch.model.jsontypes import Json, JsonObject

_COMMENT = "Written by: qwave-batch schema spec > schemas/spec.schema.json"
_SET_ELSEWHERE = "prompt"
_NAMES_SHOWN = 6
_NOUNS = {"array": "a list", "boolean": "true or false", "integer": "a whole number", "object": "a mapping"}
_BOUNDS = (("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " entries"))


def spec_schema(structure: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Return the schema that editors use to complete and explain specs.

    Args:
        structure: The schema that validates specs, ``spec.structure.schema.json``.
        catalog: The catalog whose models and fields are offered.
    """
    names = [name for name in _field_names(catalog.models.values()) if name != _SET_ELSEWHERE]
    fields = {name: _field(name, catalog) for name in names}
    parts = structure["$defs"]
    matrix, limits = parts["matrix"], structure["properties"]["limits"]
    return {
        "$schema": structure["$schema"],
        "$comment": _COMMENT,
        **{key: value for key, value in structure.items() if key not in {"$schema", "properties", "$defs"}},
        "properties": {
            **structure["properties"],
            "catalog": {**structure["properties"]["catalog"], "examples": [catalog.date]},
            "limits": {**limits, "properties": _with_models(limits["properties"], catalog)},
        },
        "$defs": {
            **parts,
            "request": {**parts["request"], "$ref": "#/$defs/fields"},
            "combination": {**parts["combination"], "$ref": "#/$defs/fields"},
            "matrix": {
                **matrix,
                "properties": {**matrix["properties"], **{name: _axis(field) for name, field in fields.items()}},
            },
            "fields": {"title": "several fields at once", "properties": fields},
        },
    }


def _field_names(models: Iterable[Model]) -> Iterable[str]:
    return dict.fromkeys(name for model in models for name in model.fields)


def _field(name: str, catalog: Catalog) -> dict[str, Json]:
    """Return the description of a request field and the values that any model offers."""
    if name == "model":
        return _model_field(catalog)
    takers = {model.name: model.fields[name] for model in catalog.models.values() if name in model.fields}
    examples = (value for field in takers.values() for value in _examples(field))
    offered = list({json.dumps(value, sort_keys=True): value for value in examples}.values())
    return {
        "description": _description(takers, len(catalog.models)),
        **({"examples": offered} if offered else {}),
    }


def _model_field(catalog: Catalog) -> dict[str, Json]:
    models = catalog.models.values()
    return {
        "description": f"The model's name; catalog {catalog.date} has {len(catalog.models)}.",
        "anyOf": [
            {"enum": list(catalog.models), "enumDescriptions": [f"{one.title}. {one.price}." for one in models]},
            {"title": "another"},  # a template, or a model of another catalog
        ],
    }


def _examples(field: JsonObject) -> tuple[Json, ...]:
    return (True, False) if field.get("type") == "boolean" else choices_of(field)


def _description(takers: Mapping[str, JsonObject], models: int) -> str:
    """Return a field's description, then which models take which values; models with equal values share a line."""
    first, *others = dict.fromkeys(str(field.get("description", "")) for field in takers.values())
    alike: dict[str, list[str]] = {}
    for name, field in takers.items():
        own = str(field.get("description", ""))
        told = f"{_values(field)}. {own}" if own != first else f"{_values(field)}."
        alike.setdefault(told, []).append(name)
    if len(alike) == 1 and len(takers) == models and not others:
        return f"{first}\n\nAll models: {next(iter(alike))}"
    most = max(alike, key=lambda told: len(alike[told]))
    lines = [f"- {', '.join(names)}: {told}" for told, names in alike.items() if told != most]
    names = alike[most]
    called = (
        ", ".join(names) if len(names) <= _NAMES_SHOWN else f"the {'other ' if lines else ''}{len(names)} that take it"
    )
    return "\n".join([first, "", *lines, f"- {called}: {most}"])


def _values(field: JsonObject) -> str:
    """Return the values of a field, in a few words."""
    choices = choices_of(field)
    kind = ", ".join(map(str, choices)) if choices else _NOUNS.get(type_of(field), "a text")
    bounds = [_bounds(field.get(least), field.get(most), unit) for least, most, unit in _BOUNDS]
    default = f"; default {_shown(field['default'])}" if "default" in field else ""
    return ", ".join([kind, *filter(None, bounds)]) + default


def _bounds(least: Json, most: Json, unit: str) -> str:
    if most is None:
        return f"at least {least}{unit}" if least is not None and not (unit and least == 1) else ""
    if least == most:
        return f"always {most}{unit}"
    return f"{least} to {most}{unit}" if least is not None and not unit else f"at most {most:,}{unit}"


def _shown(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _axis(field: Mapping[str, Json]) -> dict[str, Any]:
    """Return the axis that sets a field: its values are the field's, or mappings that set several fields at once."""
    return {
        "$ref": "#/$defs/axis",
        "description": field["description"],
        "items": {"$ref": "#/$defs/fields", **{key: field[key] for key in ("anyOf", "examples") if key in field}},
    }


def _with_models(limits: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    ceilings = limits["models"]["additionalProperties"]
    of_models = {
        name: {**ceilings, "description": f"Limits for {model.title}."} for name, model in catalog.models.items()
    }
    return {**limits, "models": {**limits["models"], "properties": of_models}}
