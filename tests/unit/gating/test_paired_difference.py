"""The difference of two sides: by hand, by its laws, and how often its interval holds the truth."""

import math
import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.gating.cell_pairs import pair_cells
from qwave_batch.gating.drawn_intervals import draws_of, interval_of_mean, interval_of_percentile, percentile
from qwave_batch.gating.measures import Measure
from qwave_batch.gating.paired_difference import Comparative, PairedDifference, paired_difference
from tests.unit.gating.cells import CER, WORDS, cell, side

NEITHER = Measure(name="ocr.words", better=None)


def difference(a: Mapping[str, float], b: Mapping[str, float], measure: Measure = WORDS) -> PairedDifference:
    found = paired_difference(pair_cells(side(a, measure=measure.name), side(b, measure=measure.name)).pairs, measure)
    assert found is not None
    return found


def test_means_and_counts_are_those_computed_by_hand() -> None:
    found = difference({"p": 0.2, "q": 0.5, "r": 0.9}, {"p": 0.6, "q": 0.5, "r": 0.7})
    assert (found.a, found.b) == pytest.approx((1.6 / 3, 1.8 / 3))
    assert found.difference == pytest.approx(0.2 / 3)
    assert (found.prompts, found.wins, found.ties, found.losses) == (3, 1, 1, 1)
    assert found.superiority == 0.5


def test_a_prompt_counts_once_however_many_images_it_has() -> None:
    """Means by prompt: p has 0.5 and q has 1, so that the mean is 0.75, and not that of five images."""
    a = [cell("p", 0.0, 0.0), cell("q", 0.0)]
    b = [cell("p", 0.0, 0.5, 1.0, 0.5), cell("q", 1.0)]
    found = paired_difference(pair_cells(a, b).pairs, WORDS)
    assert found is not None
    assert (found.b, found.difference) == (0.75, 0.75)


def test_two_prompts_have_the_interval_of_their_three_draws() -> None:
    """Drawn anew, they are the lower one twice, both, or the upper one twice: a quarter of the draws has each end."""
    found = difference({"p": 0.0, "q": 0.0}, {"p": 0.25, "q": 0.75})
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (0.25, 0.75)


@pytest.mark.parametrize(
    ("b", "measure", "b_is"),
    [
        (0.6, WORDS, Comparative.BETTER),
        (0.4, WORDS, Comparative.WORSE),
        (0.6, CER, Comparative.WORSE),
        (0.4, CER, Comparative.BETTER),
        (0.6, NEITHER, Comparative.HIGHER),
        (0.4, NEITHER, Comparative.LOWER),
        (0.5, WORDS, Comparative.SAME),
    ],
)
def test_the_verdict_follows_the_direction_of_the_measure(b: float, measure: Measure, b_is: Comparative) -> None:
    prompts = [f"p{number}" for number in range(12)]
    found = difference(dict.fromkeys(prompts, 0.5), dict.fromkeys(prompts, b), measure)
    assert found.b_is is b_is
    assert found.is_even


def test_an_interval_that_holds_zero_leaves_it_open_and_so_does_one_prompt() -> None:
    assert difference({"p": 0.0, "q": 0.0}, {"p": 0.5, "q": -0.5}).b_is is Comparative.OPEN
    alone = difference({"p": 0.0}, {"p": 0.5})
    assert (alone.b_is, alone.interval) == (Comparative.OPEN, None)


def test_missing_numbers_are_counted_and_their_prompts_left_out() -> None:
    a = [cell("p", 0.5, missing=1), cell("q", missing=2), cell("r", 0.1)]
    b = [cell("p", 0.5), cell("q", 0.5), cell("r", missing=1)]
    found = paired_difference(pair_cells(a, b).pairs, WORDS)
    assert found is not None
    assert (found.prompts, found.left_out, found.missing_a, found.missing_b) == (1, 2, 3, 1)
    assert paired_difference(pair_cells([cell("p", missing=1)], [cell("p", 1)]).pairs, WORDS) is None


