"""The spec's own limit on requests: never more than so many in a minute, and hardly a moment lost."""

import math

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.run.limits.sliding_window import SlidingWindow


def test_a_window_without_a_limit_is_always_open() -> None:
    assert SlidingWindow(None).opens_at(3.0) == 3.0


def test_room_that_is_put_aside_is_not_given_twice() -> None:
    window = SlidingWindow(1)
    window.reserve()
    assert window.opens_at(0.0) == math.inf
    window.give_back()
    assert window.opens_at(0.0) == 0.0


@given(limit=st.integers(1, 5), gaps=st.lists(st.floats(0, 40), max_size=60))
def test_a_window_opens_no_sooner_and_hardly_later_than_it_may(limit: int, gaps: list[float]) -> None:
    window, now, sent = SlidingWindow(limit), 0.0, []
    for gap in gaps:
        now = max(now + gap, window.opens_at(now + gap))
        window.reserve()
        window.spend(now)
        sent.append(now)
    for earlier, later in zip(sent, sent[limit:], strict=False):
        assert later - earlier >= 60.0


def test_a_window_keeps_room_for_others_when_asked_to() -> None:
    window = SlidingWindow(3)
    window.reserve()
    window.spend(0.0)
    assert window.opens_at(1.0, spare=1) == 1.0
    assert window.opens_at(1.0, spare=99) > 60.0, "but never all of it"
