"""Unannounced windows of the API, as inferred from its 429s."""

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.run.limits.sliding_window import InferredWindow
from tests.unit.run.sliding_server import SlidingServer, send


def test_nothing_is_held_back_before_anything_is_known() -> None:
    window = InferredWindow()
    for _ in range(100):
        send(window, 1.0)
    assert window.opens_at(1.0) == 1.0


def test_a_minute_is_recognised_by_waits_that_count_down() -> None:
    window = InferredWindow()
    for second in range(6):
        send(window, float(second))
    send(window, 6.0)
    assert not window.was_throttled(6.0, 6.0, wait_s=54.0), "an API that always says 54 would have said the same"
    send(window, 9.0)
    assert window.was_throttled(9.0, 9.0, wait_s=51.0)
    assert window.limit == 6
    assert window.opens_at(9.5) >= 60.0


@given(asked_s=st.integers(1, 60), gaps=st.lists(st.floats(0.1, 30.0), min_size=2, max_size=60))
def test_a_wait_that_is_always_the_same_is_no_window(asked_s: int, gaps: list[float]) -> None:
    """However often it ends by chance when our oldest send is a minute old."""
    window, now = InferredWindow(), 0.0
    for place, gap in enumerate(gaps):
        now += gap
        send(window, now)
        if place % 2:
            window.was_throttled(now, now, wait_s=float(asked_s))
    assert window.limit is None


def test_another_kind_of_429_teaches_nothing() -> None:
    window = InferredWindow()
    for second in range(6):
        send(window, float(second))
    assert not window.was_throttled(5.0, 6.0, wait_s=1.0)
    assert not window.was_throttled(5.0, 6.0, wait_s=None)
    assert window.limit is None


@given(limit=st.integers(1, 40), pause=st.floats(0.05, 1.0))
def test_a_limit_that_nobody_named_is_met_about_once_a_minute(limit: int, pause: float) -> None:
    """And what it allows is used."""
    server, window, now, held, throttled = SlidingServer(limit), InferredWindow(), 0.0, 0.0, 0
    while now < 600.0:
        if now >= max(held, window.opens_at(now)):
            send(window, now)
            if wait_s := server.wait_s(now):
                throttled += 1
                window.was_throttled(now, now, wait_s)
                held = now + wait_s
        now += pause
    possible = min(limit, 60.0 / pause)
    assert throttled <= 12
    assert len(server.taken) >= 0.85 * possible - 2
