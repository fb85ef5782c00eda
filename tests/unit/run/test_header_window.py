"""Rate limit headers and the API's own windows."""

import math
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.answers import RateHint
from qwave_batch.run.limits.header_window import PROBE_EVERY_S, WIRE_S, HeaderWindow
from tests.unit.run.sliding_server import SlidingServer, send


def test_without_headers_there_is_no_limit() -> None:
    window = HeaderWindow()
    send(window, 0.0)
    window.record(None, sent_at=0.0, now=0.1)
    assert window.opens_at(0.2) == 0.2


def test_what_left_meanwhile_is_taken_off() -> None:
    window = HeaderWindow()
    for at in (0.0, 0.1, 0.2):
        send(window, at)
    window.record(RateHint(limit=10, remaining=3, reset_s=50.0), sent_at=0.0, now=0.3)
    assert window.opens_at(0.3) == 0.3
    window.reserve()
    assert window.opens_at(0.3) == 50.3
    window.give_back()
    window.record(RateHint(limit=10, remaining=9, reset_s=50.0), sent_at=0.1, now=0.4)
    assert window.opens_at(0.4) == 0.4


def test_what_left_at_the_same_moment_is_taken_off_until_it_is_answered_itself() -> None:
    window = HeaderWindow()
    for _ in range(3):
        send(window, 0.0)
    window.record(RateHint(limit=10, remaining=2, reset_s=50.0), sent_at=0.0, now=0.1)
    assert window.opens_at(0.1) == 50.1, "two are on their way, and may not be counted in the two that are left"
    window.record(RateHint(limit=10, remaining=1, reset_s=50.0), sent_at=0.0, now=0.1)
    window.record(RateHint(limit=10, remaining=1, reset_s=50.0), sent_at=0.0, now=0.1)
    assert window.opens_at(0.1) == 0.1


def test_what_left_long_before_an_answered_request_has_arrived() -> None:
    """A submit whose answer is held for a minute takes nothing off what is left meanwhile."""
    window = HeaderWindow()
    send(window, 0.0)
    send(window, WIRE_S)
    window.record(RateHint(limit=10, remaining=1, reset_s=50.0), sent_at=WIRE_S, now=WIRE_S)
    assert window.opens_at(WIRE_S) == WIRE_S


def test_an_older_answer_that_comes_later_changes_nothing() -> None:
    window = HeaderWindow()
    for at in (0.0, 0.1):
        send(window, at)
    window.record(RateHint(limit=10, remaining=0, reset_s=50.0), sent_at=0.1, now=0.2)
    window.record(RateHint(limit=10, remaining=9, reset_s=50.0), sent_at=0.0, now=0.3)
    assert window.opens_at(0.3) == 50.2


def test_after_the_window_one_request_finds_out_what_the_next_one_holds() -> None:
    window = HeaderWindow()
    send(window, 0.0)
    window.record(RateHint(limit=10, remaining=0, reset_s=50.0), sent_at=0.0, now=0.0)
    assert window.opens_at(50.0) == 50.0
    window.reserve()
    assert window.opens_at(50.0) == math.inf
    window.spend(50.0)
    assert window.opens_at(50.1) == 50.0 + PROBE_EVERY_S
    window.record(RateHint(limit=10, remaining=9, reset_s=60.0), sent_at=50.0, now=50.1)
    assert window.opens_at(50.1) == 50.1


def test_a_server_that_says_nothing_any_more_holds_nobody_back() -> None:
    window = HeaderWindow()
    send(window, 0.0)
    window.record(RateHint(limit=10, remaining=0, reset_s=1.0), sent_at=0.0, now=0.0)
    send(window, 1.0)
    window.record(None, sent_at=1.0, now=1.1)
    assert window.opens_at(1.1) == 1.1


@given(limit=st.integers(1, 30), pause=st.floats(0.05, 2.0), delay=st.floats(0.0, 0.4))
def test_headers_keep_every_429_away(limit: int, pause: float, delay: float) -> None:
    """At any rate, and with answers in flight, nothing is sent that the server would reject."""
    server, window, now = SlidingServer(limit), HeaderWindow(), 0.0
    answers: deque[tuple[float, float, RateHint]] = deque()
    is_first = True
    while now < 200.0:
        while answers and answers[0][0] <= now:
            _, sent_at, hint = answers.popleft()
            window.record(hint, sent_at=sent_at, now=now)
        if window.opens_at(now) <= now and (is_first or window._remaining is not None):
            is_first = False
            send(window, now)
            assert server.wait_s(now) == 0.0
            answers.append((now + delay, now, server.hint(now)))
        now += pause
