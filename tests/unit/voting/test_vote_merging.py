"""A merge is one of sets: the order of files, and how often they come, make no difference."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.voting.vote_lines import Vote, voting_line_from_json
from qwave_batch.voting.vote_merging import merge
from tests.voted_folders import a_vote


@st.composite
def votes(draw: st.DrawFn) -> list[Vote]:
    """Draw votes of few raters on few pairs, so that the same one comes again."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        left, right = draw(st.permutations("abc"))[:2]
        line = voting_line_from_json(
            a_vote(
                left,
                right,
                draw(st.sampled_from(("left", "right", "tie"))),
                rater=draw(st.sampled_from(("Ann", "Bob"))),
                at=f"2026-11-28T22:00:0{draw(st.integers(0, 3))}Z",
            )
        )
        assert isinstance(line, Vote)
        found.append(line)
    return found


@given(st.lists(votes(), max_size=3))
def test_the_order_of_files_makes_no_difference(files: list[list[Vote]]) -> None:
    together = merge((), chain.from_iterable(files)).lines
    one_by_one: tuple[Vote, ...] = ()
    for file in reversed(files):
        one_by_one = merge(one_by_one, file).lines
    assert one_by_one == together


@given(votes(), votes())
def test_the_same_file_twice_changes_nothing(kept: list[Vote], new: list[Vote]) -> None:
    once = merge(kept, new)
    again = merge(once.lines, new)
    assert again.lines == once.lines
    assert not again.is_changed


@given(votes(), votes())
def test_each_vote_stands_once_and_is_the_latest(kept: list[Vote], new: list[Vote]) -> None:
    merged = merge(kept, new)
    keys = [vote.key for vote in merged.lines]
    assert len(keys) == len(set(keys))
    assert set(keys) == {vote.key for vote in (*kept, *new)}
    for vote in (*kept, *new):
        (winner,) = (each for each in merged.lines if each.key == vote.key)
        assert winner.moment >= vote.moment
    assert merged.added == len(set(keys) - {vote.key for vote in kept})
