"""Turns changes of attempts into events. Pure."""

from typing import Literal, assert_never

from qwave_batch.ledger.attempt import Attempt, AttemptChange
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import status_of
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.run_events import Event, ImagesStored, JobSetBack, SubmitBegun, TaskAccepted, TaskEnded


def event_of(change: AttemptChange, time: float) -> Event | None:  # noqa: PLR0911 - one a state
    """Return the event of a change, or None for a change that is not published."""
    attempt = change.attempt
    if change.before is attempt.state and not change.files:  # an error was noted
        return _set_back(attempt, time) if attempt.error is not None else None
    match attempt.state:
        case AttemptState.SUBMITTING:
            return SubmitBegun(time=time, job_id=attempt.job_id, attempt=attempt.number)
        case AttemptState.ACCEPTED:
            return TaskAccepted(time=time, job_id=attempt.job_id, attempt=attempt.number, task_id=attempt.task_id or "")
        case AttemptState.COMPLETED:
            return _ended(attempt, time, "completed")
        case AttemptState.FAILED:
            return _ended(attempt, time, "failed")
        case AttemptState.CANCELLED:
            return _ended(attempt, time, "cancelled")
        case AttemptState.STORED:
            return ImagesStored(
                time=time,
                job_id=attempt.job_id,
                attempt=attempt.number,
                images=tuple(file.image for file in change.files),
                reused_from=attempt.origin,
            )
        case (
            AttemptState.NOT_SUBMITTED
            | AttemptState.REFUSED
            | AttemptState.UNKNOWN
            | AttemptState.NOT_FOUND
            | AttemptState.UNRECOVERABLE
        ):
            return _set_back(attempt, time)
        case _:
            assert_never(attempt.state)


def _ended(attempt: Attempt, time: float, status: Literal["completed", "failed", "cancelled"]) -> TaskEnded:
    seconds = None
    if attempt.submitted_at is not None and attempt.ended_at is not None:
        seconds = round(max(0.0, attempt.ended_at - attempt.submitted_at), 3)
    return TaskEnded(
        time=time,
        job_id=attempt.job_id,
        attempt=attempt.number,
        task_id=attempt.task_id,
        status=status,
        cost_usd=usd_from_nusd(attempt.cost_nusd),
        seconds=seconds,
        error=attempt.error,
    )


def _set_back(attempt: Attempt, time: float) -> JobSetBack:
    return JobSetBack(
        time=time, job_id=attempt.job_id, attempt=attempt.number, status=status_of(attempt), error=attempt.error
    )
