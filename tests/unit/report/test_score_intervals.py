"""Intervals of mean scores: over prompts, the same each time, and alike where the bootstrap gives way."""

import random
from collections.abc import Callable, Sequence
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.report.score_intervals import MOST_DRAWN, mean_interval


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 4)), min_size=2, max_size=12))
def test_the_mean_is_in_its_interval_and_the_interval_within_the_prompts(prompts: list[tuple[float, int]]) -> None:
    sums, counts = [score * count for score, count in prompts], [count for _, count in prompts]
    found = mean_interval(sums, counts)
    assert found is not None
    assert found.low - 1e-9 <= sum(sums) / sum(counts) <= found.high + 1e-9
    assert min(score for score, _ in prompts) - 1e-9 <= found.low
    assert found.high <= max(score for score, _ in prompts) + 1e-9


@pytest.mark.parametrize("images", [lambda _: 2, lambda number: 1 + number % 3], ids=["alike", "different"])
def test_many_prompts_have_the_interval_that_drawing_them_comes_to(images: Callable[[int], int]) -> None:
    rng = random.Random(4)
    scores, counts = [rng.random() for _ in range(MOST_DRAWN)], [images(number) for number in range(MOST_DRAWN)]
    sums = [score * count for score, count in zip(scores, counts, strict=True)]
    drawn, stated = mean_interval(sums, counts), mean_interval([*sums, 0.5 * counts[0]], [*counts, counts[0]])
    assert drawn is not None
    assert stated is not None
    assert stated.low == pytest.approx(drawn.low, abs=0.1 * drawn.width)
    assert stated.high == pytest.approx(drawn.high, abs=0.1 * drawn.width)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, prompts = random.Random(2), 20
    covered = 0
    for _ in range(200):
        # two images of a prompt are alike, so that 40 images are 20 answers
        sums = [2 * rng.betavariate(2, 2) for _ in range(prompts)]
        found = mean_interval(sums, [2] * prompts)
        assert found is not None
        covered += found.low <= 0.5 <= found.high
    assert 180 <= covered <= 198


@pytest.mark.parametrize("sums", [[1.0], [1e308, 1e308, 1e308], [1e200, *[0.0] * MOST_DRAWN]])
def test_one_prompt_or_numbers_too_large_to_add_have_no_interval(sums: Sequence[float]) -> None:
    assert mean_interval(sums, [1] * len(sums)) is None


def test_prompts_that_agree_have_an_interval_of_no_width() -> None:
    found = mean_interval([0.25] * 9, [1] * 9)
    assert found is not None
    assert (found.low, found.high) == (fmean([0.25]), 0.25)
