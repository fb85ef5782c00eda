"""How many more votes settle a pair: few where one is clearly better, some hundred where both are nearly even."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.estimating.intervals import wilson
from qwave_batch.voting.more_votes import PairOutcome, PairOutlook, needed_votes, votes_outlook
from qwave_batch.voting.win_rates import WinRate


def a_rate(wins: int, losses: int, *, prompts: int = 0, repetition: float = 1.0) -> WinRate:
    """Return a win rate with a bootstrap that is so many times as wide as Wilson's interval, in votes."""
    votes = wins + losses
    rate, interval = wins / votes, wilson(wins / votes, votes)
    wider = interval.width * repetition**0.5 / 2
    return WinRate(
        value="a", against="b", wins=wins, losses=losses, ties=0, prompts=prompts or votes, rate=rate,
        low=interval.low, high=interval.high, boot_low=rate - wider, boot_high=rate + wider,
    )  # fmt: skip


def outlook(rate: WinRate) -> PairOutlook:
    (pair,) = votes_outlook([rate]).pairs
    return pair


def test_a_clear_winner_needs_no_more_votes() -> None:
    found = votes_outlook([a_rate(18, 4)])
    assert found.is_settled
    assert found.as_json() == {
        "settled": True,
        "votes": 0,
        "pairs": [{"value": "a", "against": "b", "outcome": "better", "votes": 0, "prompts": 0}],
    }


def test_two_that_are_even_within_ten_points_are_settled_too() -> None:
    assert outlook(a_rate(202, 198)).outcome is PairOutcome.EQUAL


def test_below_ten_prompts_nothing_is_settled() -> None:
    found = outlook(a_rate(27, 0, prompts=9))
    assert (found.outcome, found.votes, found.prompts) == (PairOutcome.OPEN, 1, 1)


@given(st.integers(10, 60), st.integers(10, 60))
def test_with_the_missing_votes_at_the_same_rate_the_pair_is_settled(wins: int, losses: int) -> None:
    """Up to the rounding of votes, which moves the rate: with some votes more there is a whole number that fits."""
    wins, losses = max(wins, losses), min(wins, losses)  # the better one stands first
    found = outlook(a_rate(wins, losses))
    if found.outcome is PairOutcome.OPEN:
        enough = (wins + losses + found.votes + more for more in range(wins + losses + 1))
        grown = ((round(votes * wins / (wins + losses)), votes) for votes in enough)
        assert any(outlook(a_rate(won, votes - won)).outcome is not PairOutcome.OPEN for won, votes in grown)


@given(st.floats(0, 1))
def test_no_pair_needs_more_than_four_hundred_independent_votes(rate: float) -> None:
    assert 3 < needed_votes(rate) <= 385


def test_the_number_for_a_difference_of_ten_points_is_the_well_known_one() -> None:
    assert needed_votes(0.6) == pytest.approx(96.04, abs=0.01)
    assert needed_votes(0.5) == pytest.approx(96.04, abs=0.01)
    assert needed_votes(0.55) == pytest.approx(384.15, abs=0.01)


def test_votes_that_repeat_each_other_count_for_less() -> None:
    plain, repeated = outlook(a_rate(18, 12)), outlook(a_rate(18, 12, repetition=3.0))
    assert plain.votes == pytest.approx(67, abs=1)
    assert repeated.votes == pytest.approx(3 * 97 - 30, abs=2)


def test_more_prompts_take_as_many_votes_each_as_now() -> None:
    found = outlook(a_rate(18, 12, prompts=10))
    assert (found.votes, found.prompts) == (67, 23)
