"""Reads plan lines, job records and job snapshots: one query for the jobs, small ones for their attempts."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qwave_batch.files.sqlite_files import DamagedDatabase
from qwave_batch.ledger.attempt import COLUMNS, Attempt, StoredFile, attempt_from_row
from qwave_batch.ledger.attempt_states import OPEN, AttemptState
from qwave_batch.model.codec import EXACT
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.money import MAX_NUSD
from qwave_batch.model.portable_paths import IMAGES, path_fault
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
    """Return the status of a job from its newest attempt."""
    if attempt.state is AttemptState.NOT_SUBMITTED:
        return JobStatus.FAILED if attempt.error else JobStatus.PENDING
    return _STATUS[attempt.state]


def _error(attempts: Sequence[Attempt]) -> JobError | None:
    """Return the newest error; it stays until an attempt succeeds."""
    if attempts[-1].state is AttemptState.STORED:
        return None
    return next((attempt.error for attempt in reversed(attempts) if attempt.error is not None), None)


def _seconds(attempt: Attempt) -> float | None:
    if attempt.submitted_at is None or attempt.ended_at is None:
        return None
    return round(max(0.0, attempt.ended_at - attempt.submitted_at), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A job of the plan, the entries that resolved to the same job, and its record."""

    job: Job
    also: tuple[Duplicate, ...] = ()
    record: JobRecord


_ATTEMPTS = f"SELECT {COLUMNS} FROM attempts WHERE job_id = ? ORDER BY number"  # noqa: S608 - constant columns
_IMAGES = (
    "SELECT path, sha256, size_bytes, width, height, format, source_url, modified_ns "
    "FROM images WHERE job_id = ? AND number = ? ORDER BY place"
)
_DUPLICATES = "SELECT body FROM twins WHERE job_id = ? ORDER BY place"
_ASKED = ", ".join(f"'{state}'" for state in sorted({*OPEN, AttemptState.NOT_FOUND}))
_PLANNED = "SELECT row, job_id, position, body FROM jobs WHERE position IS NOT NULL ORDER BY position"
_LEFT_OPEN = (
    "SELECT row, job_id, position, body FROM jobs WHERE position IS NULL AND EXISTS "  # noqa: S608 - constant states
    f"(SELECT 1 FROM attempts WHERE attempts.job_id = jobs.job_id AND state IN ({_ASKED})) ORDER BY row"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSnapshot:
    """The facts about one job that a run needs before it acts on it."""

    row: int
    """The ledger's own small number for the job; it stays the same as long as the job is recorded."""
    position: int | None
    """Its place among the jobs of the plan; None when it has left the plan."""
    line: PlanLine
    attempt: Attempt | None
    """The newest one."""
    files: tuple[StoredFile, ...] = ()
    """The images of the newest attempt."""

    @property
    def is_planned(self) -> bool:
        """Whether the plan holds the job."""
        return self.position is not None


def read_snapshots(connection: sqlite3.Connection) -> Iterator[JobSnapshot]:
    """Stream the plan in its order, then jobs that left it with a task that can still be collected."""
    for query in (_PLANNED, _LEFT_OPEN):
        for found in connection.execute(query):
            yield _snapshot(connection, *found)


def read_snapshots_of(connection: sqlite3.Connection, rows: Iterable[int]) -> Iterator[JobSnapshot]:
    """Stream the snapshots of jobs by their rows, in the order given."""
    for row in rows:
        found = connection.execute("SELECT row, job_id, position, body FROM jobs WHERE row = ?", (row,)).fetchone()
        if found is not None:
            yield _snapshot(connection, *found)


def read_plan_lines(connection: sqlite3.Connection) -> Iterator[PlanLine]:
    """Stream the plan in its order."""
    for found in connection.execute(_PLANNED):
        yield _snapshot(connection, *found).line


def read_unplanned(connection: sqlite3.Connection) -> Iterator[JobRecord]:
    """Stream the records of jobs that the plan no longer holds, by job id."""
    for (job_id,) in connection.execute("SELECT job_id FROM jobs WHERE position IS NULL ORDER BY job_id"):
        yield read_record(connection, job_id)


def read_record(connection: sqlite3.Connection, job_id: str) -> JobRecord:
    """Return the record of a job; a skipped job's reason is read from the plan."""
    attempts = read_attempts(connection, job_id)
    files = read_files(connection, attempts[-1]) if attempts else ()
    found = connection.execute("SELECT body FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    skip = _job(job_id, found[0]).skip if found else None
    return derive_record(job_id, attempts, tuple(file.image for file in files), skip)


def _snapshot(connection: sqlite3.Connection, row: int, job_id: str, position: int | None, body: str) -> JobSnapshot:
    job = _job(job_id, body)
    attempts = read_attempts(connection, job.job_id)
    files = read_files(connection, attempts[-1]) if attempts else ()
    record = derive_record(job.job_id, attempts, tuple(file.image for file in files), job.skip)
    return JobSnapshot(
        row=row,
        position=position,
        line=PlanLine(job=job, also=_duplicates(connection, job.job_id), record=record),
        attempt=attempts[-1] if attempts else None,
        files=files,
    )


def read_attempts(connection: sqlite3.Connection, job_id: str) -> list[Attempt]:
    """Return all attempts at a job, oldest first."""
    return [attempt_from_row(row) for row in connection.execute(_ATTEMPTS, (job_id,))]


def read_files(connection: sqlite3.Connection, attempt: Attempt) -> tuple[StoredFile, ...]:
    """Return the images of a job's newest attempt, in the API's order."""
    if attempt.state not in {AttemptState.STORED, AttemptState.UNRECOVERABLE}:
        return ()
    return tuple(
        StoredFile(
            image=ImageFile(
                path=path,
                sha256=sha256,
                size_bytes=size_bytes,
                width=width,
                height=height,
                format=format_,
                source_url=source_url,
            ),
            modified_ns=modified_ns,
        )
        for path, sha256, size_bytes, width, height, format_, source_url, modified_ns in connection.execute(
            _IMAGES, (attempt.job_id, attempt.number)
        )
    )


def _duplicates(connection: sqlite3.Connection, job_id: str) -> tuple[Duplicate, ...]:
    return tuple(_duplicate(job_id, body) for (body,) in connection.execute(_DUPLICATES, (job_id,)))


def _job(job_id: str, body: str) -> Job:
    try:
        job = EXACT.decode(json.loads(body), Job)
    except (ValueError, RecursionError) as error:
        raise DamagedDatabase(f"job {job_id!a} is not as this program writes it: {error}") from None
    if job.job_id != job_id:
        raise DamagedDatabase(f"what it holds as job {job_id!a} is another one")
    if job.estimated_nusd > MAX_NUSD:
        raise DamagedDatabase(f"the estimate of job {job_id!a} is out of range")
    if job.path and (fault := path_fault(f"{IMAGES}/{job.path}")):
        raise DamagedDatabase(f"the path of job {job_id!a} can't be one: {fault}")
    return job


def _duplicate(job_id: str, body: str) -> Duplicate:
    try:
        duplicate = EXACT.decode(json.loads(body), Duplicate)
    except (ValueError, RecursionError) as error:
        raise DamagedDatabase(f"a duplicate of job {job_id!a} is not as this program writes it: {error}") from None
    if duplicate.job_id != job_id:
        raise DamagedDatabase(f"what it holds as a duplicate of job {job_id!a} is another's")
    return duplicate
