"""The progress of a run: counts, the current wait, and the time left. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from qwave_batch.model.progress import WORTH_A_WORD_S, Progress, ThrottleState, Waiting, WaitKind
from qwave_batch.run.limits.admission import Admission
from qwave_batch.run.schedule.model_queues import JobsLeft
from qwave_batch.run.state.completion_history import CompletionHistory, time_left
from qwave_batch.run.state.connectivity import UnansweredCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusGap:
    """The API answers, but does not report the status of any task."""

    why: str
    lasted_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHold:
    """Nothing is submitted until an image can be fetched."""

    why: str
    left_s: float
    """Until the run gives up."""
    jobs: int
    """Jobs that are paid for and wait for their images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMoment:
    """The facts for a report at one moment of a run."""

    now: float
    """Monotonic seconds."""
    unix_now: float
    """The same moment in Unix seconds."""
    counted: Progress
    left: JobsLeft
    history: CompletionHistory
    throttle: ThrottleState
    max_offline_s: float
    allowed: int | None = None
    """The limit of tasks alive at once, if it is adapted during the run."""
    unanswered: UnansweredCalls | None = None
    status_gap: StatusGap | None = None
    image_hold: ImageHold | None = None
    submit_wait: Admission | None = None
    """The wait for the next submit."""


def report_progress(moment: RunMoment) -> Progress:
    """Return the progress of a run at one moment."""
    return replace(
        moment.counted,
        waiting=_waiting(moment),
        throttle=moment.throttle,
        remaining_s=_remaining_s(moment),
        allowed=moment.allowed,
    )


def _remaining_s(moment: RunMoment) -> float | None:
    wait, left = moment.submit_wait, moment.left
    is_held = wait is not None and wait.kind is not WaitKind.RETRY  # a retry may be in vain, too
    return time_left(
        left.jobs,
        moment.history,
        alive=left.alive,
        opens_at=wait.at if wait is not None and is_held else moment.now,
        last_submit_at=left.last_submit_at,
        now=moment.now,
    )


def _waiting(moment: RunMoment) -> Waiting | None:
    """Return the current wait if it is worth reporting: an API that does not answer comes first."""
    unix_now, gap, hold = moment.unix_now, moment.status_gap, moment.image_hold
    if (waiting := _for_answer(moment)) is not None:
        return waiting
    if gap is not None:
        return Waiting(
            kind=WaitKind.NO_STATUS,
            model=None,
            until=None,
            seen_at=unix_now,
            why=gap.why,
            since=unix_now - gap.lasted_s,
        )
    if hold is not None:
        return Waiting(
            kind=WaitKind.IMAGES,
            model=None,
            until=unix_now + hold.left_s,
            seen_at=unix_now,
            why=hold.why,
            jobs=hold.jobs,
        )
    return _for_submit(moment)


def _for_answer(moment: RunMoment) -> Waiting | None:
    """Return the wait for an API that does not answer; None while it may be harmless."""
    calls = moment.unanswered
    silent_s = 0.0 if calls is None else moment.now - calls.since
    if calls is None or silent_s <= WORTH_A_WORD_S:
        return None
    return Waiting(
        kind=WaitKind.UNREACHABLE,
        model=_only_model(calls.models),
        until=moment.unix_now + max(0.0, moment.max_offline_s - silent_s),
        seen_at=moment.unix_now,
        why=calls.why,
    )


def _for_submit(moment: RunMoment) -> Waiting | None:
    """Return a wait for the next submit; None if it is not worth reporting."""
    wait, throttle = moment.submit_wait, moment.throttle
    if wait is None or wait.at - moment.now <= WORTH_A_WORD_S:
        return None
    return Waiting(
        kind=wait.kind,
        model=wait.model,
        until=moment.unix_now + wait.at - moment.now,
        seen_at=moment.unix_now,
        window=throttle.quota_window if wait.kind is WaitKind.QUOTA else "",
        said=throttle.said if wait.kind in {WaitKind.QUOTA, WaitKind.RATE_LIMIT} else "",
    )


def _only_model(models: Collection[str]) -> str | None:
    """Return the single model of unanswered calls; None if the API as a whole is concerned."""
    return (next(iter(models)) or None) if len(models) == 1 else None
