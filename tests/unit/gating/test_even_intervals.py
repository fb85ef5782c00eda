"""Intervals where all prompts have the same value: other prompts may have another one."""

import random

import pytest

from qwave_batch.estimating.intervals import Interval
from qwave_batch.gating.drawn_intervals import interval_of_mean


@pytest.mark.parametrize(("prompts", "low"), [(10, 0.6915), (25, 0.8628), (200, 0.9817)])
def test_a_rate_that_no_prompt_misses_may_be_as_low_as_the_exact_bound(prompts: int, low: float) -> None:
    interval = interval_of_mean([1.0] * prompts, (0.0, 1.0))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, 1.0), abs=1e-4)


def test_a_difference_may_be_off_on_both_sides() -> None:
    interval = interval_of_mean([0.0] * 10, (-1.0, 1.0))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((-0.3085, 0.3085), abs=1e-4)


def test_without_bounds_it_has_no_width() -> None:
    assert interval_of_mean([2.0] * 10) == Interval(2.0, 2.0)
    one_sided = interval_of_mean([0.0] * 10, (0.0, None))
    assert one_sided == Interval(0.0, 0.0)


@pytest.mark.parametrize(("truth", "prompts"), [(0.9, 10), (0.97, 10), (0.97, 25)])
def test_a_rate_near_one_is_held_in_most_cases(truth: float, prompts: int) -> None:
    chance = random.Random(5)
    held = 0
    for _ in range(200):
        interval = interval_of_mean([float(chance.random() < truth) for _ in range(prompts)], (0.0, 1.0))
        assert interval is not None
        held += interval.low <= truth <= interval.high
    assert held >= 180
