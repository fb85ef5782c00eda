"""A statistic of a score in a folder."""

import pytest

from qwave_batch.gating.gate_rules import Bounds, Extreme, Mean, Percentile, Share, Statistic
from qwave_batch.gating.score_estimates import estimate_score
from tests.unit.gating.cells import WORDS, cell

CELLS = [cell("p", 0.0, 0.0, 0.0, model="x"), cell("p", 1.0, model="y"), cell("q", 0.6, model="x")]


@pytest.mark.parametrize(
    ("statistic", "value"),
    [  # p has 0 of one model and 1 of the other, q has 0.6
        (Mean(), 0.55),
        (Share(Bounds(least=0.5)), 0.75),
        (Percentile(50), 0.0),
        (Percentile(61), 0.6),
        (Extreme("minimum"), 0.0),
        (Extreme("maximum"), 1.0),
    ],
)
def test_means_count_prompts_and_cells_and_percentiles_count_images(statistic: Statistic, value: float) -> None:
    assert estimate_score(CELLS, WORDS.name, statistic).value == pytest.approx(value)


def test_an_extreme_has_no_interval_and_a_mean_that_of_its_prompts() -> None:
    assert estimate_score(CELLS, WORDS.name, Extreme("minimum")).interval is None
    interval = estimate_score(CELLS, WORDS.name, Mean()).interval
    assert interval is not None
    assert (interval.low, interval.high) == (0.5, 0.6)


def test_a_number_that_is_beside_a_bound_by_rounding_is_within_it() -> None:
    assert Bounds(most=0.3).hold(0.1 + 0.2)
    assert Bounds(least=0.1 + 0.2).hold(0.3)
    assert not Bounds(most=0.3).hold(0.3001)
    assert not Bounds(least=0.3).exclude(0.1, 0.3)
    assert Bounds(least=0.3).exclude(0.1, 0.2999)
