"""Finds pictures that look like an earlier one, by their hashes and then by their colours.

Of pictures that are alike the first stays, and later ones are held against those that stay only. So none of those that
stay is like another one that stays, every other one is like the one that is named for it, and a large group costs no
more than a small one.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final

from qwave_batch.quality.hamming_index import HammingIndex

DEFAULT_DISTANCE: Final = 4
MOST_DISTANCE: Final = 10
LEAST_LEVELS: Final = 16
LEVELS_PER_BIT: Final = 4
_MARKS = (0, 109, 191)
"""Bytes of the cells that are compared first: the red of the first, the green of one in the middle, the last blue."""
_FEW = 27
"""Colours that are looked through one by one."""


def levels_of(distance: int) -> int:
    """Return by how many of 256 levels the colour of any part of two pictures that are alike may differ."""
    return max(LEAST_LEVELS, LEVELS_PER_BIT * distance)


def are_alike(cells: bytes, others: bytes, levels: int) -> bool:
    """Whether the colours of no part differ by more than so many levels."""
    return all(-levels <= one - other <= levels for one, other in zip(cells, others, strict=True))


Colour = tuple[int, int, int]


class AlikeSearch:
    """Pictures by number, taken in in the order in which they are asked for."""

    def __init__(
        self, distance: int, *, expected: int, sample: Sequence[int], cells_of: Callable[[int], bytes]
    ) -> None:
        """Prepare an empty search.

        Args:
            distance: How many bits of the hashes of two pictures that are alike may differ.
            expected: About how many pictures there will be.
            sample: Some of their hashes, or all.
            cells_of: Returns the cells of a picture that was taken in, by its number.
        """
        self._levels = levels_of(distance)
        self._cells_of = cells_of
        self._index = HammingIndex(distance, expected=expected, sample=sample)
        self._looks = array("Q")
        """The hashes in the index, each once."""
        self._firsts = array("Q")
        """The first picture of each."""
        self._marks: list[Colour] = []
        """A few of its colours."""
        self._crowds: dict[int, _Crowd] = {}
        """Further pictures that stay with the same hash, as they have other colours."""

    def first_like(self, number: int, look: int, cells: bytes) -> int | None:
        """Return the first picture that stays and is like this one; None when there is none and so this one stays."""
        mark = _mark_of(cells)
        first: int | None = None
        same: int | None = None
        for place in self._index.near(look):
            same = place if self._looks[place] == look else same
            for other in self._candidates(place, mark):
                if (first is None or other < first) and are_alike(self._cells_of(other), cells, self._levels):
                    first = other
        if first is None:
            self._take_in(number, look, mark, same)
        return first

    def _candidates(self, place: int, mark: Colour) -> Iterator[int]:
        if _is_near(self._marks[place], mark, self._levels):
            yield self._firsts[place]
        if place in self._crowds:
            yield from self._crowds[place].near(mark)

    def _take_in(self, number: int, look: int, mark: Colour, same: int | None) -> None:
        if same is None:
            self._index.add(look)
            self._looks.append(look)
            self._firsts.append(number)
            self._marks.append(mark)
        else:
            self._crowds.setdefault(same, _Crowd(self._levels + 1)).add(number, mark)


class _Crowd:
    """Pictures with one hash, by some of their colours."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._numbers: dict[Colour, list[int]] = {}

    def add(self, number: int, mark: Colour) -> None:
        self._numbers.setdefault(self._key(mark), []).append(number)

    def near(self, mark: Colour) -> Iterator[int]:
        """Yield at least those whose colours differ by less than a step."""
        if len(self._numbers) <= _FEW:
            for numbers in self._numbers.values():
                yield from numbers
            return
        red, green, blue = self._key(mark)
        for by in product((-1, 0, 1), repeat=3):
            yield from self._numbers.get((red + by[0], green + by[1], blue + by[2]), ())

    def _key(self, mark: Colour) -> Colour:
        red, green, blue = mark
        return red // self._step, green // self._step, blue // self._step


def _mark_of(cells: bytes) -> Colour:
    red, green, blue = _MARKS
    return cells[red], cells[green], cells[blue]


def _is_near(mark: Colour, other: Colour, levels: int) -> bool:
    return all(-levels <= one - two <= levels for one, two in zip(mark, other, strict=True))
