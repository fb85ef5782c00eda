"""A spell of 429s or of silence: one episode until a success, one step a hold, and never a wait of nothing."""

import random

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.run.limits.throttle_episode import (
    JITTER,
    LONGEST_S,
    SAID,
    UNSAID,
    HoldPolicy,
    ThrottleEpisode,
    backoff_s,
)

RNG = random.Random(0)


def struck(
    episode: ThrottleEpisode,
    *,
    at: float,
    asked_s: float = 0.0,
    policy: HoldPolicy = SAID,
    sent_at: float | None = None,
) -> float:
    """Take in one more, and return how long it holds from then."""
    sent = at if sent_at is None else sent_at
    episode.record(sent, at)
    episode.hold(asked_s, policy, sent_at=sent, now=at, rng=RNG)
    return episode.until - at


def test_the_first_opens_it_and_a_success_of_what_left_later_closes_it() -> None:
    episode = ThrottleEpisode()
    assert episode.record(1.0, now=2.0)
    assert not episode.record(5.0, now=6.0)
    episode.close(sent_at=2.0)
    assert episode.answers == 2, "that one left before it was opened"
    episode.close(sent_at=2.1)
    assert episode.answers == 0
    assert not episode.record(1.5, now=9.0), "a late answer belongs to the episode that was"
    assert episode.lasts_s(9.0) == 0.0
    assert episode.record(9.5, now=10.0)


def test_it_lasts_from_the_first_to_the_end_of_the_wait_however_many_holds_lie_between() -> None:
    episode = ThrottleEpisode()
    assert episode.lasts_s(5.0, 30.0) == 30.0
    episode.record(10.0, now=10.0)
    episode.record(70.0, now=70.0)
    assert episode.lasts_s(70.0, 30.0) == 90.0


def test_answers_to_one_burst_are_one_step() -> None:
    episode = ThrottleEpisode()
    for _ in range(11):
        assert struck(episode, at=1.0, policy=UNSAID, sent_at=0.9) <= 5.0 * (1 + JITTER)
    assert 10.0 <= struck(episode, at=20.0, policy=UNSAID) <= 10.0 * (1 + JITTER)


def test_what_is_asked_for_is_kept_to_the_second_and_no_wait_at_all_is_not_believed() -> None:
    assert struck(ThrottleEpisode(), at=1.0, asked_s=7.0) == 7.0
    assert struck(ThrottleEpisode(), at=1.0, asked_s=0.0) >= SAID.first_s


def test_a_success_begins_the_waits_anew() -> None:
    episode = ThrottleEpisode()
    for step in range(6):
        struck(episode, at=100.0 * step)
    episode.close()
    assert struck(episode, at=1000.0) <= SAID.first_s * (1 + JITTER)


@given(waits=st.lists(st.tuples(st.floats(0, 40), st.floats(0, 90), st.floats(0, 20)), max_size=60))
def test_a_hold_is_never_shortened_never_shorter_than_asked_for_and_never_nothing(
    waits: list[tuple[float, float, float]],
) -> None:
    episode, now = ThrottleEpisode(), 0.0
    for later, asked_s, age in waits:
        now += later
        before, sent_at = episode.until, max(0.0, now - age)
        struck(episode, at=now, asked_s=asked_s, sent_at=sent_at)
        assert episode.until >= max(before, now + asked_s)
        assert episode.until > now or sent_at < before, "nothing, only where the hold is over already"


@given(tries=st.integers(1, 1000), seed=st.integers())
def test_backoff_is_bounded(tries: int, seed: int) -> None:
    assert 0.0 <= backoff_s(tries, random.Random(seed)) <= LONGEST_S
