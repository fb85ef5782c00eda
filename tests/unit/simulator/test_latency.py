"""Latencies as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import UsageError
from qwave_batch.simulator.latency import Constant, Lognormal, Normal, Uniform, parse_latency


@pytest.mark.parametrize(
    ("text", "latency"),
    [
        ("2", Constant(2)),
        ("0.5", Constant(0.5)),
        (" .5 ", Constant(0.5)),
        ("1..4", Uniform(1, 4)),
        ("1.5..4", Uniform(1.5, 4)),
        ("normal(2,0.3)", Normal(2, 0.3)),
        ("lognormal( 2, 0.35 )", Lognormal(2, 0.35)),
    ],
)
def test_a_latency_is_read_as_written(text: str, latency: object) -> None:
    assert parse_latency(text) == latency


@pytest.mark.parametrize("text", ["", "-1", "4..1", "nan", "inf", "1e9", "normal(2)", "gamma(1,2)", "2s", "1...4"])
def test_what_is_no_latency_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(UsageError, match=r"lognormal\(median,sigma\)"):
        parse_latency(text)


@given(st.sampled_from(["2", "1..4", "normal(0.1,5)", "lognormal(2,0.35)"]), st.floats(0, 1, exclude_max=True))
def test_no_task_ends_before_it_begins(text: str, share: float) -> None:
    assert 0 <= parse_latency(text).draw(share) < float("inf")


def test_a_lognormal_is_named_by_its_median() -> None:
    assert parse_latency("lognormal(2,0.35)").draw(0.5) == pytest.approx(2)
