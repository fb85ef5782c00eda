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
