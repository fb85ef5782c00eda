"""Derives a model's own complete schema from its vendor's file, where shared parts stand once."""

from collections.abc import Mapping
from typing import Any

_ANNOTATIONS = frozenset({"title", "description", "default", "examples"})
_SHARED = "#/$defs/"


def model_schema(vendor_schema: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return the schema of one model with every shared part in its place, so that it needs no other file.

    Raises:
        ValueError: The vendor's file has no such model, or lays a check over a shared part that has one already.
    """
    shared = vendor_schema["$defs"]
    if model not in shared:
        raise ValueError(f"{vendor_schema['$id']} describes no {model}")
    return {
        "$schema": vendor_schema["$schema"],
        "$id": f"{vendor_schema['$id']}:{model}",
        **_inlined(shared[model], shared),
    }


def _inlined(schema: Any, shared: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, shared) for item in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: _inlined(value, shared) for key, value in schema.items() if key != "$ref"}
    if not isinstance(schema.get("$ref"), str):
        return own
    name = schema["$ref"].removeprefix(_SHARED)
    part = _inlined(shared[name], shared)
    # JSON Schema applies both sides; a laid-over check would be lost here, a description may well be replaced
    if clash := (own.keys() & part.keys()) - _ANNOTATIONS:
        raise ValueError(f"{', '.join(sorted(clash))} stands both in {name} and beside a reference to it")
    return {**part, **own}
