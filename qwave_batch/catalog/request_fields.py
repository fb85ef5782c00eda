"""Reads the schema of a request field, and the values of requests by dotted paths."""

from collections.abc import Mapping

from qwave_batch.model.jsontypes import Json, JsonObject

_TYPE_OF = {
    str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null",
}  # fmt: skip


def choices_of(field: JsonObject) -> tuple[Json, ...]:
    """Return the values that the field is limited to, in the catalog's order; empty if it is not limited."""
    match field.get("enum"):
        case [*choices]:
            return tuple(choices)
        case _:
            return (field["const"],) if "const" in field else ()


def type_of(field: JsonObject) -> str:
    """Return the JSON type of the field's values."""
    stated = field.get("type")
    if isinstance(stated, str):
        return stated
    if isinstance(stated, list | tuple):
        return " or ".join(sorted(map(str, stated)))
    types = {_TYPE_OF[type(choice)] for choice in choices_of(field)}
    return " or ".join(sorted(types))


def is_free_text(field: JsonObject) -> bool:
    """Whether the field takes any text, rather than one of a few words or an address."""
    return field.get("type") == "string" and not choices_of(field) and "pattern" not in field


def value_at(request: JsonObject, path: str) -> Json:
    """Return the value at a path such as ``options.max_images``, or None when there is none."""
    value: Json = request
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def count_at(request: JsonObject, path: str, otherwise: int) -> int:
    """Return the whole number at a path, or ``otherwise`` if there is no whole number."""
    value = value_at(request, path)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return otherwise
    return int(value)


def entries_at(request: JsonObject, path: str) -> int:
    """Return the number of entries of the list at a path, 0 when there is no list."""
    value = value_at(request, path)
    return len(value) if isinstance(value, list | tuple) else 0


def inputs_at(request: JsonObject, path: str) -> int:
    """Return the number of inputs at a path: the entries of a list, or 1 for a single text."""
    return int(isinstance(value_at(request, path), str)) or entries_at(request, path)
