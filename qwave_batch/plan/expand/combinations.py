"""The lazy product of the axes, with excluded combinations dropped and includes added."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.axes import AxisName, AxisValue, Masks, ResolvedAxis
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.template.templates import TemplateValue

HELD_POSITIONS = 65_536
HELD_COMBINATIONS = 10_000
MOST_ENTRIES = 20_000_000
"""A larger plan is a typing mistake: even counting it would take minutes and gigabytes."""
MOST_COMPARED = 4_000_000
"""The limit of comparisons between axis values and excludes or includes: this many take some seconds."""
MOST_COVERING = 500
MOST_COVERED = 200_000
"""The limit of excludes and comparisons in the search for excludes that others make redundant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRule:
    """An exclude or include entry with rendered values."""

    keys: tuple[tuple[AxisName, Json], ...]
    """The names that belong to axes, with the wanted values."""
    fields: Mapping[str, TemplateValue | None] = field(default_factory=dict)
    """Include only: the request fields it adds if no axis value sets them."""
    variables: Mapping[str, Json] = field(default_factory=dict)
    """Include only: the template variables it adds."""
    own_values: tuple[AxisValue | None, ...] = ()
    """Include only: its value for each axis, for an include that is a combination of its own."""
    origin: ValuePath = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One cell of the matrix: a value per axis, and the includes that apply to it."""

    values: tuple[AxisValue | None, ...]
    """A value per axis; None if a standalone include omits the axis."""
    includes: tuple[MatrixRule, ...]
    slots: tuple[int, ...]
    """The position in each axis, then a number for the includes: equal slots mean equal values."""

    def additions(self) -> Iterator[tuple[str, TemplateValue | None, MatrixRule]]:
        """Yield the request fields that the includes add, in their order, except those that an axis value sets."""
        taken = {name for value in self.values if value for name in (*value.fields, *value.late)}
        for entry in self.includes:
            for name, value in entry.fields.items():
                if name not in taken:
                    yield name, value, entry


class ResolvedMatrix:
    """All combinations of a spec, in their order, computed one at a time."""

    def __init__(
        self, axes: Sequence[ResolvedAxis], excludes: Sequence[MatrixRule], includes: Sequence[MatrixRule]
    ) -> None:
        self.axes = tuple(axes)
        self.excludes = tuple(excludes)
        self.includes = tuple(includes)
        self._drops = self._masks(self.excludes, silence_agrees=False)
        self._lays = self._masks(self.includes, silence_agrees=True)
        self.is_too_large = math.prod(axis.count for axis in self.axes) > MOST_ENTRIES
        """Whether there are more combinations than a plan may have entries; then they are not searched."""
        self.comparisons = self._comparisons()
        """The number of comparisons with excludes and includes; beyond MOST_COMPARED none is made."""
        looked_at = range(len(self.includes)) if self.can_compare else range(0)
        self._fit_nowhere = frozenset(number for number in looked_at if not self._fits_any(number))
        self.own = tuple(sorted(self._fit_nowhere))
        """The numbers of the includes that match no combination and so are combinations themselves."""
        self._entries = _RulesByMask(self.includes)

    @property
    def can_compare(self) -> bool:
        """Whether the values can be compared with excludes and includes in some seconds."""
        return not self.is_too_large and self.comparisons <= MOST_COMPARED

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        """Yield the slots of each combination: the product in the order written, then the standalone includes.

        Slots are the position in each axis, then a number for the includes that apply; equal slots mean equal values. A
        standalone include has a negative number in every slot, since its values are its own.
        """
        if self.axes or not self.includes:
            yield from self._product()
        for number in self.own:
            yield (-1 - number,) * (len(self.axes) + 1)

    def held(self) -> Iterable[tuple[int, ...]]:
        """Return the slots of all combinations, in memory if they are few: every prompt goes through them."""
        return tuple(self) if self.size() <= HELD_COMBINATIONS else self

    def combination(self, slots: tuple[int, ...]) -> Combination:
        """Return the combination for the given slots."""
        laid = slots[-1]
        if laid < 0:
            entry = self.includes[-1 - laid]
            return Combination(values=entry.own_values, includes=(entry,), slots=slots)
        values = tuple(axis.value(slot) for axis, slot in zip(self.axes, slots[:-1], strict=True))
        return Combination(values=values, includes=self._entries[laid], slots=slots)

    def variables(self, slots: tuple[int, ...]) -> dict[str, Json]:
        """Return the names that templates see of a combination."""
        if slots[-1] == 0 and not self.axes:
            return {}
        if slots[-1] == 0:
            return {axis.name.text: axis.variable(slot) for axis, slot in zip(self.axes, slots, strict=False)}
        combination = self.combination(slots)
        seen: dict[str, Json] = {}
        for entry in combination.includes:
            seen.update(entry.variables)
        return seen | {axis.name.text: value.variable for axis, value in self._given(combination)}

    def labels(self, slots: tuple[int, ...]) -> dict[str, Json]:
        """Return the label of each axis in a combination, for plans and manifests."""
        if not self.axes:
            return {}
        if slots[-1] >= 0:
            return {axis.name.text: axis.label(slot) for axis, slot in zip(self.axes, slots, strict=False)}
        return {axis.name.text: value.label for axis, value in self._given(self.combination(slots))}

    def _given(self, combination: Combination) -> Iterator[tuple[ResolvedAxis, AxisValue]]:
        for axis, value in zip(self.axes, combination.values, strict=True):
            if value:
                yield axis, value

    def size(self) -> int:
        """Return the number of combinations before excludes."""
        return math.prod(axis.count for axis in self.axes) + len(self.own)

    def leave_out(self, number: int) -> None:
        """Ignore include ``number``, which has a mistake."""
        self.own = tuple(own for own in self.own if own != number)

    def idle_excludes(self) -> Iterator[MatrixRule]:
        """Yield the excludes that match nothing."""
        for number, entry in enumerate(self.excludes if self.can_compare else ()):
            if not all(any(masks[position] >> number & 1 for position in masks.positions()) for masks in self._drops):
                yield entry

    def covered_excludes(self) -> Iterator[tuple[MatrixRule, MatrixRule]]:
        """Yield each exclude whose matches are all matched by a single other exclude, with that one."""
        if not self.can_compare or not 1 < len(self.excludes) <= MOST_COVERING or self.comparisons > MOST_COVERED:
            return
        every = (1 << len(self.excludes)) - 1
        covering = [every] * len(self.excludes)
        idle = {id(entry) for entry in self.idle_excludes()}
        for masks in self._drops:
            for mask in {masks[position] for position in masks.positions()}:
                for number in range(len(self.excludes)):
                    if mask >> number & 1:
                        covering[number] &= mask
        for number, entry in enumerate(self.excludes):
            others = [
                other
                for other in range(len(self.excludes))
                if other != number
                and covering[number] >> other & 1
                and (other < number or not covering[other] >> number & 1)
            ]
            if others and id(entry) not in idle:
                yield entry, self.excludes[others[0]]

    def _product(self) -> Iterator[tuple[int, ...]]:
        merged = sum(1 << number for number in range(len(self.includes)) if number not in self._fit_nowhere)
        every = _positions([*(axis.count for axis in self.axes), 1])
        if not merged and not self.excludes:
            yield from every
            return
        for slots in every:
            if self.excludes and self.axes and _together(self._drops, slots):
                continue
            yield (*slots[:-1], _together(self._lays, slots) & merged) if merged else slots

    def _comparisons(self) -> int:
        """Return the number of comparisons between axis values and excludes or includes."""
        return sum(
            axis.count * len(entries)
            for entries, masks in ((self.excludes, self._drops), (self.includes, self._lays))
            for axis, mask in zip(self.axes, masks, strict=True)
            if not mask.asks_nothing
        )

    def _fits_any(self, number: int) -> bool:
        """Whether include ``number`` matches a combination that no exclude drops.

        Values that the excludes treat alike are compared once, so the product is small however long the axes are.
        """
        if not self.axes:
            return False
        choices: list[set[int]] = []
        for lays, drops in zip(self._lays, self._drops, strict=True):
            positions = drops.positions() if lays.asks_nothing else lays.positions()
            choices.append({drops[position] for position in positions if lays[position] >> number & 1})
        return _can_meet_in_none(choices) if self.excludes else all(choices)

    def _masks(self, entries: Sequence[MatrixRule], *, silence_agrees: bool) -> list[Masks]:
        def asked(number: int) -> list[list[tuple[AxisName, Json]]]:
            return [[key for key in entry.keys if owner(self.axes, key[0].text) == number] for entry in entries]

        return [Masks(axis, asked(number), silence_agrees=silence_agrees) for number, axis in enumerate(self.axes)]


class _RulesByMask(dict[int, tuple[MatrixRule, ...]]):
    """The includes for a mask; few different masks occur, so each is resolved once."""

    def __init__(self, includes: Sequence[MatrixRule]) -> None:
        super().__init__()
        self._includes = includes

    def __missing__(self, mask: int) -> tuple[MatrixRule, ...]:
        found = tuple(entry for number, entry in enumerate(self._includes) if mask >> number & 1)
        self[mask] = found
        return found


def _positions(counts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield all combinations of positions, the last fastest, without materialising the positions of a long axis."""
    long = next((number for number, count in enumerate(counts) if count > HELD_POSITIONS), None)
    if long is None:
        yield from itertools.product(*map(range, counts))  # builds a tuple of every range first
        return
    for head in itertools.product(*map(range, counts[:long])):
        for position in range(counts[long]):
            for tail in _positions(counts[long + 1 :]):
                yield (*head, position, *tail)


def _can_meet_in_none(choices: Sequence[set[int]]) -> bool:
    """Whether one mask of each set can be taken so that no bit is in all of them.

    It goes from set to set and keeps the distinct intersections so far. There may be very many of them: beyond the
    number that any sensible matrix has, the answer is yes, and the include may turn out to have no effect.
    """
    common = {-1}
    looked_at = 0
    for masks in choices:
        looked_at += len(common) * len(masks)
        if looked_at > MOST_COMPARED:
            return True
        common = {held & mask for held in common for mask in masks}
    return 0 in common


def _together(masks: Sequence[Masks], slots: Sequence[int]) -> int:
    return reduce(and_, (mask[slot] for mask, slot in zip(masks, slots, strict=False)))  # the last slot is not an axis


def owner(axes: Sequence[ResolvedAxis], name: str) -> int | None:
    """Return the number of the axis that a name belongs to: by the axis' own name, else by a field it sets."""
    for number, axis in enumerate(axes):
        if axis.name.text == name:
            return number
    return next((number for number, axis in enumerate(axes) if name in axis.sets), None)
