"""Amounts of a catalog that depend on request fields: a price by resolution, tokens by size and quality."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from qwave_batch.model.jsontypes import Json, JsonObject

Triple: TypeAlias = tuple[int, int, int]
"""The least, the typical and the most."""


@dataclass(frozen=True, kw_only=True)
class FieldTable:
    """One amount, or one for each value of a field, or of several fields one inside of the other."""

    fields: tuple[str, ...]
    """The fields that decide, the outermost first; empty for one amount."""
    defaults: Mapping[str, Json]
    """The value of each of these fields that a request leaves out, where the documents name one."""
    amounts: Any
    """A Triple without fields, else a mapping of values to the same for the remaining fields."""

    @classmethod
    def from_json(cls, stated: Any, known: Mapping[str, JsonObject], read: Callable[[Any], int]) -> "FieldTable":
        """Parse an amount of catalog.yaml: ``A``, ``[LEAST, TYPICAL, MOST]`` or ``{by: FIELDS, values: {VALUE: ...}}``.

        Args:
            stated: The amount.
            known: The model's fields with their schemas, which have the defaults.
            read: Turns one number as it is written into units of the caller.
        """
        is_table = isinstance(stated, Mapping)
        by = stated["by"] if is_table else ()
        fields = (by,) if isinstance(by, str) else tuple(by)
        return cls(
            fields=fields,
            defaults={name: known[name]["default"] for name in fields if "default" in known.get(name, {})},
            amounts=_amounts(stated["values"] if is_table else stated, len(fields), read),
        )

    def of(self, request: JsonObject) -> Triple:
        """Return the amount of a request; where it leaves open which, the range over all that are possible."""
        amounts = self.amounts
        for name in self.fields:
            value = request.get(name, self.defaults.get(name))
            found = amounts.get(value) if isinstance(value, str) else None
            if found is None:
                return _range(list(_leaves(amounts)))
            if isinstance(found, tuple):  # a value for which the remaining fields do not matter
                return found
            amounts = found
        least, typical, most = amounts
        return least, typical, most

    @cached_property
    def extent(self) -> Triple:
        """The range over all amounts."""
        return _range(list(_leaves(self.amounts)))


def _amounts(stated: Any, depth: int, read: Callable[[Any], int]) -> Any:
    if depth and isinstance(stated, Mapping):
        return {str(value): _amounts(inner, depth - 1, read) for value, inner in stated.items()}
    if isinstance(stated, Mapping):
        raise ValueError("the table has more levels than there are fields in by")  # noqa: TRY004 - it is data
    parts: Sequence[Any] = stated if isinstance(stated, list | tuple) else (stated,) * 3
    least, typical, most = map(read, parts)
    if not 0 <= least <= typical <= most:
        raise ValueError(f"the least, typical and most of {stated} are not in this order")
    return least, typical, most


def _leaves(amounts: Any) -> Iterator[Triple]:
    if isinstance(amounts, tuple):
        yield amounts
    else:
        for inner in amounts.values():
            yield from _leaves(inner)


def _range(triples: Sequence[Triple]) -> Triple:
    return min(one[0] for one in triples), max(one[1] for one in triples), max(one[2] for one in triples)
