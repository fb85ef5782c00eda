"""Finds all hashes of 64 bits within a Hamming distance of another one: exact, and quick for 100,000 of them.

It is multi-index hashing (Norouzi, Punjani and Fleet, 2012). The bits are dealt to a few blocks; if two hashes differ
in at most N bits, then in some block they differ in few enough, by the pigeonhole principle, that the block's table is
asked for all values so near. Bits that are the same in nearly all hashes tell nothing apart, so the blocks share the
others evenly: that keeps the entries of the tables short where hashes are skewed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

BITS = 64
_BYTE = 8
MOST_SAMPLED = 4096
"""Hashes by which bits are judged."""


@dataclass(frozen=True, slots=True)
class _Block:
    shift: int
    keep: int
    """A mask of its width."""
    masks: tuple[int, ...]
    """The bits that a value near another one may differ in."""


class HammingIndex:
    """Hashes, by number in the order in which they were added."""

    def __init__(self, distance: int, *, expected: int, sample: Sequence[int]) -> None:
        """Choose the blocks.

        Args:
            distance: How many bits two hashes may differ in that belong together.
            expected: About how many hashes will be added; it decides about time only.
            sample: Some of them, or all, by which bits are judged; it decides about time only.
        """
        self._distance = distance
        sample = sample[:: len(sample) // MOST_SAMPLED + 1]
        uses = [_use(sum(value >> bit & 1 for value in sample), len(sample)) for bit in range(BITS)]
        self._blocks = tuple(_blocks(distance, expected, sum(uses) / BITS))
        self._probes = sum(len(block.masks) for block in self._blocks)
        self._places = _places(uses, [block.keep.bit_length() for block in self._blocks])
        self._hashes: list[int] = []
        """With their bits in their places."""
        self._tables: list[dict[int, int | list[int]]] = [{} for _ in self._blocks]

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, value: int) -> int:
        """Take in a hash and return its number."""
        placed, number = self._placed(value), len(self._hashes)
        self._hashes.append(placed)
        for block, table in zip(self._blocks, self._tables, strict=True):
            key = placed >> block.shift & block.keep
            there = table.get(key)
            if there is None:
                table[key] = number
            elif isinstance(there, int):
                table[key] = [there, number]
            else:
                there.append(number)
        return number

    def near(self, value: int) -> set[int]:
        """Return the numbers of all hashes that differ from ``value`` in at most ``distance`` bits."""
        placed, hashes, distance = self._placed(value), self._hashes, self._distance
        if len(hashes) <= self._probes:
            return {number for number, other in enumerate(hashes) if (other ^ placed).bit_count() <= distance}
        found: set[int] = set()
        for block, table in zip(self._blocks, self._tables, strict=True):
            key = placed >> block.shift & block.keep
            for mask in block.masks:
                there = table.get(key ^ mask)
                if there is None:
                    continue
                if isinstance(there, int):
                    if (hashes[there] ^ placed).bit_count() <= distance:
                        found.add(there)
                else:
                    found.update(number for number in there if (hashes[number] ^ placed).bit_count() <= distance)
        return found

    def _placed(self, value: int) -> int:
        placed = 0
        for table in self._places:
            placed |= table[value & 255]
            value >>= _BYTE
        return placed


def _use(ones: int, number: int) -> float:
    """Return how much a bit that is set in ``ones`` of so many hashes says of one of them: its entropy, at most 1."""
    share = ones / number if number else 0.5
    return -sum(part * math.log2(part) for part in (share, 1 - share) if part)


def _blocks(distance: int, expected: int, use: float) -> Iterator[_Block]:
    """Yield the blocks that take the fewest steps for each hash; ``use`` is the mean of all bits."""
    count = min(range(1, distance + 2), key=lambda count: _steps(count, distance, expected, use))
    shift = 0
    for width, radius in _shares(count, distance):
        masks = [0]
        for number in range(1, radius + 1):
            masks += [sum(1 << bit for bit in bits) for bits in combinations(range(width), number)]
        yield _Block(shift, (1 << width) - 1, tuple(masks))
        shift += width


def _shares(count: int, distance: int) -> Iterator[tuple[int, int]]:
    """Yield the width of each block, and in how many bits two hashes may differ there: together too few for all."""
    for number in range(count):
        width = BITS // count + (number < BITS % count)
        yield width, (distance + 1) // count - (number >= (distance + 1) % count)


def _steps(count: int, distance: int, expected: int, use: float) -> float:
    """Return about how many entries are asked for, and hashes compared, for one hash."""
    return sum(
        _values_near(width, radius) + _values_near(round(width * use), radius) * expected / 2 ** (width * use)
        for width, radius in _shares(count, distance)
    )


def _values_near(width: int, radius: int) -> int:
    return sum(math.comb(width, number) for number in range(radius + 1))


def _places(uses: Sequence[float], widths: Sequence[int]) -> list[list[int]]:
    """Return tables that put the bits of a hash, byte by byte, where the blocks want them."""
    by_use = sorted(range(BITS), key=lambda bit: -uses[bit])
    free = [list(range(sum(widths[:number]), sum(widths[: number + 1]))) for number in range(len(widths))]
    places = [0] * BITS
    while by_use:
        for block in free:
            if block and by_use:
                places[by_use.pop(0)] = block.pop()
    return [
        [sum(1 << places[byte * _BYTE + bit] for bit in range(_BYTE) if value >> bit & 1) for value in range(256)]
        for byte in range(BITS // _BYTE)
    ]
