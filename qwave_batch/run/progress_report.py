"""How a run stands: counts, the thing that it waits for, and the time that is left. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from qwave_batch.model.progress import WORTH_A_WORD_S, Progress, ThrottleState, Waiting, WaitKind
from qwave_batch.run.connectivity import UnansweredCalls
from qwave_batch.run.limits.throttle_state import Admission
from qwave_batch.run.schedule.completion_history import CompletionHistory, time_left


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsLeft:
    """The work that is left in a run, and the limits on its pace."""

    jobs: int
    alive: int
    """Tasks alive at the API."""
    last_submit_at: float
    """Monotonic seconds before which known limits do not let the last submit leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusGap:
    """The API answers, and does not tell how any task stands."""

    why: str
    lasted_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHold:
    """Nothing is bought until an image can be fetched."""

    why: str
    left_s: float
    """Until the run gives up."""
    jobs: int
    """Jobs that are paid and wait for their images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMoment:
    """The values that a report is made of, at one moment of a run."""

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
    """Tasks that may be alive at once, where that is found out as the run goes."""
    unanswered: UnansweredCalls | None = None
    status_gap: StatusGap | None = None
    image_hold: ImageHold | None = None
    submit_wait: Admission | None = None
    """The wait for the next submit."""


def report_progress(moment: RunMoment) -> Progress:
    """Return how a run stands at a moment."""
    return replace(
        moment.counted,
        waiting=_waiting(moment),
        throttle=moment.throttle,
        remaining_s=_remaining_s(moment),
        allowed=moment.allowed,
    )


def _remaining_s(moment: RunMoment) -> float | None:
    wait, left = moment.submit_wait, moment.left
    is_held = wait is not None and wait.kind is not WaitKind.RETRY  # another try may be as vain
    return time_left(
        left.jobs,
        moment.history,
        alive=left.alive,
        opens_at=wait.at if wait is not None and is_held else moment.now,
        last_submit_at=left.last_submit_at,
        now=moment.now,
    )


def _waiting(moment: RunMoment) -> Waiting | None:
    """Return what the run waits for, when it is worth a word: an API that does not answer comes first."""
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
    """Return the wait for an API that does not answer; None while that may be nothing."""
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
    """Return a wait for the next submit; None when it is not worth a word."""
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
    """Return the single model of those that do not answer; None when it is the API as a whole."""
    return (next(iter(models)) or None) if len(models) == 1 else None
