"""The sliding window."""

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.simulator.simulated_limits import WINDOW_S, CountedLimit, RateLimits


@given(st.lists(st.floats(0, 40), max_size=60), st.integers(0, 7))
def test_no_window_of_a_minute_ever_holds_more_than_the_limit(gaps: list[float], limit: int) -> None:
    gate, now, admitted = CountedLimit(RateLimits(requests_per_minute=limit)), 0.0, []
    for gap in gaps:
        now += gap
        if not gate.enter_submit("m", now):
            admitted.append(now)
    for start in admitted:
        assert sum(start <= at < start + WINDOW_S for at in admitted) <= limit


@given(st.lists(st.floats(0, 40), min_size=1, max_size=60), st.integers(1, 7))
def test_who_waits_as_long_as_he_is_told_is_let_in(gaps: list[float], limit: int) -> None:
    gate, now = CountedLimit(RateLimits(requests_per_minute=limit)), 0.0
    for gap in gaps:
        now += gap
        if wait_s := gate.enter_submit("m", now):
            now += wait_s + 1e-6
            assert gate.enter_submit("m", now) == 0


def test_a_model_has_a_limit_of_its_own() -> None:
    gate = CountedLimit(RateLimits(requests_per_minute=10, models={"slow": 1}))
    assert [gate.enter_submit(model, 0) for model in ("slow", "slow", "fast")] == [0, 60, 0]


def test_a_refused_submit_uses_up_no_room() -> None:
    gate = CountedLimit(RateLimits(requests_per_minute=2, models={"slow": 1}))
    for _ in range(5):
        gate.enter_submit("slow", 0)
    assert gate.enter_submit("fast", 0) == 0


def test_polls_count_only_where_they_are_said_to() -> None:
    lenient, strict = (
        CountedLimit(RateLimits(requests_per_minute=1)),
        CountedLimit(RateLimits(requests_per_minute=1, count_polls=True)),
    )
    assert [gate.enter_poll(0) for gate in (lenient, lenient, strict, strict)] == [0, 0, 0, 60]
