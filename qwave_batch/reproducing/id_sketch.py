"""A set of job ids in a few thousand bytes, from which the ids that two sets do not share can be read again.

It is an invertible Bloom lookup table (Goodrich and Mitzenmacher 2011; Eppstein et al. 2011, "What's the difference?"):
each id is added to three cells, as a count, an exclusive or of ids and one of their hashes. In the difference of two
sketches the shared ids are gone. A cell with a single id left gives it away; it is taken out of its other cells, and
so on. With ``CELLS`` cells that works nearly always up to ``ALWAYS_READ`` differing ids, however many are shared.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import sub, xor
from typing import Final

CELLS: Final = 600
ALWAYS_READ: Final = 400
_PARTS = 3
_PART_CELLS = CELLS // _PARTS
_CELL = re.compile(r"(-?[0-9]+) ([0-9a-f]{16}) ([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class IdDifference:
    """The ids that two sets do not share, as far as they can be told."""

    added: frozenset[int]
    """Ids of the later set alone."""
    removed: frozenset[int]
    """Ids of the earlier set alone."""
    is_whole: bool
    """Whether these are all."""


@dataclass(slots=True)
class IdSketch:
    """A sketch of ids of 64 bits."""

    counts: list[int] = field(default_factory=lambda: [0] * CELLS)
    ids: list[int] = field(default_factory=lambda: [0] * CELLS)
    checks: list[int] = field(default_factory=lambda: [0] * CELLS)

    @classmethod
    def of(cls, ids: Iterable[int]) -> "IdSketch":
        """Return the sketch of ids."""
        made = cls()
        for each in ids:
            made.add(each, 1)
        return made

    @classmethod
    def from_lines(cls, lines: Sequence[object]) -> "IdSketch":
        """Read what ``lines`` returned.

        Raises:
            ValueError: it is something else.
        """
        cells = [_CELL.fullmatch(line) if isinstance(line, str) else None for line in lines]
        known = [cell for cell in cells if cell is not None]
        if len(known) != CELLS or len(cells) != CELLS:
            raise ValueError(f"a sketch has {CELLS} cells such as the program writes")
        return cls(
            [int(cell[1]) for cell in known], [int(cell[2], 16) for cell in known], [int(cell[3], 16) for cell in known]
        )

    def lines(self) -> list[str]:
        """Return a line of text for each cell."""
        cells = zip(self.counts, self.ids, self.checks, strict=True)
        return [f"{count} {ids:016x} {checks:08x}" for count, ids, checks in cells]

    def difference(self, later: "IdSketch") -> IdDifference:
        """Return the ids that this set and a later one do not share."""
        rest = IdSketch(
            list(map(sub, later.counts, self.counts)),
            list(map(xor, later.ids, self.ids)),
            list(map(xor, later.checks, self.checks)),
        )
        return rest.taken_out()

    def taken_out(self) -> IdDifference:
        """Take out one id after the other, and return them; it ends since each is taken out once."""
        found: dict[int, set[int]] = {1: set(), -1: set()}
        waiting = list(range(CELLS))
        while waiting:
            cell = waiting.pop()
            sign, only = self.counts[cell], self.ids[cell]
            if sign not in found or only in found[sign] or _check(only) != self.checks[cell]:
                continue
            found[sign].add(only)
            self.add(only, -sign)
            waiting += _cells_of(only)
        is_empty = not (any(self.counts) or any(self.ids) or any(self.checks))
        return IdDifference(frozenset(found[1]), frozenset(found[-1]), is_whole=is_empty)

    def add(self, each: int, sign: int) -> None:
        """Add an id, or take it out with a sign of -1."""
        check = _check(each)
        for cell in _cells_of(each):
            self.counts[cell] += sign
            self.ids[cell] ^= each
            self.checks[cell] ^= check


def _digest(each: int) -> bytes:
    return hashlib.blake2b(each.to_bytes(8, "big"), digest_size=16).digest()


def _check(each: int) -> int:
    return int.from_bytes(_digest(each)[12:], "big")


def _cells_of(each: int) -> list[int]:
    """Return the cells of an id, one in each part of the table."""
    digest = _digest(each)
    return [
        part * _PART_CELLS + int.from_bytes(digest[part * 4 : part * 4 + 4], "big") % _PART_CELLS
        for part in range(_PARTS)
    ]