# --- laws ----------------------------------------------------------------------------------------

NUMBERS = st.floats(-100, 100).map(lambda number: round(number, 3))
SIDES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=12)
FEW = settings(max_examples=25)


def bounds(found: PairedDifference) -> tuple[float, float, float]:
    assert found.interval is not None
    return found.interval.low, found.difference, found.interval.high


@FEW
@given(SIDES)
def test_swapping_the_sides_negates_the_difference(numbers: Mapping[str, tuple[float, float]]) -> None:
    a, b = ({prompt: pair[number] for prompt, pair in numbers.items()} for number in (0, 1))
    there, back = difference(a, b), difference(b, a)
    low, middle, high = bounds(there)
    assert bounds(back) == pytest.approx((-high, -middle, -low), abs=1e-9)
    assert (back.wins, back.ties, back.losses) == (there.losses, there.ties, there.wins)
    assert back.superiority == pytest.approx(1 - there.superiority)


@FEW
@given(SIDES, st.integers(-50, 50))
def test_a_constant_added_to_the_second_side_shifts_the_difference(
    numbers: Mapping[str, tuple[float, float]], constant: int
) -> None:
    a, b = ({prompt: pair[number] for prompt, pair in numbers.items()} for number in (0, 1))
    shifted = difference(a, {prompt: number + constant for prompt, number in b.items()})
    assert bounds(shifted) == pytest.approx(tuple(each + constant for each in bounds(difference(a, b))), abs=1e-9)


@FEW
@given(SIDES, st.randoms(use_true_random=False))
def test_the_order_of_prompts_changes_nothing(
    numbers: Mapping[str, tuple[float, float]], chance: random.Random
) -> None:
    a, b = ({prompt: pair[number] for prompt, pair in numbers.items()} for number in (0, 1))
    order = list(numbers)
    chance.shuffle(order)
    assert difference({prompt: a[prompt] for prompt in order}, dict(reversed(b.items()))) == difference(a, b)


# --- how often the interval holds the truth ------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "prompts", "least"),
    [("even", 6, 0.92), ("even", 25, 0.92), ("long tail", 6, 0.8), ("long tail", 25, 0.88)],
)
def test_intervals_hold_the_true_mean_in_about_95_of_100(kind: str, prompts: int, least: float) -> None:
    """A long tail, as costs and error rates have it, makes the interval of few prompts too narrow."""
    rng = random.Random(prompts)
    times, held = 200, 0
    for _ in range(times):
        found = [rng.gauss(0, 1) if kind == "even" else rng.expovariate(1) - 1 for _ in range(prompts)]
        interval = interval_of_mean(found)
        assert interval is not None
        held += interval.low <= 0 <= interval.high
    assert least <= held / times <= 0.99


# --- percentiles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 10.0), (10, 10.0), (11, 20.0), (50, 50.0), (70, 70.0), (90, 90.0), (99, 100.0)]
)
def test_a_percentile_is_the_smallest_value_that_reaches_it(percent: float, expected: float) -> None:
    assert percentile([10.0 * number for number in range(10, 0, -1)], percent) == expected


def test_the_interval_of_a_percentile_draws_prompts_with_all_their_images() -> None:
    """Two prompts: a draw has one of them twice, or both; the median of both is the lower prompt's highest."""
    found = interval_of_percentile([[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]], 50)
    assert found is not None
    assert (found.low, found.high) == (2.0, 8.0)


def test_the_interval_of_a_percentile_holds_the_percentile() -> None:
    rng = random.Random(5)
    images = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(80)]
    found = interval_of_percentile(images, 10)
    assert found is not None
    assert found.low <= percentile([each for of_prompt in images for each in of_prompt], 10) <= found.high
    assert math.isclose(-1.28, (found.low + found.high) / 2, abs_tol=0.4)


def test_many_prompts_are_drawn_less_often_and_few_ten_thousand_times() -> None:
    assert [draws_of(prompts) for prompts in (2, 2_000, 4_000, 1_000_000)] == [10_000, 10_000, 5_000, 1_000]
