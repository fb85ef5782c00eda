"""The cells of two sides in pairs: of the same prompt, equal in every axis that both sides share. Pure.

An axis of which the sides have no value in common, such as the model of two folders of one model each, sets the sides
apart and is not matched. All else that finds no partner is left out, and counted.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.gating.scored_cells import ScoredCell, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPair:
    """The cells of both sides that belong together."""

    prompt_id: str
    values: Values
    """The values of the axes that are matched."""
    tags: frozenset[str]
    """The tags that both sides have."""
    a: tuple[ScoredCell, ...] = field(repr=False)
    """More than one where an axis sets the sides apart in which this side has several values."""
    b: tuple[ScoredCell, ...] = field(repr=False)

    def value(self, axis: str) -> str | None:
        """Return the value of a matched axis."""
        return next((value for name, value in self.values if name == axis), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaired:
    """The cells that found no partner."""

    prompts_a: tuple[str, ...] = ()
    """Ids of prompts that only the first side has."""
    prompts_b: tuple[str, ...] = ()
    other_text: tuple[str, ...] = ()
    """Ids of prompts whose text is not the same on both sides."""
    values_a: Mapping[Values, int] = field(default_factory=dict)
    """Of prompts that both sides have: values that only the first side has, with their number of prompts."""
    values_b: Mapping[Values, int] = field(default_factory=dict)
    cells: int = 0
    """All of them: prompts times values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Two sides, as far as they can be compared."""

    pairs: tuple[CellPair, ...] = field(repr=False)
    """In the order of their prompts and values."""
    matched: tuple[str, ...]
    """The axes in which the cells of a pair are equal."""
    apart: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    """The axes that set the sides apart, with the values of both."""
    unpaired: Unpaired


_Key = tuple[str, Values]


def pair_cells(a: Sequence[ScoredCell], b: Sequence[ScoredCell], *, axis: str | None = None) -> Pairing:
    """Return two sides in pairs.

    Args:
        a: The cells of the first side.
        b: The cells of the second side.
        axis: The axis whose values are compared; it may change the text of the prompts.
    """
    values_a, values_b = _values_by_axis(a), _values_by_axis(b)
    axes = sorted({*values_a, *values_b})
    matched = tuple(each for each in axes if each != axis and values_a.get(each, set()) & values_b.get(each, set()))
    cells_a, cells_b = _by_key(a, matched), _by_key(b, matched)
    other_text = set[str]()
    pairs = []
    for key in sorted(cells_a.keys() & cells_b.keys()):
        if axis is None and _texts(cells_a[key]) != _texts(cells_b[key]):
            other_text.add(key[0])
            continue
        tags = _tags(cells_a[key]) & _tags(cells_b[key])
        pairs.append(CellPair(prompt_id=key[0], values=key[1], tags=tags, a=tuple(cells_a[key]), b=tuple(cells_b[key])))
    none: set[str] = set()
    return Pairing(
        pairs=tuple(pairs),
        matched=matched,
        apart={
            each: (tuple(sorted(values_a.get(each, none))), tuple(sorted(values_b.get(each, none))))
            for each in axes
            if each not in matched
        },
        unpaired=_unpaired(
            cells_a.keys(), cells_b.keys(), other_text, len(cells_a.keys() | cells_b.keys()) - len(pairs)
        ),
    )


def _values_by_axis(cells: Iterable[ScoredCell]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for values in {cell.values for cell in cells}:
        for axis, value in values:
            found.setdefault(axis, set()).add(value)
    return found


def _by_key(cells: Iterable[ScoredCell], matched: Collection[str]) -> Mapping[_Key, list[ScoredCell]]:
    found: dict[_Key, list[ScoredCell]] = {}
    for cell in cells:
        kept = tuple(each for each in cell.values if each[0] in matched)
        found.setdefault((cell.prompt_id, kept), []).append(cell)
    return found


def _texts(cells: Iterable[ScoredCell]) -> frozenset[str]:
    return frozenset[str]().union(*(cell.texts for cell in cells))


def _tags(cells: Iterable[ScoredCell]) -> frozenset[str]:
    return frozenset[str]().union(*(cell.tags for cell in cells))


def _unpaired(a: Collection[_Key], b: Collection[_Key], other_text: Collection[str], cells: int) -> Unpaired:
    prompts_a, prompts_b = {prompt for prompt, _ in a}, {prompt for prompt, _ in b}
    shared = prompts_a & prompts_b
    return Unpaired(
        prompts_a=tuple(sorted(prompts_a - prompts_b)),
        prompts_b=tuple(sorted(prompts_b - prompts_a)),
        other_text=tuple(sorted(other_text)),
        values_a=_counted(a, b, shared),
        values_b=_counted(b, a, shared),
        cells=cells,
    )


def _counted(of: Iterable[_Key], others: Collection[_Key], shared: Collection[str]) -> Mapping[Values, int]:
    return dict(sorted(Counter(values for prompt, values in _without(of, others) if prompt in shared).items()))


def _without(of: Iterable[_Key], others: Collection[_Key]) -> Iterator[_Key]:
    yield from (key for key in of if key not in others)
