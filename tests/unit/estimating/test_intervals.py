"""Intervals in closed form."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.estimating.intervals import Z, lower_percentile, student_quantile, wilson


@pytest.mark.parametrize(
    ("wins", "number", "low", "high"),
    [  # Wilson 1927, and Newcombe 1998, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_published(wins: int, number: int, low: float, high: float) -> None:
    found = wilson(wins / number, number)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_wilson_holds_the_rate_and_is_a_mirror(rate: float, number: int) -> None:
    found, mirrored = wilson(rate, number), wilson(1 - rate, number)
    assert 0 <= found.low <= rate + 1e-12
    assert rate - 1e-12 <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-12)


def test_nothing_is_known_without_votes() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).width) == (0.0, 1.0)


@pytest.mark.parametrize(("degrees", "quantile"), [(4, 2.7764), (9, 2.2622), (29, 2.0452), (99, 1.9842)])
def test_students_quantile_is_that_of_tables(degrees: int, quantile: float) -> None:
    assert student_quantile(degrees) == pytest.approx(quantile, abs=2e-3 if degrees < 9 else 1e-4)


def test_percentiles_are_wider_for_few_prompts_and_plain_for_many() -> None:
    shares = [lower_percentile(prompts) for prompts in (2, 5, 10, 40, 1_000_000)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(0.025, abs=1e-6)
    assert lower_percentile(10) == pytest.approx(0.00855, abs=1e-5)
    assert math.isclose(Z, 1.959964, abs_tol=1e-6)
