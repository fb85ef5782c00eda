"""Evens out how tiers and formats are spelled: a user writes 1K or 1k, the model gets its own."""

from collections.abc import Iterable, Mapping

from qwave_batch.catalog.field import choices_of
from qwave_batch.model.jsontypes import Json, JsonObject


class Spelling:
    """The choices of a model's fields, found without regard to case."""

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
