"""Looks up catalogs, models and JSON Schemas and returns them as plain JSON."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.request_fields import choices_of, type_of
from qwave_batch.catalog.spec_schema import spec_schema
from qwave_batch.errors import UnknownName
from qwave_batch.model.cost_range import range_as_json
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.resources import shipped

_STRUCTURE = "schemas/spec.structure.schema.json"
_CATALOG = "schemas/catalog.schema.json"
_SHIPPED = {
    "manifest": "schemas/manifest.schema.json",
    "card": "schemas/card.schema.json",
    "gate": "schemas/gate.schema.json",
    "catalog": _CATALOG,
}
_OVERLAY = "overlay"
_NAMES = ("spec", *_SHIPPED, _OVERLAY)


def describe_catalog(date: str, *, catalogs: CatalogSource = SHIPPED) -> dict[str, Json]:
    """Return a short description of each model of a catalog, as ``models --json`` prints them.

    Args:
        date: The catalog's date, or ``LATEST``.
        catalogs: The catalogs to look in.

    Raises:
        UnknownName: There is no such catalog.
    """
    return catalog_as_json(catalogs.at(date))


def describe_model(name: str, *, catalog: str, catalogs: CatalogSource = SHIPPED) -> dict[str, Json]:
    """Return everything that a catalog says about a model, with type, range and default of its fields.

    Args:
        name: The model.
        catalog: The catalog's date, or ``LATEST``.
        catalogs: The catalogs to look in.

    Raises:
        UnknownName: There is no such model or catalog; the message names the nearest.
    """
    return model_as_json(catalogs.at(catalog).model(name))


def json_schema(name: str, *, catalog: str, catalogs: CatalogSource = SHIPPED) -> JsonObject:
    """Return the JSON Schema of ``spec``, ``manifest`` lines, ``catalog.yaml``, another file, or a model's requests.

    Args:
        name: ``spec``, ``manifest``, ``card``, ``gate``, ``catalog``, ``overlay`` or the name of a model.
        catalog: The date, or ``LATEST``, of the catalog that has the model, or whose models editors offer for a spec.
        catalogs: The catalogs to look in.

    Raises:
        UnknownName: There is no such schema or catalog; the message names the nearest.
    """
    if name in _SHIPPED:
        return _shipped(_SHIPPED[name])
    if name == _OVERLAY:
        return overlay_schema(_shipped(_CATALOG))
    known = catalogs.at(catalog)
    if name == "spec":
        return spec_schema(_shipped(_STRUCTURE), known)
    if name not in known.models:
        hint = f"there is {', '.join(_NAMES)}, and one for each model"
        raise UnknownName("schema", name, (*_NAMES, *known.models), hint=hint)
    return known.models[name].schema


def _shipped(file: str) -> JsonObject:
    return cast("JsonObject", json.loads(shipped(file).read_text(encoding="utf-8")))


def overlay_schema(metaschema: JsonObject) -> JsonObject:
    """Return the part of the schema of catalogs that overlays are held to, complete in itself."""
    parts = cast("Mapping[str, JsonObject]", metaschema["$defs"])
    return {"$schema": metaschema["$schema"], **parts[_OVERLAY], "$defs": dict(parts)}


_PLAIN_PROMPT = "A lighthouse on a cliff in the evening sun, seen from the sea, with gulls above it"
"""Of ordinary length, for the cost of a request that sets nothing else."""
_LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


def catalog_as_json(catalog: Catalog) -> dict[str, Json]:
    """Return the content of the catalog, with a short description of each model."""
    return {
        "catalog": catalog.date,
        "base_url": catalog.base_url,
        "models": [_in_short(model) for model in catalog.models.values()],
        "gone": {name: {"use": one.use, "since": one.since} for name, one in catalog.gone.items()},
    }


def model_as_json(model: Model) -> dict[str, Json]:
    """Return everything the catalog says about a model: its fields and the rules between them."""
    return {
        **_in_short(model),
        "native_resolution": model.native_resolution,
        "fields": [_field(model, name) for name in model.fields],
        "rules": list(rules(model)),
    }


def rules(model: Model) -> Iterator[str]:
    """Yield a sentence for each rule that holds between fields."""
    match model.schema.get("allOf"):
        case [*parts]:
            for part in parts:
                match part:
                    case {"description": str(text)} | {"x-rule": {"message": str(text)}}:
                        yield text


def _in_short(model: Model) -> dict[str, Json]:
    return {
        "name": model.name,
        "vendor": model.vendor,
        "title": model.title,
        "actions": model.actions,
        "ratios": model.ratios,
        "resolutions": model.resolutions,
        "seed": model.takes_seed,
        "line": model.line,
        "launched": model.launched,
        "price": model.price.as_json(),
        "estimate": range_as_json(model.estimate({"model": model.name, "prompt": _PLAIN_PROMPT})),
        "price_text": str(model.price),
    }


def _field(model: Model, name: str) -> dict[str, Json]:
    return {"name": name, **field_facts(model, name), "description": model.fields[name].get("description", "")}


def field_facts(model: Model, name: str) -> dict[str, Json]:
    """Return the type, range and default of a field."""
    field = model.fields[name]
    return {
        "type": type_of(field),
        "required": name in model.required,
        "values": choices_of(field),
        **{limit: field[limit] for limit in _LIMITS if limit in field},
        "default": field.get("default"),
    }
