"""From a job's attempts to its record: the half of a manifest line that a run adds."""

from collections.abc import Sequence

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus

_STATUS = {
    AttemptState.SUBMITTING: JobStatus.PENDING,
    AttemptState.ACCEPTED: JobStatus.PENDING,
    AttemptState.COMPLETED: JobStatus.PENDING,  # its images are not on disk yet
    AttemptState.STORED: JobStatus.COMPLETED,
    AttemptState.UNRECOVERABLE: JobStatus.FAILED,
    AttemptState.FAILED: JobStatus.FAILED,
    AttemptState.REFUSED: JobStatus.FAILED,
    AttemptState.CANCELLED: JobStatus.CANCELLED,
    AttemptState.UNKNOWN: JobStatus.UNKNOWN,
    AttemptState.NOT_FOUND: JobStatus.UNKNOWN,
}


def derive_record(
    job_id: str, attempts: Sequence[Attempt], images: tuple[ImageFile, ...] = (), skip: JobError | None = None
) -> JobRecord:
    """Return the record of a job from all its attempts, oldest first, and the images of the last one."""
    if not attempts:
        return JobRecord(job_id=job_id, status=JobStatus.SKIPPED if skip else JobStatus.PENDING, error=skip)
    last = attempts[-1]
    with_task = next((attempt for attempt in reversed(attempts) if attempt.task_id is not None), None)
    priced = next((attempt for attempt in reversed(attempts) if attempt.cost_from is not None), None)
    return JobRecord(
        job_id=job_id,
        status=JobStatus.SKIPPED if skip else status_of(last),
        task_id=with_task.task_id if with_task else None,
        attempts=sum(attempt.tasks for attempt in attempts),
        submitted_at=with_task.submitted_at if with_task else None,
        completed_at=with_task.ended_at if with_task else None,
        seconds=_seconds(with_task) if with_task else None,
        cost_nusd=sum(attempt.cost_nusd for attempt in attempts),
        cost_from=priced.cost_from if priced else None,
        images=images,
        error=skip or _error(attempts),
        reused_from=last.origin,
    )


def status_of(attempt: Attempt) -> JobStatus:
    """Return how a job stands whose newest attempt this is."""
    if attempt.state is AttemptState.NOT_SUBMITTED:
        return JobStatus.FAILED if attempt.error else JobStatus.PENDING
    return _STATUS[attempt.state]


def _error(attempts: Sequence[Attempt]) -> JobError | None:
    """Return the newest error; it stays until a try succeeds."""
    if attempts[-1].state is AttemptState.STORED:
        return None
    return next((attempt.error for attempt in reversed(attempts) if attempt.error is not None), None)


def _seconds(attempt: Attempt) -> float | None:
    if attempt.submitted_at is None or attempt.ended_at is None:
        return None
    return round(max(0.0, attempt.ended_at - attempt.submitted_at), 3)
