"""An overlay: what a user, or the API itself, says of some models beside a dated catalog."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qwave_batch import lazy
from qwave_batch.catalog.catalog_data import CatalogData
from qwave_batch.catalog.model_schema import model_schema
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.model.jsontypes import Json, JsonObject

PRICE_KEYS = frozenset(
    {
        "usd_per_image", "usd_per_call", "usd_per_reference", "usd_per_million_tokens", "tokens", "surcharges",
        "assumed",
    }
)  # fmt: skip
"""The keys of an entry that together are its price."""
_NOT_OF_ENTRIES = frozenset({"like", "schema", "fields", "down", "down_since", "title"})
"""The keys that only an overlay has; they change a model's schema."""
_ONLY_ACTION = {"description": "What is done.", "enum": ["generate"], "default": "generate"}
"""The action of a model whose schema names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """The content of an overlay, with every file that it named put in place."""

    name: str
    """Its file, as the spec names it."""
    content: JsonObject

    @property
    def models(self) -> Mapping[str, Mapping[str, Any]]:
        """Its entries by model."""
        models: Any = self.content["models"]
        return models  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        """The content as JSON, the same on every machine."""
        return json.dumps(self.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """The hash of ``text``."""
        return lazy.hashlib.sha256(self.text.encode("utf-8", "backslashreplace")).hexdigest()

    def changes(self) -> dict[str, list[str]]:
        """Return by model what it changes: ``price``, ``down``, ``fields``, ``new`` and the like."""
        return {model: list(_changes_of(entry)) for model, entry in self.models.items()}

    def as_json(self) -> dict[str, Json]:
        """Return how plans and summaries name it."""
        return {"name": self.name, "sha256": self.sha256, "models": {**self.changes()}}


def _changes_of(entry: Mapping[str, Any]) -> Iterator[str]:
    if "like" in entry or "schema" in entry:
        yield "new"
        return
    if not PRICE_KEYS.isdisjoint(entry):
        yield "price"
    for key in entry:
        if key not in PRICE_KEYS and key != "down_since":
            yield key


def lay_over(data: CatalogData, overlay: Overlay) -> CatalogData:
    """Return a catalog's content with an overlay laid over it; the overlay was checked against the catalog.

    A key of a model's entry replaces the catalog's, and null takes it out.
    """
    entries: dict[str, dict[str, Any]] = {}
    schemas: dict[str, dict[str, Any]] = {}
    for name, changed in overlay.models.items():
        base = data.models.get(str(changed.get("like", name)), {})
        merged = {**base, **{key: value for key, value in changed.items() if key not in _NOT_OF_ENTRIES}}
        entries[name] = {key: value for key, value in merged.items() if value is not None}
        entries[name].setdefault("vendor", overlay.name)
        schemas[name] = overlaid_schema(data, name, changed, overlay)
    return data.with_models(entries, schemas, overlay.name)


def overlaid_schema(data: CatalogData, name: str, changed: Mapping[str, Any], overlay: Overlay) -> dict[str, Any]:
    """Return the complete schema of a model that an overlay changes or adds."""
    schema = copy.deepcopy(_own_schema(data, name, changed))
    schema["properties"] = {**schema.get("properties", {}), "model": {"description": "The model's id.", "const": name}}
    if "title" in changed:
        schema["title"] = changed["title"]
    for field, said in changed.get("fields", {}).items():
        _change_field(schema, field, said)
    rules = list(_outages(schema, changed, overlay))
    return {**schema, "allOf": [*rules, *schema.get("allOf", ())]} if rules else schema


def _own_schema(data: CatalogData, name: str, changed: Mapping[str, Any]) -> dict[str, Any]:
    if "schema" in changed:
        said = changed["schema"]
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "additionalProperties": False,
            **said,
            "properties": {"action": _ONLY_ACTION, **said.get("properties", {})},
        }
    return schema_of(data, str(changed.get("like", name)))


def schema_of(data: CatalogData, name: str) -> dict[str, Any]:
    """Return the complete schema of a model of a catalog; raises ValueError as ``model_schema`` does."""
    own = data.own_schemas.get(name)
    return model_schema(data.vendor_schemas[data.models[name]["vendor"]], name) if own is None else own


def _change_field(schema: dict[str, Any], field: str, said: Any) -> None:
    """Change a field: a list is its values, null takes it away, a mapping changes keywords of its schema."""
    properties = schema["properties"]
    match said:
        case None:
            properties.pop(field, None)
            schema["required"] = [name for name in schema.get("required", ()) if name != field]
        case list() | tuple():
            known = {key: value for key, value in properties.get(field, {}).items() if key not in {"const", "type"}}
            known["enum"] = list(said)
            if "default" in known and known["default"] not in said:
                del known["default"]
            properties[field] = known
        case _:
            merged = {**properties.get(field, {}), **said}
            properties[field] = {key: value for key, value in merged.items() if value is not None}


def _outages(schema: Mapping[str, Any], changed: Mapping[str, Any], overlay: Overlay) -> Iterator[dict[str, Any]]:
    """Yield a rule for each field with values that are down, and the reason with it."""
    down = changed.get("down")
    since = changed.get("down_since", overlay.content.get("as_of"))
    reason = f"down{f' since {since}' if since else ''} by the overlay {overlay.name}"
    if down is True:
        yield {"not": {}, "x-rule": {"field": "model", "message": f"the model is {reason}"}}
    for field, values in down.items() if isinstance(down, Mapping) else ():
        own = schema["properties"].get(field, {})
        for value in values:
            meant = own_spelling(own, value)
            test: dict[str, Any] = {"properties": {field: {"const": meant}}}
            if own.get("default") != meant:  # a request without the field asks for its default
                test["required"] = [field]
            message = f"{field} {json.dumps(meant, ensure_ascii=False)} is {reason}"
            yield {"if": test, "then": {"not": {}}, "x-rule": {"field": field, "message": message}}


def own_spelling(field: JsonObject, value: Json) -> Json:
    """Return the value of a field that is meant by one in another case; the value itself where there is none."""
    if not isinstance(value, str):
        return value
    meant = (one for one in choices_of(field) if isinstance(one, str) and one.casefold() == value.casefold())
    return next(meant, value)
