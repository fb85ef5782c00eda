"""Numbers side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.shown_numbers import shown_numbers


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([0.5, 0.25], ("0.5000", "0.2500")),
        ([12.5, -3], ("12.50", "-3.00")),
        ([0.006375, 0.0001], ("0.006375", "0.000100")),
        ([1234567.0], ("1,234,567",)),
        ([0.0, -0.0], ("0", "0")),
        ([0.79999, 0.8], ("0.79999", "0.80000")),
        ([-0.00001, 0.8], ("0.0000", "0.8000")),
        ([0.1 + 0.2, 0.3], ("0.3000", "0.3000")),
        ([], ()),
    ],
)
def test_all_have_the_decimals_that_the_largest_needs(numbers: list[float], shown: tuple[str, ...]) -> None:
    assert shown_numbers(numbers) == shown


@given(st.lists(st.floats(-1e6, 1e6).map(lambda number: round(number, 4)), min_size=2, max_size=5))
def test_numbers_that_differ_are_shown_apart(numbers: list[float]) -> None:
    assert len(set(shown_numbers(numbers))) == len(set(numbers))
