"""What is learned of the API's own windows: off its 429s, and off its headers."""

import math
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.answers import RateHint
from qwave_batch.run.limits.header_window import PROBE_EVERY_S, HeaderWindow
from qwave_batch.run.limits.inferred_window import InferredWindow


def send(window: InferredWindow | HeaderWindow, now: float) -> None:
    window.reserve()
    window.spend(now)


class SlidingServer:
    """Lets so many through in any minute and says in whole seconds how long to wait."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken: deque[float] = deque()

    def wait_s(self, now: float) -> float:
        """Take a request and return 0, or how long to wait."""
        while self.taken and self.taken[0] + 60.0 <= now:
            self.taken.popleft()
        if len(self.taken) < self.limit:
            self.taken.append(now)
            return 0.0
        return max(1.0, math.ceil(self.taken[0] + 60.0 - now))

    def hint(self, now: float) -> RateHint:
        while self.taken and self.taken[0] + 60.0 <= now:
            self.taken.popleft()
        reset_s = math.ceil(self.taken[0] + 60.0 - now) if self.taken else 0.0
        return RateHint(limit=self.limit, remaining=self.limit - len(self.taken), reset_s=reset_s)


# --- learned off 429s


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


# --- told by headers


def test_without_headers_there_is_no_limit() -> None:
    room = HeaderWindow()
    send(room, 0.0)
    room.hear(None, sent_at=0.0, now=0.1)
    assert room.opens_at(0.2) == 0.2


def test_what_left_meanwhile_is_taken_off() -> None:
    room = HeaderWindow()
    for at in (0.0, 0.1, 0.2):
        send(room, at)
    room.hear(RateHint(limit=10, remaining=3, reset_s=50.0), sent_at=0.0, now=0.3)
    assert room.opens_at(0.3) == 0.3
    room.reserve()
    assert room.opens_at(0.3) == 50.3
    room.give_back()
    room.hear(RateHint(limit=10, remaining=9, reset_s=50.0), sent_at=0.1, now=0.4)
    assert room.opens_at(0.4) == 0.4


def test_an_older_answer_that_comes_later_changes_nothing() -> None:
    room = HeaderWindow()
    for at in (0.0, 0.1):
        send(room, at)
    room.hear(RateHint(limit=10, remaining=0, reset_s=50.0), sent_at=0.1, now=0.2)
    room.hear(RateHint(limit=10, remaining=9, reset_s=50.0), sent_at=0.0, now=0.3)
    assert room.opens_at(0.3) == 50.2


def test_after_the_window_one_request_finds_out_what_the_next_one_holds() -> None:
    room = HeaderWindow()
    send(room, 0.0)
    room.hear(RateHint(limit=10, remaining=0, reset_s=50.0), sent_at=0.0, now=0.0)
    assert room.opens_at(50.0) == 50.0
    room.reserve()
    assert room.opens_at(50.0) == math.inf
    room.spend(50.0)
    assert room.opens_at(50.1) == 50.0 + PROBE_EVERY_S
    room.hear(RateHint(limit=10, remaining=9, reset_s=60.0), sent_at=50.0, now=50.1)
    assert room.opens_at(50.1) == 50.1


def test_a_server_that_says_nothing_any_more_holds_nobody_back() -> None:
    room = HeaderWindow()
    send(room, 0.0)
    room.hear(RateHint(limit=10, remaining=0, reset_s=1.0), sent_at=0.0, now=0.0)
    send(room, 1.0)
    room.hear(None, sent_at=1.0, now=1.1)
    assert room.opens_at(1.1) == 1.1


@given(limit=st.integers(1, 30), pause=st.floats(0.05, 2.0), delay=st.floats(0.0, 0.4))
def test_headers_keep_every_429_away(limit: int, pause: float, delay: float) -> None:
    """Whatever the pace, and with answers on their way, nothing is sent that the server would refuse."""
    server, room, now = SlidingServer(limit), HeaderWindow(), 0.0
    answers: deque[tuple[float, float, RateHint]] = deque()
    is_first = True
    while now < 200.0:
        while answers and answers[0][0] <= now:
            _, sent_at, hint = answers.popleft()
            room.hear(hint, sent_at=sent_at, now=now)
        if room.opens_at(now) <= now and (is_first or room._remaining is not None):
            is_first = False
            send(room, now)
            assert server.wait_s(now) == 0.0
            answers.append((now + delay, now, server.hint(now)))
        now += pause
