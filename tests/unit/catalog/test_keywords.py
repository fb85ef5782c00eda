"""The extension keywords by themselves: the reference and the fast check give the same verdict."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.catalog.keywords import ANNOTATIONS, FITTING
from qwave_batch.catalog.request_validator import request_validator
from qwave_batch.fitting.schema_reading import fitting

AREA: dict[str, Any] = {"x-product": {"of": ["width", "height"], "maximum": 2_359_296}}


def takes(schema: dict[str, Any], request: Any) -> bool:
    """Ask both evaluators, which must agree."""
    fast = fitting(schema, FITTING, ANNOTATIONS)
    assert fast is not None
    verdict = request_validator(schema).is_valid(request)
    assert fast(request) == verdict
    return verdict


@pytest.mark.parametrize("size", [(1536, 1536), (768, 3072), (1536.0, 1536), (1, 2_359_296), (-5, 10**9)])
def test_a_product_up_to_the_maximum_is_taken(size: tuple[float, float]) -> None:
    assert takes(AREA, {"width": size[0], "height": size[1]})


@pytest.mark.parametrize("size", [(1536, 1537), (1537, 1536), (1536.5, 1536), (10**400, 768), (1e300, 1e300)])
def test_a_product_above_the_maximum_is_refused(size: tuple[float, float]) -> None:
    assert not takes(AREA, {"width": size[0], "height": size[1]})


@pytest.mark.parametrize(
    "request_",
    [{}, {"width": 10**9}, {"width": 10**9, "height": "2"}, {"width": True, "height": 10**9}, [10**9], 5, None],
)
def test_a_product_is_of_numbers_that_are_all_there(request_: Any) -> None:
    """Other checks report a missing value, or one that is not a number."""
    assert takes(AREA, request_)


def test_a_product_says_what_is_too_large() -> None:
    (error,) = request_validator(AREA).iter_errors({"width": 2000, "height": 2000})
    assert error.message == "width x height is above the maximum 2359296"


@given(width=st.integers(0, 10**12), height=st.integers(0, 10**12))
def test_a_product_is_counted_exactly(width: int, height: int) -> None:
    assert takes(
        {"x-product": {"of": ["width", "height"], "maximum": width * height}}, {"width": width, "height": height}
    )
    tight = {"x-product": {"of": ["width", "height"], "maximum": width * height - 1}}
    assert not takes(tight, {"width": width, "height": height})
