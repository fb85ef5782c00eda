"""The report of a run's progress, worked out from the values of one moment."""

from collections import Counter
from typing import Any

import pytest

from qwave_batch.model.progress import Progress, ThrottleState, Waiting, WaitKind
from qwave_batch.model.record import JobStatus
from qwave_batch.run.limits.admission import Admission
from qwave_batch.run.progress_report import ImageHold, RunMoment, StatusGap, report_progress
from qwave_batch.run.schedule.model_queues import JobsLeft
from qwave_batch.run.state.completion_history import CompletionHistory
from qwave_batch.run.state.connectivity import UnansweredCalls
from qwave_batch.run.state.counters import RunCounters

NOW, UNIX_NOW = 100.0, 1_795_300_000.0


def report(**values: Any) -> Progress:
    """Return the report of a moment at which nothing is known but these values."""
    counters = RunCounters(statuses=Counter({JobStatus.PENDING: 3}), images=0, short=0, damaged=0, started_at=0.0)
    moment = RunMoment(
        now=NOW,
        unix_now=UNIX_NOW,
        counted=counters.progress(NOW, in_flight=2, spent_nusd=5),
        left=JobsLeft(jobs=3, alive=2, last_submit_at=NOW),
        history=CompletionHistory(0.0),
        throttle=values.pop("throttle", ThrottleState()),
        max_offline_s=120.0,
        **values,
    )
    return report_progress(moment)


def unanswered(why: str, lasted_s: float, *models: str) -> UnansweredCalls:
    return UnansweredCalls(since=NOW - lasted_s, why=why, models=frozenset(models))


def waiting(**values: Any) -> Waiting:
    found = report(**values).waiting
    assert found is not None
    return found


def test_counts_stand_as_they_were_counted() -> None:
    told = report(allowed=7)
    assert (told.jobs, told.in_flight, told.spent_nusd, told.allowed) == (3, 2, 5, 7)
    assert told.waiting is None


@pytest.mark.parametrize("wait", [None, Admission(NOW + 0.5, WaitKind.RATE_LIMIT, "m")])
def test_a_short_wait_is_not_worth_a_word(wait: Admission | None) -> None:
    assert report(submit_wait=wait).waiting is None
    assert report(unanswered=unanswered("no answer", 0.3, "")).waiting is None


def test_a_model_that_is_silent_alone_is_named() -> None:
    alone = waiting(unanswered=unanswered("no answer in time", 2.0, "m"))
    assert str(alone).startswith("m does not answer (no answer in time)")
    several = waiting(unanswered=unanswered("no answer in time", 2.0, "m", "n"))
    assert str(several).startswith("the API can't be reached")
    all_calls = waiting(unanswered=unanswered("connection refused", 2.0, ""))
    assert str(all_calls).startswith("the API can't be reached")


def test_a_window_that_ends_another_day_is_told_with_its_date() -> None:
    wait = Admission(NOW + 172_800.0, WaitKind.QUOTA, None)
    told = waiting(submit_wait=wait, throttle=ThrottleState(quota_window="day"))
    assert str(told).startswith("the quota (day) is used up until 2026")


def test_an_api_that_does_not_answer_comes_before_all_else() -> None:
    gap = StatusGap(why="HTTP 500", lasted_s=40.0)
    hold = ImageHold(why="HTTP 404", left_s=30.0, jobs=4)
    wait = Admission(NOW + 20.0, WaitKind.RATE_LIMIT, "m")
    silent = unanswered("connection refused", 2.0, "")
    assert waiting(unanswered=silent, status_gap=gap, image_hold=hold, submit_wait=wait).kind is WaitKind.UNREACHABLE
    assert waiting(status_gap=gap, image_hold=hold, submit_wait=wait).kind is WaitKind.NO_STATUS
    assert waiting(image_hold=hold, submit_wait=wait).kind is WaitKind.IMAGES
    assert waiting(submit_wait=wait).kind is WaitKind.RATE_LIMIT


def test_what_is_waited_for_ends_at_a_moment_of_the_clock() -> None:
    assert waiting(unanswered=unanswered("no answer", 20.0, "")).until == UNIX_NOW + 100.0
    assert waiting(image_hold=ImageHold(why="", left_s=30.0, jobs=1)).until == UNIX_NOW + 30.0
    assert waiting(submit_wait=Admission(NOW + 20.0, WaitKind.SPEC_LIMIT, None)).until == UNIX_NOW + 20.0
    assert waiting(status_gap=StatusGap(why="", lasted_s=40.0)).since == UNIX_NOW - 40.0
