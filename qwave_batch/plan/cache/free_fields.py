"""The fields that differ between cells of one shape, such as the text and the seed: each judged by itself."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.independence import Accepts, independent_fields
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.cache.rendered_texts import SHORT, Scope
from qwave_batch.plan.expand.axes import ResolvedAxis
from qwave_batch.plan.expand.request_identity import canonical
from qwave_batch.plan.expand.requests import RequestBuilder, text_of

Fetch: TypeAlias = Callable[[tuple[int, ...], int, Scope], Json]
"""Gives the value of a field in a cell: its slots, its repeat, its scope."""

HELD_FRAGMENTS = 4096
HELD_CHARACTERS = 10_000_000


@dataclass(slots=True, kw_only=True)
class FreeField:
    """One such field of one prompt."""

    name: str
    fetch: Fetch
    checks: Mapping[str, Accepts]
    """By model: whether the model takes a value, as the catalog would say."""


def holes_of(builder: RequestBuilder, catalog: Catalog) -> list[FreeField]:
    """Return the fields of a prompt that no rule of any model reads, and that are set in one place only."""
    checks = {model.name: independent_fields(model) for model in catalog.models.values()}
    found = []
    for name, fetch in _candidates(builder):
        taking = {model: accepts[name] for model, accepts in checks.items() if name in accepts}
        if all(name in accepts for model, accepts in checks.items() if name in catalog.models[model].fields):
            found.append(FreeField(name=name, fetch=fetch, checks=taking))
    return sorted(found, key=lambda hole: hole.name)


def with_text(holes: Sequence[FreeField], builder: RequestBuilder) -> list[FreeField]:
    """Return the same holes for another prompt that differs in its text only."""
    text = _text(builder)
    return [
        FreeField(name=hole.name, fetch=text, checks=hole.checks) if hole.name == "prompt" else hole for hole in holes
    ]


def _text(builder: RequestBuilder) -> Fetch:
    text = builder.text
    return lambda slots, repeat, scope: text_of(text.render(slots, repeat, scope))


def _candidates(builder: RequestBuilder) -> list[tuple[str, Fetch]]:
    found: list[tuple[str, Fetch]] = [("prompt", _text(builder))]
    added = {name for entry in builder.matrix.includes for name in entry.fields}
    late = {
        name
        for axis in builder.matrix.axes
        for position in range(axis.count if axis.is_listed else 0)
        for name in axis.value(position).late
    }
    for number, axis in enumerate(builder.matrix.axes):
        # a whole number with a fraction is sent as another one, which the whole request is needed for
        if axis.alone and not axis.sets & (added | late) and not _has_fractions(axis):
            found.append((axis.name.text, _from_slot(axis.alone, number)))
    return found


def _has_fractions(axis: ResolvedAxis) -> bool:
    if axis.alone is None or not axis.is_listed:
        return False
    return any(isinstance(axis.alone(position), float) for position in range(axis.count))


def _from_slot(value_at: Callable[[int], Json], number: int) -> Fetch:
    return lambda slots, _repeat, _scope: value_at(slots[number])


@dataclass(slots=True)
class JsonFragmentCache:
    """The canonical JSON of values, the last few thousand held."""

    _held: dict[str, bytes] = field(default_factory=dict)
    _size: int = 0
    """The characters of what is held and not short."""

    def of(self, value: Json) -> bytes:
        """Return the canonical JSON of a value.

        Raises:
            ValueError: It has none.
        """
        if isinstance(value, str):
            return self._of_text(value)
        if type(value) is int and -(2**53) < value < 2**53:
            return b"%d" % value
        return canonical(value)

    def _of_text(self, text: str) -> bytes:
        fragment = self._held.get(text)
        if fragment is None:
            if len(text) > SHORT:
                self._size += len(text)
            if len(self._held) >= HELD_FRAGMENTS or self._size > HELD_CHARACTERS:
                self._held.clear()
                self._size = len(text)
            # the escapes of RFC 8785 are those of the standard encoder; a lone surrogate fails to encode
            fragment = self._held[text] = json.dumps(text, ensure_ascii=False).encode()
        return fragment
