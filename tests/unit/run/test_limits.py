"""The pure parts that hold a run back: windows, backoff, money, waits and the API's clock."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.run.budget import MoneyBudget
from qwave_batch.run.connectivity import ApiTime, is_key_kept
from qwave_batch.run.limits.sliding_window import SlidingWindow
from qwave_batch.run.limits.throttle_episode import LONGEST_S, backoff_s

HOUR = 3600.0


def test_a_window_without_a_limit_is_always_open() -> None:
    assert SlidingWindow(None).opens_at(3.0) == 3.0


def test_room_that_is_put_aside_is_not_given_twice() -> None:
    window = SlidingWindow(1)
    window.reserve()
    assert window.opens_at(0.0) == math.inf
    window.give_back()
    assert window.opens_at(0.0) == 0.0


@given(limit=st.integers(1, 5), gaps=st.lists(st.floats(0, 40), max_size=60))
def test_a_window_opens_no_sooner_and_hardly_later_than_it_may(limit: int, gaps: list[float]) -> None:
    window, now, sent = SlidingWindow(limit), 0.0, []
    for gap in gaps:
        now = max(now + gap, window.opens_at(now + gap))
        window.reserve()
        window.spend(now)
        sent.append(now)
    for earlier, later in zip(sent, sent[limit:], strict=False):
        assert later - earlier >= 60.0


def test_a_window_keeps_room_for_others_when_asked_to() -> None:
    window = SlidingWindow(3)
    window.reserve()
    window.spend(0.0)
    assert window.opens_at(1.0, spare=1) == 1.0
    assert window.opens_at(1.0, spare=99) > 60.0, "but never all of it"


@given(tries=st.integers(1, 1000), seed=st.integers())
def test_backoff_is_bounded(tries: int, seed: int) -> None:
    assert 0.0 <= backoff_s(tries, random.Random(seed)) <= LONGEST_S


def test_a_budget_counts_what_is_held() -> None:
    budget = MoneyBudget(cap_nusd=10, spent_nusd=3, held_nusd=4)
    assert (budget.left_nusd, budget.fits(3), budget.fits(4)) == (3, True, False)
    assert MoneyBudget(cap_nusd=None, spent_nusd=3, held_nusd=4).fits(10**18)


def test_the_apis_clock_goes_on_while_ours_stands_still() -> None:
    """A laptop that slept: its monotonic clock stood still, its wall clock did not."""
    time = ApiTime()
    time.observe(1_000_000.0, now=500.0, monotonic=50.0)
    assert time.latest(now=500.0 + 30 * HOUR, monotonic=51.0) == 1_000_000.0 + 30 * HOUR
    assert not time.is_sure(now=500.0 + 30 * HOUR, monotonic=51.0)
    assert time.is_sure(now=510.0, monotonic=60.0)


def test_a_wall_clock_that_was_set_back_does_not_make_keys_younger() -> None:
    time = ApiTime()
    time.observe(1_000_000.0, now=500.0, monotonic=50.0)
    assert time.latest(now=-9e9, monotonic=60.0) == 1_000_010.0


def test_a_wall_clock_that_was_set_forward_does_not_make_stamps_younger() -> None:
    time = ApiTime()
    time.observe(1_000_000.0, now=500.0, monotonic=50.0)
    assert time.earliest(now=9e9, monotonic=60.0) == 1_000_010.0
    assert time.earliest(now=501.0, monotonic=60.0) == 1_000_001.0


def test_before_any_date_our_own_clock_is_all_there_is() -> None:
    time = ApiTime()
    assert time.latest(now=77.0, monotonic=5.0) == time.earliest(now=77.0, monotonic=5.0) == 77.0
    assert not ApiTime().is_sure(now=77.0, monotonic=5.0)


@pytest.mark.parametrize(
    ("first_sent_at", "hours", "kept"),
    [
        (0.0, 24.0, True),
        (0.0, None, False),
        (None, 24.0, False),
        (-22.9 * HOUR, 24.0, True),
        (-23.0 * HOUR, 24.0, False),
        (59.0, 24.0, True),
        (0.1 * HOUR, 24.0, False),
    ],
)
def test_a_key_is_trusted_an_hour_less_than_promised(
    first_sent_at: float | None, hours: float | None, *, kept: bool
) -> None:
    assert is_key_kept(first_sent_at, 0.0, hours) is kept
