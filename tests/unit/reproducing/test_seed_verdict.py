"""The verdict on a model's seeds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.reproducing.likeness import Likeness
from qwave_batch.reproducing.seed_verdict import (
    FEWEST_JOBS,
    MOST_CHANCE,
    NO_PAIRS,
    ControlFigures,
    Doubt,
    SeedVerdict,
    verdict_on,
)

COUNTS = st.dictionaries(st.sampled_from(Likeness), st.integers(0, 30))


@pytest.mark.parametrize(
    ("jobs", "verdict"),
    [
        ({Likeness.BYTES: 3}, SeedVerdict.BYTES),
        ({Likeness.BYTES: 2, Likeness.PIXELS: 1}, SeedVerdict.PIXELS),
        ({Likeness.BYTES: 2, Likeness.PIXELS: 1, Likeness.NEAR: 1}, SeedVerdict.NEAR),
        ({Likeness.BYTES: 30, Likeness.OTHER: 1}, SeedVerdict.NO),
        ({Likeness.OTHER: 1}, SeedVerdict.NO),
        ({Likeness.BYTES: FEWEST_JOBS - 1}, SeedVerdict.TOO_FEW),
        ({}, SeedVerdict.TOO_FEW),
    ],
)
def test_the_verdict_is_what_holds_for_every_job(jobs: dict[Likeness, int], verdict: SeedVerdict) -> None:
    assert verdict_on(jobs, NO_PAIRS)[0] is verdict


@given(COUNTS, st.integers(0, 20), st.integers(0, 20))
def test_one_more_unlike_job_never_makes_a_verdict_better(jobs: dict[Likeness, int], near: int, far: int) -> None:
    control = ControlFigures(pairs=near + far, near=near)
    worse = {**jobs, Likeness.OTHER: jobs.get(Likeness.OTHER, 0) + 1}
    assert verdict_on(worse, control)[0] is SeedVerdict.NO


def test_near_says_nothing_where_other_seeds_are_near_too() -> None:
    jobs = {Likeness.NEAR: 5}
    assert verdict_on(jobs, ControlFigures(pairs=5, near=0)) == (SeedVerdict.NEAR, None)
    assert verdict_on(jobs, ControlFigures(pairs=5, near=4)) == (SeedVerdict.TOO_FEW, Doubt.SEEDS_ALIKE)


def test_near_without_a_control_is_said_to_be_without_one() -> None:
    assert verdict_on({Likeness.NEAR: 5}, NO_PAIRS) == (SeedVerdict.NEAR, Doubt.NO_CONTROL)


@given(st.integers(FEWEST_JOBS, 60), st.integers(1, 50))
def test_near_is_said_only_where_accident_is_unlikely(jobs: int, pairs: int) -> None:
    control = ControlFigures(pairs=pairs, near=pairs // 2)
    verdict, _ = verdict_on({Likeness.NEAR: jobs}, control)
    assert (verdict is SeedVerdict.NEAR) is (((pairs // 2 + 1) / (pairs + 2)) ** jobs <= MOST_CHANCE)


def test_a_seed_that_changes_nothing_is_told() -> None:
    jobs = {Likeness.BYTES: 5}
    assert verdict_on(jobs, ControlFigures(pairs=4, near=4, same=4)) == (SeedVerdict.BYTES, Doubt.SEEDS_SAME)
    assert verdict_on(jobs, ControlFigures(pairs=4, near=4, same=3)) == (SeedVerdict.BYTES, None)
