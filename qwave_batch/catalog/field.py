"""Reads what the schema of a request field says."""

from qwave_batch.model.jsontypes import Json, JsonObject

_TYPE_OF = {str: "string", bool: "boolean", int: "integer", float: "number"}


def choices_of(field: JsonObject) -> tuple[Json, ...]:
    """Return the values that the field is limited to, in the catalog's order; empty when it is not."""
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
    types = {_TYPE_OF[type(choice)] for choice in choices_of(field)}
    return " or ".join(sorted(types))


def is_free_text(field: JsonObject) -> bool:
    """Whether the field takes any text, and not one of a few words or an address."""
    return field.get("type") == "string" and not choices_of(field) and "pattern" not in field
