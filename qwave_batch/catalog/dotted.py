"""Reads a value inside a request by a dotted path, as catalog data writes it."""

from collections.abc import Mapping

from qwave_batch.model.jsontypes import Json, JsonObject


def value_at(request: JsonObject, path: str) -> Json:
    """Return the value at a path such as ``options.max_images``, or None when there is none."""
    value: Json = request
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def count_at(request: JsonObject, path: str, otherwise: int) -> int:
    """Return the whole number at a path, or ``otherwise`` when something else or nothing stands there."""
    value = value_at(request, path)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return otherwise
    return int(value)


def entries_at(request: JsonObject, path: str) -> int:
    """Return how many entries the list at a path has, 0 when there is no list."""
    value = value_at(request, path)
    return len(value) if isinstance(value, list | tuple) else 0
