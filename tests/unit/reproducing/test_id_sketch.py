"""Sketches of sets of job ids."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.model.job_identity import sample_hash
from qwave_batch.reproducing.id_sketch import ALWAYS_READ, IdDifference, IdSketch

IDS = st.sets(st.integers(0, 2**64 - 1), max_size=40)


def numbers(kind: str, count: int) -> set[int]:
    """Return ids as hashes give them."""
    return {int.from_bytes(sample_hash(kind, number)[:8], "big") for number in range(count)}


@settings(max_examples=30)
@given(IDS, IDS, IDS)
def test_the_ids_that_two_sets_do_not_share_are_read_again(shared: set[int], before: set[int], after: set[int]) -> None:
    earlier, later = shared | before, shared | after
    found = IdSketch.of(earlier).difference(IdSketch.of(later))
    assert found.is_whole
    assert found.added == later - earlier
    assert found.removed == earlier - later


@pytest.mark.parametrize("round_number", range(5))
def test_a_few_hundred_of_many_are_read(round_number: int) -> None:
    shared = numbers(f"shared {round_number}", 5_000)
    added = numbers(f"added {round_number}", ALWAYS_READ // 2)
    removed = numbers(f"removed {round_number}", ALWAYS_READ // 2)
    found = IdSketch.of(shared | removed).difference(IdSketch.of(shared | added))
    assert found == IdDifference(frozenset(added), frozenset(removed), is_whole=True)


def test_too_many_are_said_to_be_too_many_and_none_of_those_told_is_wrong() -> None:
    before, after = numbers("before", 3_000), numbers("after", 3_000)
    found = IdSketch.of(before).difference(IdSketch.of(after))
    assert not found.is_whole
    assert found.added <= after
    assert found.removed <= before


@settings(max_examples=10)
@given(IDS)
def test_its_lines_are_read_as_they_were_written(ids: set[int]) -> None:
    sketch = IdSketch.of(ids)
    assert IdSketch.from_lines(sketch.lines()) == sketch


@pytest.mark.parametrize("lines", [[], ["1 x y"] * 600, IdSketch().lines()[1:], [3, *IdSketch().lines()[1:]]])
def test_other_lines_are_refused(lines: list[object]) -> None:
    with pytest.raises(ValueError, match="600 cells"):
        IdSketch.from_lines(lines)
