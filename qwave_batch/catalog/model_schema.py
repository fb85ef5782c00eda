"""The schema of one model, out of the schema file of its vendor."""

from collections.abc import Mapping
from typing import Any

_ANNOTATIONS = frozenset({"title", "description", "default", "examples"})
SHARED = "#/$defs/"
"""The place of the shared parts of a vendor's file."""


def model_schema(vendor_schema: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return the schema of one model with every shared part inlined, so that it needs no other file.

    Raises:
        ValueError: The vendor's file has no such model, or overrides a check of a shared part.
    """
    shared = vendor_schema["$defs"]
    if model not in shared:
        raise ValueError(f"{vendor_schema['$id']} describes no {model}")
    if not isinstance(shared[model], Mapping):
        raise ValueError(f"{vendor_schema['$id']} has no mapping for {model}")  # noqa: TRY004 - as above
    return {
        "$schema": vendor_schema["$schema"],
        "$id": f"{vendor_schema['$id']}:{model}",
        **_inlined(shared[model], shared),
    }


def _inlined(schema: Any, shared: Mapping[str, Any], within: tuple[str, ...] = ()) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, shared, within) for item in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: _inlined(value, shared, within) for key, value in schema.items() if key != "$ref"}
    if not isinstance(schema.get("$ref"), str):
        return own
    name = schema["$ref"].removeprefix(SHARED)
    if name not in shared:
        raise ValueError(f"{schema['$ref']} leads nowhere")
    if name in within:
        raise ValueError(f"{' -> '.join((*within, name))} refer to each other in a cycle")
    part = _inlined(shared[name], shared, (*within, name))
    if not isinstance(part, dict):
        raise ValueError(  # noqa: TRY004 - it is data that is wrong, not a caller
            f"{schema['$ref']} is not a mapping, so nothing can stand beside a reference to it"
        )
    # JSON Schema applies both sides; an overridden check would be lost here, but a description may be replaced
    if clash := (own.keys() & part.keys()) - _ANNOTATIONS:
        raise ValueError(f"{', '.join(sorted(clash))} stands both in {name} and beside a reference to it")
    return {**part, **own}
