"""The search over hashes finds exactly what comparing all of them finds."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.quality.alike_search import AlikeSearch, are_alike, levels_of
from qwave_batch.quality.hamming_index import HammingIndex

HASHES = st.integers(0, 2**64 - 1)
FLAT = st.integers(0, 2**6 - 1).map(lambda few: 0xF0F0_0000_0000_0000 | few << 20)
"""Of pictures that have most bits in common: tables whose entries are long."""
FLIPS = st.lists(st.integers(0, 63), max_size=12).map(lambda bits: sum({1 << bit for bit in bits}))


@st.composite
def hashes(draw: st.DrawFn) -> list[int]:
    """Hashes of which many are near each other: of chance, of flat pictures, and some bits away from both."""
    first = draw(st.lists(HASHES | FLAT, min_size=1, max_size=20))
    near = draw(st.lists(st.tuples(st.sampled_from(first), FLIPS), max_size=60))
    return draw(st.permutations([*first, *(value ^ flips for value, flips in near)]))


def pairs_by_comparing(values: Sequence[int], distance: int) -> list[tuple[int, int]]:
    return [
        (one, other)
        for other in range(len(values))
        for one in range(other)
        if (values[one] ^ values[other]).bit_count() <= distance
    ]


@given(hashes(), st.integers(0, 10))
def test_the_pairs_are_those_that_comparing_all_finds(values: list[int], distance: int) -> None:
    index = HammingIndex(distance, expected=len(values), sample=values)
    found: list[tuple[int, int]] = []
    for place, value in enumerate(values):
        found += ((other, place) for other in sorted(index.near(value)))
        index.add(value)
    assert found == pairs_by_comparing(values, distance)


@given(hashes(), st.integers(0, 10), st.integers(0, 2**20), st.lists(HASHES, max_size=3))
def test_neither_what_is_expected_nor_the_sample_changes_what_is_found(
    values: list[int], distance: int, expected: int, sample: list[int]
) -> None:
    """Also where the tables are asked, and not all hashes compared because they are few."""
    index = HammingIndex(distance, expected=expected, sample=sample)
    index._probes = 0
    for place, value in enumerate(values):
        assert index.near(value) == {one for one in range(place) if (values[one] ^ value).bit_count() <= distance}
        index.add(value)


CELLS = st.sampled_from([bytes([level]) * 192 for level in (0, 16, 33, 50, 255)])


@given(st.lists(st.tuples(FLAT, CELLS), max_size=60), st.integers(0, 10))
def test_each_picture_is_like_the_first_one_that_stays_or_stays_itself(
    pictures: list[tuple[int, bytes]], distance: int
) -> None:
    search = AlikeSearch(
        distance,
        expected=len(pictures),
        sample=[look for look, _ in pictures],
        cells_of=lambda number: pictures[number][1],
    )
    stays: list[int] = []
    for number, (look, cells) in enumerate(pictures):
        expected = next(
            (
                other
                for other in stays
                if (pictures[other][0] ^ look).bit_count() <= distance
                and are_alike(pictures[other][1], cells, levels_of(distance))
            ),
            None,
        )
        assert search.first_like(number, look, cells) == expected
        if expected is None:
            stays.append(number)


def test_many_pictures_with_one_hash_are_told_apart_by_their_colours() -> None:
    """A crowd, in which not every colour is looked at."""
    colours = [bytes([red, green, blue]) * 64 for red in range(0, 256, 42) for green in (0, 99) for blue in (0, 50, 99)]
    pictures = [*colours, *(bytes(min(255, level + 16) for level in cells) for cells in colours)]
    search = AlikeSearch(4, expected=100, sample=[5], cells_of=lambda number: pictures[number])
    found = [search.first_like(number, 5, cells) for number, cells in enumerate(pictures)]
    assert found == [None] * len(colours) + list(range(len(colours)))
