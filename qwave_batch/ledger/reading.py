"""How lines, records and standings are read: one query for the jobs, small ones for what hangs on each."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qwave_batch.files.soundness import Damaged
from qwave_batch.ledger.attempt import COLUMNS, Attempt, StoredFile, attempt_from_row
from qwave_batch.ledger.lines import PlanLine
from qwave_batch.ledger.records import derive_record
from qwave_batch.ledger.states import OPEN, AttemptState
from qwave_batch.model.codec import EXACT
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.money import MAX_NUSD
from qwave_batch.model.paths import IMAGES, path_fault
from qwave_batch.model.record import ImageFile, JobRecord

_ATTEMPTS = f"SELECT {COLUMNS} FROM attempts WHERE job_id = ? ORDER BY number"  # noqa: S608 - constant columns
_IMAGES = (
    "SELECT path, sha256, size_bytes, width, height, format, source_url, modified_ns "
    "FROM images WHERE job_id = ? AND number = ? ORDER BY place"
)
_TWINS = "SELECT body FROM twins WHERE job_id = ? ORDER BY place"
_ASKED = ", ".join(f"'{state}'" for state in sorted({*OPEN, AttemptState.NOT_FOUND}))
_PLANNED = "SELECT row, job_id, position, body FROM jobs WHERE position IS NOT NULL ORDER BY position"
_LEFT_OPEN = (
    "SELECT row, job_id, position, body FROM jobs WHERE position IS NULL AND EXISTS "  # noqa: S608 - constant states
    f"(SELECT 1 FROM attempts WHERE attempts.job_id = jobs.job_id AND state IN ({_ASKED})) ORDER BY row"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSnapshot:
    """All that a run needs to know of one job before it does something about it."""

    row: int
    """The ledger's own small number for the job; it lasts as long as the job is on record."""
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


def read_standings(connection: sqlite3.Connection) -> Iterator[JobSnapshot]:
    """Stream the plan in its order, then jobs that left it with a task that can still be collected."""
    for query in (_PLANNED, _LEFT_OPEN):
        for found in connection.execute(query):
            yield _standing(connection, *found)


def read_standings_of(connection: sqlite3.Connection, rows: Iterable[int]) -> Iterator[JobSnapshot]:
    """Stream the standings of jobs by their rows, in the order given."""
    for row in rows:
        found = connection.execute("SELECT row, job_id, position, body FROM jobs WHERE row = ?", (row,)).fetchone()
        if found is not None:
            yield _standing(connection, *found)


def read_lines(connection: sqlite3.Connection) -> Iterator[PlanLine]:
    """Stream the plan in its order."""
    for found in connection.execute(_PLANNED):
        yield _standing(connection, *found).line


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


def _standing(connection: sqlite3.Connection, row: int, job_id: str, position: int | None, body: str) -> JobSnapshot:
    job = _job(job_id, body)
    attempts = read_attempts(connection, job.job_id)
    files = read_files(connection, attempts[-1]) if attempts else ()
    record = derive_record(job.job_id, attempts, tuple(file.image for file in files), job.skip)
    return JobSnapshot(
        row=row,
        position=position,
        line=PlanLine(job=job, also=_twins(connection, job.job_id), record=record),
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


def _twins(connection: sqlite3.Connection, job_id: str) -> tuple[Duplicate, ...]:
    return tuple(_twin(job_id, body) for (body,) in connection.execute(_TWINS, (job_id,)))


def _job(job_id: str, body: str) -> Job:
    try:
        job = EXACT.decode(json.loads(body), Job)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"job {job_id!a} is not as this program writes it: {error}") from None
    if job.job_id != job_id:
        raise Damaged(f"what it holds as job {job_id!a} is another one")
    if job.estimated_nusd > MAX_NUSD:
        raise Damaged(f"the estimate of job {job_id!a} is out of range")
    if job.path and (fault := path_fault(f"{IMAGES}/{job.path}")):
        raise Damaged(f"the path of job {job_id!a} can't be one: {fault}")
    return job


def _twin(job_id: str, body: str) -> Duplicate:
    try:
        twin = EXACT.decode(json.loads(body), Duplicate)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"a twin of job {job_id!a} is not as this program writes it: {error}") from None
    if twin.job_id != job_id:
        raise Damaged(f"what it holds as a twin of job {job_id!a} is another's")
    return twin
