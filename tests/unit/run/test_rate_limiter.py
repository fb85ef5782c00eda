"""One limiter for all calls: what one call's answer means for the others, and laws that hold whatever the API says."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.answers import Answer, DownloadFailed, NoAnswer, RateHint, TaskAnswer, Throttled
from qwave_batch.model.progress import ThrottleScope, WaitKind
from qwave_batch.model.task import Task, TaskState
from qwave_batch.model.terms import DEFAULT_CONCURRENCY
from qwave_batch.run.limits.adaptive_concurrency import CALM_S, STEP_S
from qwave_batch.run.limits.admission import (
    ApiCall,
    BalanceCall,
    CancelCall,
    DownloadCall,
    PollCall,
    Reaction,
    SubmitCall,
)
from qwave_batch.run.limits.known_limits import POLLS_COUNT_S, KnownLimits, LimitLesson
from qwave_batch.run.limits.rate_limiter import RateLimiter
from qwave_batch.run.limits.sliding_window import PERIOD_S, SlidingWindow
from qwave_batch.run.limits.throttle_episode import JITTER, LONE_REFUSALS, SAID, UNSAID, ModelThrottle

WELL = TaskAnswer(task=Task(task_id="t", state=TaskState.QUEUED))
SILENCE = NoAnswer(reason="HTTP 503", sent=True, status=503)
NOW = 1_000.0
FULL = DEFAULT_CONCURRENCY
A, B, C = SubmitCall("a"), SubmitCall("b"), SubmitCall("c")
POLL = PollCall("a")


def limiter(*, counts_polls: bool = False, per_minute: int | None = None, max_wait_s: float = 900.0) -> RateLimiter:
    known = KnownLimits(window=SlidingWindow(per_minute), counts_polls=counts_polls)
    made = RateLimiter(rng=random.Random(0), max_wait_s=max_wait_s, known=known)
    for model in "abc":
        known.add(ModelThrottle(model))
    return made


def refuse(limits: RateLimiter, call: ApiCall, wait_s: float | None, *, sent_at: float, now: float) -> Reaction:
    return limits.record(call, Throttled(code="rate_limited", wait_s=wait_s), sent_at=sent_at, now=now)


def opens_at(limits: RateLimiter, call: ApiCall, now: float = 0.0) -> float:
    return limits.admit(call, now).at


def send(limits: RateLimiter, call: SubmitCall, now: float) -> None:
    limits.reserve(call.model).spend(now)


# --- whose a 429 is


def test_one_throttled_model_leaves_the_others_alone_and_two_mean_the_account() -> None:
    limits = limiter()
    assert refuse(limits, A, 10.0, sent_at=0.0, now=0.0) == Reaction(retry_at=10.0)
    assert (opens_at(limits, A), opens_at(limits, B)) == (10.0, 0.0)
    assert refuse(limits, B, 6.0, sent_at=0.5, now=1.0) == Reaction(retry_at=10.0)
    assert opens_at(limits, C) == 10.0
    assert opens_at(limits, POLL) == 0.0


def test_a_model_that_another_gets_through_beside_is_throttled_for_itself() -> None:
    limits = limiter()
    refuse(limits, A, 10.0, sent_at=0.0, now=0.0)
    limits.record(C, WELL, sent_at=0.2, now=0.3)
    assert refuse(limits, B, 6.0, sent_at=0.5, now=1.0) == Reaction(retry_at=7.0)
    assert opens_at(limits, C, 1.0) == 1.0


def test_a_hold_is_never_shortened() -> None:
    limits = limiter()
    refuse(limits, POLL, 20.0, sent_at=0.0, now=0.0)
    refuse(limits, POLL, 5.0, sent_at=0.0, now=0.0)
    refuse(limits, A, 30.0, sent_at=0.0, now=0.0)
    refuse(limits, A, 2.0, sent_at=0.0, now=0.0)
    assert (opens_at(limits, BalanceCall()), opens_at(limits, A), opens_at(limits, B)) == (20.0, 30.0, 20.0)


def test_a_used_up_quota_window_holds_all_models_and_is_named() -> None:
    limits = limiter()
    answer = Throttled(code="quota_window_exceeded", message="enough for today", wait_s=60.0, window="day")
    assert limits.record(A, answer, sent_at=0.0, now=1.0) == Reaction(retry_at=61.0)
    admission = limits.admit(B, 1.0)
    assert (admission.at, admission.kind, admission.model) == (61.0, WaitKind.QUOTA, None)
    assert limits.state(1.0, 1.0).quota_window == "day"
    assert limits.state(61.0, 61.0).quota_window == ""


def test_what_holds_a_call_longest_is_what_is_told() -> None:
    limits = limiter(per_minute=1)
    send(limits, A, 0.0)
    assert limits.admit(B, 1.0).kind is WaitKind.SPEC_LIMIT
    refuse(limits, B, 300.0, sent_at=1.0, now=1.0)
    admission = limits.admit(B, 1.0)
    assert (admission.at, admission.kind, admission.model) == (301.0, WaitKind.RATE_LIMIT, "b")


@pytest.mark.parametrize(("models", "is_paused"), [("a", False), ("aa", False), ("ab", True)])
def test_the_trouble_of_two_models_pauses_the_growth_of_the_account(models: str, *, is_paused: bool) -> None:
    limits = limiter()
    for model in models:
        limits.record(SubmitCall(model), SILENCE, sent_at=NOW - 1.0, now=NOW)
    limits.known.concurrency.went_well(NOW)
    limits.known.concurrency.grow(FULL, NOW)
    assert limits.known.concurrency.grow(FULL, NOW + STEP_S) is not is_paused
    assert limits.known.concurrency.grow(FULL, NOW + CALM_S) is is_paused


def test_an_episode_cuts_once_and_sends_one_by_one_until_a_success() -> None:
    limits = limiter()
    model = limits.known.of("a")
    limits.record(A, WELL, sent_at=0.0, now=0.1)
    assert model.width == math.inf
    for _ in range(9):
        refuse(limits, A, 1.0, sent_at=1.0, now=1.1)
    assert (model.width, model.concurrency.cuts) == (1, 1)
    limits.record(A, WELL, sent_at=1.0, now=1.2)
    assert model.width == 1, "that one left before the episode was opened"
    limits.record(A, WELL, sent_at=3.0, now=3.1)
    assert model.width == 2
    assert not model.episode.is_open


# --- polls


def test_polls_that_count_use_up_the_window() -> None:
    limits = limiter(counts_polls=True, per_minute=3)
    for _ in range(3):
        assert opens_at(limits, POLL, NOW) == NOW
        limits.count_poll(NOW)
    assert opens_at(limits, POLL, NOW) >= NOW + 60.0
    assert opens_at(limits, A, NOW) >= NOW + 60.0


def test_polls_that_count_use_up_the_window_that_headers_tell_of() -> None:
    limits = limiter(counts_polls=True)
    limits.record(A, replace(WELL, rate=RateHint(limit=9, remaining=3, reset_s=40.0)), sent_at=NOW, now=NOW)
    for _ in range(3):
        assert opens_at(limits, POLL, NOW) == NOW
        limits.count_poll(NOW)
    assert opens_at(limits, POLL, NOW) == NOW + 40.0
    admission = limits.admit(A, NOW)
    assert (admission.at, admission.kind, admission.model) == (NOW + 40.0, WaitKind.API_WINDOW, None)


def test_polls_that_count_use_up_a_window_that_was_inferred() -> None:
    limits = limiter(counts_polls=True)
    limits.known.inferred.limit = 3
    for _ in range(3 + 1):  # one more is tried now and then
        assert opens_at(limits, POLL, NOW) == NOW
        limits.count_poll(NOW)
    assert opens_at(limits, POLL, NOW) >= NOW + 60.0
    assert opens_at(limits, A, NOW) >= NOW + 60.0


def test_a_window_that_counts_down_is_inferred_for_its_model_and_given_back_when_it_is_the_accounts() -> None:
    limits, at = limiter(), 0.0
    for at in (0.0, 1.0, 2.0):
        send(limits, A, at)
        limits.record(A, WELL, sent_at=at, now=at)
    for at in (3.0, 9.0):
        send(limits, A, at)
        refuse(limits, A, 60.0 - at, sent_at=at, now=at)
    assert limits.known.of("a").inferred.limit == 3
    admission = limits.admit(A, 59.0)
    assert admission.at > 60.0
    assert limits.admit(B, 59.0).at == 59.0


def test_polls_that_do_not_count_use_up_nothing() -> None:
    limits = limiter(per_minute=3)
    limits.known.inferred.limit = 3
    for _ in range(9):
        limits.count_poll(NOW)
    assert opens_at(limits, POLL, NOW) <= NOW
    assert opens_at(limits, A, NOW) == NOW


def test_a_429_on_a_poll_makes_them_count_for_a_while_and_never_against_the_specs_own_limit() -> None:
    """The 429 itself holds submits for about half a second, though it states no wait; later only a count could."""
    limits = limiter(per_minute=3)
    refuse(limits, POLL, 0.0, sent_at=NOW, now=NOW)
    assert NOW + SAID.first_s <= opens_at(limits, A, NOW) <= NOW + SAID.first_s * (1.0 + JITTER)
    assert limits.known.polls_count
    for _ in range(9):
        limits.count_poll(NOW)
    assert opens_at(limits, A, NOW + 1.0) == NOW + 1.0
    limits.record(POLL, WELL, sent_at=NOW + POLLS_COUNT_S, now=NOW + POLLS_COUNT_S)
    assert limits.known.polls_count
    limits.record(POLL, WELL, sent_at=NOW + POLLS_COUNT_S, now=NOW + POLLS_COUNT_S + 1.0)
    assert not limits.known.polls_count


def test_a_429_on_the_question_for_the_balance_holds_everything_and_makes_no_polls_count() -> None:
    limits = limiter()
    refuse(limits, BalanceCall(), 7.0, sent_at=0.0, now=0.0)
    assert (opens_at(limits, A), opens_at(limits, POLL), limits.known.polls_count) == (7.0, 7.0, False)


# --- cancels and downloads


def flow(limits: RateLimiter) -> bool:
    return limits.cancels_flow


def test_cancels_are_sent_one_by_one_until_a_lone_one_is_answered_and_again_after_a_429() -> None:
    limits = limiter(max_wait_s=60.0)
    assert not flow(limits)
    limits.record(CancelCall(is_alone=True), WELL, sent_at=0.0, now=0.1)
    assert flow(limits)
    assert refuse(limits, CancelCall(), None, sent_at=1.0, now=1.0) == Reaction(retry_at=1.0 + UNSAID.first_s)
    limits.record(CancelCall(), WELL, sent_at=1.0, now=1.1)
    assert not flow(limits), "that one was not alone"
    assert opens_at(limits, CancelCall(), 1.1) == 1.0 + UNSAID.first_s


def test_a_pause_too_long_or_lone_cancels_refused_too_often_are_the_end_of_patience() -> None:
    limits = limiter(max_wait_s=60.0)
    assert refuse(limits, CancelCall(is_alone=True), 61.0, sent_at=0.0, now=0.0).too_long is not None
    limits = limiter(max_wait_s=60.0)
    waits = [refuse(limits, CancelCall(is_alone=True), 1.0, sent_at=at, now=at).too_long for at in range(LONE_REFUSALS)]
    assert [wait is None for wait in waits] == [True] * (LONE_REFUSALS - 1) + [False]


def test_a_host_that_asks_to_be_left_alone_holds_its_own_downloads_only() -> None:
    limits, cdn = limiter(max_wait_s=60.0), DownloadCall("cdn")
    busy = DownloadFailed(reason="HTTP 429", retryable=True, status=429, retry_after_s=9.0)
    assert limits.record(cdn, busy, sent_at=0.0, now=1.0) == Reaction(retry_at=10.0)
    assert [opens_at(limits, call) for call in (cdn, DownloadCall("other"), A, POLL)] == [10.0, 0.0, 0.0, 0.0]
    limits.record(cdn, replace(busy, retry_after_s=2.0), sent_at=0.0, now=1.0)
    assert opens_at(limits, cdn) == 10.0
    assert limits.record(cdn, replace(busy, retry_after_s=99.0), sent_at=1.0, now=1.0).too_long is not None
    assert limits.record(cdn, replace(busy, retry_after_s=None), sent_at=1.0, now=1.0).retry_at == 1.0 + UNSAID.first_s
    assert limits.record(cdn, DownloadFailed(reason="cut", retryable=True), sent_at=1.0, now=1.0) == Reaction()


# --- waits that are too long


def test_429s_that_follow_each_other_are_one_wait_and_holds_that_are_too_long_are_not_kept() -> None:
    limits = limiter(max_wait_s=60.0)
    assert refuse(limits, A, 40.0, sent_at=0.0, now=0.0).too_long is None
    wait = refuse(limits, A, 40.0, sent_at=40.0, now=40.0).too_long
    assert wait is not None
    assert (wait.kind, wait.model, wait.wait_s, wait.so_far_s) == (WaitKind.RATE_LIMIT, "a", 40.0, 40.0)
    assert opens_at(limits, A, 41.0) == 41.0


def test_a_model_that_takes_no_job_for_too_long_is_told_of() -> None:
    limits = limiter(max_wait_s=60.0)
    assert limits.record(A, SILENCE, sent_at=0.0, now=0.0).too_long is None
    wait = limits.record(A, replace(SILENCE, retry_after_s=30.0), sent_at=31.0, now=31.0).too_long
    assert wait is not None
    assert (wait.kind, wait.model, wait.wait_s, wait.so_far_s) == (WaitKind.RETRY, "a", 30.0, 31.0)


def test_a_window_that_headers_close_for_too_long_is_the_accounts_until_models_differ() -> None:
    limits = limiter(max_wait_s=60.0)
    told = replace(WELL, rate=RateHint(limit=9, remaining=0, reset_s=80.0))
    limits.record(A, told, sent_at=0.0, now=0.0)
    wait = limits.closed_window("b", 0.0)
    assert wait is not None
    assert (wait.kind, wait.model, wait.wait_s) == (WaitKind.API_WINDOW, None, 80.0)
    limits.record(B, replace(WELL, rate=RateHint(limit=5, remaining=4, reset_s=80.0)), sent_at=0.0, now=0.0)
    assert limits.closed_window("b", 0.0) is None
    wait = limits.closed_window("a", 0.0)
    assert wait is not None
    assert wait.model == "a"


# --- how it stands


@pytest.mark.parametrize("call", [A, POLL, BalanceCall()], ids=repr)
def test_the_first_wait_that_makes_no_sense_is_kept_as_it_was_written(call: ApiCall) -> None:
    limits = limiter()
    for unread in ("", "soon", "later"):
        limits.record(call, Throttled(unread=unread), sent_at=0.0, now=0.0)
    assert limits.held.unread_wait == "soon"


def test_its_state_names_every_hold_and_its_end_on_the_clock() -> None:
    limits = limiter()
    limits.record(A, Throttled(message="slow down", wait_s=10.0), sent_at=0.0, now=0.0)
    limits.record(A, Throttled(message="slow down", wait_s=10.0), sent_at=0.0, now=0.0)
    busy = DownloadFailed(reason="HTTP 429", retryable=True, status=429, retry_after_s=9.0)
    limits.record(DownloadCall("cdn"), busy, sent_at=0.0, now=0.0)
    state = limits.state(2.0, 1_000_002.0)
    assert [(each.scope, each.name, each.until, each.refusals) for each in state.throttles] == [
        (ThrottleScope.MODEL, "a", 1_000_010.0, 2),
        (ThrottleScope.HOST, "cdn", 1_000_009.0, 0),
    ]
    assert state.said == '"slow down"'
    assert limits.state(10.0, 1_000_010.0).throttles == ()


def test_what_429s_taught_of_the_account_is_not_told_of_the_models_that_they_hit() -> None:
    limits = limiter()
    limits.known.of("a").narrow(NOW)
    (lesson,) = limits.known.lessons()
    assert str(lesson).startswith("the API asked for less of a 1 time:")
    limits.known.concurrency.cut(NOW)
    assert limits.known.lessons() == [LimitLesson(None, None, 1, limits.known.concurrency.limit)]
    limits.known.inferred.limit = 40
    (lesson,) = limits.known.lessons()
    assert str(lesson).startswith("the API took about 40 requests a minute of the account")


# --- laws

ANSWERS = st.one_of(
    st.just(WELL),
    st.just(SILENCE),
    st.builds(Throttled, wait_s=st.none() | st.floats(0.0, 40.0)),
    st.builds(Throttled, wait_s=st.none() | st.floats(0.0, 40.0), code=st.just("quota_window_exceeded")),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([A, B, C, POLL, DownloadCall("cdn"), BalanceCall()]),
        ANSWERS,
        st.floats(0.0, 30.0),
        st.floats(0.0, 5.0),
    ),
    max_size=80,
)
"""Calls, their answers, how long after the one before they leave, and how long they take."""


@given(steps=STEPS, limit=st.integers(1, 6), counts_polls=st.booleans())
def test_in_any_minute_at_most_as_many_leave_as_the_spec_says(
    steps: list[tuple[ApiCall, Answer, float, float]], limit: int, *, counts_polls: bool
) -> None:
    limits, now, counted = limiter(per_minute=limit, counts_polls=counts_polls, max_wait_s=math.inf), 0.0, []
    for call, answer, gap_s, took_s in steps:
        now = max(now + gap_s, opens_at(limits, call, now + gap_s))
        assert now < math.inf
        if isinstance(call, SubmitCall):
            send(limits, call, now)
        elif isinstance(call, PollCall):
            limits.count_poll(now)
        if isinstance(call, SubmitCall) or (counts_polls and isinstance(call, PollCall)):
            counted.append(now)
        if not isinstance(call, DownloadCall):
            limits.record(call, answer, sent_at=now, now=now + took_s)
        now += took_s
    for earlier, later in zip(counted, counted[limit:], strict=False):
        assert later - earlier >= PERIOD_S


@given(steps=STEPS)
def test_no_call_leaves_before_the_retry_after_of_its_own_kind_is_over(
    steps: list[tuple[ApiCall, Answer, float, float]],
) -> None:
    """Of its model, or of all polls; and a quota window or a poll's 429 holds every submit."""
    limits, now = limiter(max_wait_s=math.inf), 0.0
    not_before: dict[str, float] = {}
    for call, answer, gap_s, took_s in steps:
        if isinstance(call, DownloadCall):
            continue
        now = max(now + gap_s, opens_at(limits, call, now + gap_s))
        kinds = {"submit", f"submit {call.model}"} if isinstance(call, SubmitCall) else {"poll"}
        assert all(now >= not_before.get(kind, 0.0) for kind in kinds)
        limits.record(call, answer, sent_at=now, now=now + took_s)
        now += took_s
        if isinstance(answer, Throttled):
            is_of_all = not isinstance(call, SubmitCall) or answer.is_quota_window
            held = {"submit"} if is_of_all else {f"submit {call.model}"} if isinstance(call, SubmitCall) else set()
            held |= set() if isinstance(call, SubmitCall) else {"poll"}
            asked_s = UNSAID.first_s if answer.wait_s is None else answer.wait_s
            not_before |= {kind: max(not_before.get(kind, 0.0), now + asked_s) for kind in held}


