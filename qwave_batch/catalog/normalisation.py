"""Normalises a request to the model's own spelling: tiers and formats in its case, whole numbers as integers."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.model.jsontypes import Json, JsonObject


class Spelling:
    """The choices of a model's fields, matched without regard to case."""

    def __init__(self, fields: Mapping[str, JsonObject], ignore_case: Iterable[str]) -> None:
        self._own = {name: _own_spelling(fields[name]) for name in ignore_case if name in fields}

    def normalise(self, request: JsonObject) -> dict[str, Json]:
        """Return the request with the model's own spelling; everything else as it is."""
        evened = dict(request)
        for name, own in self._own.items():
            value = evened.get(name)
            if isinstance(value, str):
                evened[name] = own.get(value.casefold(), value)
        return evened


def _own_spelling(schema: JsonObject) -> dict[str, str]:
    return {choice.casefold(): choice for choice in choices_of(schema) if isinstance(choice, str)}


Evened: TypeAlias = Callable[[Json], Json]


class WholeNumbers:
    """The integers in the fields of a model."""

    def __init__(self, fields: Mapping[str, JsonObject]) -> None:
        found = {name: _evened(schema) for name, schema in fields.items()}
        self._evened = {name: evened for name, evened in found.items() if evened is not None}

    def even(self, request: dict[str, Json]) -> dict[str, Json]:
        """Return the request with its whole numbers as integers; JSON treats them as equal."""
        for name in self._evened.keys() & request.keys():
            request[name] = self._evened[name](request[name])
        return request


def _evened(schema: Json) -> Evened | None:
    """Return a converter for the numbers that a schema requires to be integers; None where it requires none."""
    match schema:
        case {"type": "integer"}:
            return _integer
        case {"type": "array", "items": items} if (each := _evened(items)) is not None:
            return lambda value: [each(item) for item in value] if isinstance(value, list | tuple) else value
        case {"type": "object", "properties": Mapping() as properties}:
            found = {str(name): evened for name, part in properties.items() if (evened := _evened(part)) is not None}
            return _of_mapping(found) if found else None
        case _:
            return None


def _integer(value: Json) -> Json:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _of_mapping(found: Mapping[str, Evened]) -> Evened:
    def even(value: Json) -> Json:
        if not isinstance(value, Mapping):
            return value
        return {name: found[name](item) if name in found else item for name, item in value.items()}

    return even