@given(steps=STEPS)
def test_every_wait_is_bounded_and_a_success_ends_the_growth(
    steps: list[tuple[ApiCall, Answer, float, float]],
) -> None:
    """Nothing waits longer than the longest hold, and the first one after a success is as short as any first one."""
    limits, now = limiter(max_wait_s=math.inf), 0.0
    for call, answer, gap_s, took_s in steps:
        now += gap_s
        if not isinstance(call, DownloadCall):
            limits.record(call, answer, sent_at=now, now=now + took_s)
        now += took_s
        assert opens_at(limits, A, now) - now <= UNSAID.longest_s * (1 + JITTER)
    later = max(now, opens_at(limits, A, now)) + 1.0
    limits.record(A, WELL, sent_at=later, now=later)
    assert not limits.known.of("a").episode.is_open
    refuse(limits, A, None, sent_at=later + 1.0, now=later + 1.0)
    assert limits.known.of("a").episode.until - (later + 1.0) <= UNSAID.first_s * (1 + JITTER)


@given(steps=STEPS)
def test_its_state_holds_exactly_what_admit_holds(steps: list[tuple[ApiCall, Answer, float, float]]) -> None:
    limits, now = limiter(max_wait_s=math.inf), 0.0
    for call, answer, gap_s, took_s in steps:
        now += gap_s + took_s
        if not isinstance(call, DownloadCall):
            limits.record(call, answer, sent_at=now - took_s, now=now)
        held = {(each.scope, each.name): each.until for each in limits.state(now, now).throttles}
        of_a = max(held.get((ThrottleScope.ACCOUNT, ""), now), held.get((ThrottleScope.MODEL, "a"), now))
        assert math.isclose(max(of_a, limits.known.of("a").outage.until), max(opens_at(limits, A, now), now))
        assert math.isclose(held.get((ThrottleScope.POLLS, ""), now), max(limits.admit(BalanceCall(), now).at, now))


def test_without_a_model_at_work_no_number_of_tasks_is_allowed() -> None:
    """A run with nothing to submit says nothing of how many tasks may be alive, and not that none may."""
    known = KnownLimits(window=SlidingWindow(None), counts_polls=False)
    assert known.allowed is None
    known.add(ModelThrottle("m"))
    assert known.allowed == DEFAULT_CONCURRENCY
