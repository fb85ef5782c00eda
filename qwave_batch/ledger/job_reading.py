"""Reads plan lines, job records and job snapshots: a page of jobs at a time, with all that belongs to them."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeAlias

from qwave_batch.files.sqlite_files import DamagedDatabase
from qwave_batch.ledger.attempt import COLUMNS, Attempt, StoredFile, attempt_from_row, error_from_text
from qwave_batch.ledger.attempt_states import OPEN, AttemptState
from qwave_batch.ledger.parent_states import error_of_parents, read_parent_states
from qwave_batch.ledger.plan_replacement import PLAN_ITEMS
from qwave_batch.ledger.snapshots import (
    FileFacts,
    JobDecision,
    JobSnapshot,
    MadeJob,
    ParentState,
    PlanLine,
    StoredJob,
    derive_record,
)
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.money import MAX_NUSD
from qwave_batch.model.portable_paths import IMAGES, path_fault
from qwave_batch.model.record import ImageFile, JobRecord

PAGE = 100
"""Jobs that are read together."""
_PAGE_CHARACTERS = 4_000_000
"""The most of their requests, which may hold images: a job that goes beyond it ends its page."""

Row: TypeAlias = Sequence[Any]

_ASKED = ", ".join(f"'{state}'" for state in sorted({*OPEN, AttemptState.NOT_FOUND}))
_JOBS = "SELECT job_id, row, position, body FROM jobs"
_PLANNED = f"{_JOBS} WHERE position IS NOT NULL ORDER BY position"
_UNPLANNED = f"{_JOBS} WHERE position IS NULL ORDER BY job_id"
_UNPLANNED_PARENTS = (
    "SELECT job_id, json_extract(link.value, '$.job_id') FROM jobs, json_each(body, '$.parents') AS link "
    "WHERE position IS NULL"
)
_LEFT_OPEN = (
    f"{_JOBS} WHERE position IS NULL AND EXISTS "  # noqa: S608 - constant states
    f"(SELECT 1 FROM attempts WHERE attempts.job_id = jobs.job_id AND state IN ({_ASKED})) ORDER BY row"
)
_AMONG = "IN (SELECT value FROM json_each(?))"
_NEWEST = (
    "newest.job_id = jobs.job_id AND newest.number = (SELECT MAX(number) FROM attempts WHERE job_id = jobs.job_id)"
)
_IS_STORED = f"newest.state = '{AttemptState.STORED}'"
_NOT_STORED = (
    f"{_JOBS} WHERE position IS NOT NULL AND (row {_AMONG} OR NOT EXISTS "  # noqa: S608 - constants
    f"(SELECT 1 FROM attempts AS newest WHERE {_NEWEST} AND {_IS_STORED})) ORDER BY position"
)
_STORED = (
    "SELECT row, json_extract(body, '$.max_images'), json_extract(body, '$.skip') IS NOT NULL, "  # noqa: S608 - constants
    f"path, size_bytes, modified_ns FROM jobs JOIN attempts AS newest ON {_NEWEST} AND {_IS_STORED} "
    "LEFT JOIN images ON images.job_id = jobs.job_id AND images.number = newest.number "
    "WHERE position IS NOT NULL ORDER BY position"
)
_BY_ROW = f"{_JOBS} WHERE row {_AMONG}"
_BY_ID = f"{_JOBS} WHERE job_id = ?"
_ATTEMPTS = f"SELECT {COLUMNS} FROM attempts WHERE job_id {_AMONG} ORDER BY job_id, number"  # noqa: S608 - constants
_IMAGES = (
    "SELECT job_id, number, path, sha256, size_bytes, width, height, format, source_url, modified_ns "  # noqa: S608
    f"FROM images WHERE job_id {_AMONG} ORDER BY job_id, number, place"
)
_DUPLICATES = f"SELECT job_id, body FROM twins WHERE job_id {_AMONG} ORDER BY job_id, place"  # noqa: S608 - constants
_DECISIONS = f"SELECT job_id, error FROM decisions WHERE job_id {_AMONG}"  # noqa: S608 - constants
_WITH_IMAGES = frozenset({AttemptState.STORED, AttemptState.UNRECOVERABLE})


def read_snapshots(connection: sqlite3.Connection, stored: Sequence[int] | None = None) -> Iterator[list[JobSnapshot]]:
    """Yield pages of the plan in its order, then of jobs that left it with a task that can still be collected.

    Args:
        connection: The ledger's.
        stored: The rows of those jobs with images in place that are read too; None means all of them.
    """
    planned = (_PLANNED, ()) if stored is None else (_NOT_STORED, (json.dumps(list(stored)),))
    for query, values in (planned, (_LEFT_OPEN, ())):
        for page in _pages(connection, query, values):
            yield _snapshots(connection, page)


def read_stored_jobs(connection: sqlite3.Connection) -> Iterator[list[StoredJob]]:
    """Yield pages of the jobs of the plan whose images were put in place, in its order."""
    found = groupby(connection.execute(_STORED), itemgetter(0, 1, 2))
    jobs = (
        StoredJob(
            row=row,
            max_images=max_images,
            is_skipped=bool(is_skipped),
            files=tuple(FileFacts(*facts) for _, _, _, *facts in rows if facts[0] is not None),
        )
        for (row, max_images, is_skipped), rows in found
    )
    while page := list(islice(jobs, PAGE)):
        yield page


def read_snapshots_of(connection: sqlite3.Connection, rows: Iterable[int]) -> list[JobSnapshot]:
    """Return the snapshots of a few jobs by their rows, in the order given."""
    asked = list(rows)
    found = {job[1]: job for job in connection.execute(_BY_ROW, (json.dumps(asked),))}
    return _snapshots(connection, [found[row] for row in asked if row in found])


def read_made(connection: sqlite3.Connection, job_ids: Collection[str]) -> dict[str, MadeJob]:
    """Return the newest attempts of a few jobs with their images, by their ids; those without any are left out."""
    page = [(job_id,) for job_id in sorted(job_ids)]
    attempts, images = (_by_job(connection, query, page) for query in (_ATTEMPTS, _IMAGES))
    newest = {job_id: attempt_from_row(rows[-1]) for job_id, rows in attempts.items()}
    return {job_id: MadeJob(attempt, _files(attempt, images.get(job_id, ()))) for job_id, attempt in newest.items()}


def read_plan_lines(connection: sqlite3.Connection) -> Iterator[list[PlanLine]]:
    """Yield pages of the plan in its order."""
    for page in _pages(connection, _PLANNED):
        yield [snapshot.line for snapshot in _snapshots(connection, page)]


def read_unplanned(connection: sqlite3.Connection) -> Iterator[list[JobRecord]]:
    """Yield pages of the records of jobs that the plan no longer holds, by job id."""
    for page in _pages(connection, _UNPLANNED):
        yield [snapshot.line.record for snapshot in _snapshots(connection, page)]


def read_unplanned_parents(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the ids of the parents of jobs that the plan no longer holds, by job."""
    found: dict[str, list[str]] = {}
    for job_id, parent in connection.execute(_UNPLANNED_PARENTS):
        found.setdefault(job_id, []).append(parent)
    return found


def read_line_of(connection: sqlite3.Connection, job_id: str) -> PlanLine | None:
    """Return the line of a job, planned or not; None for one that is not on record."""
    found = connection.execute(_BY_ID, (job_id,)).fetchone()
    return None if found is None else _snapshots(connection, [found])[0].line


def read_record(connection: sqlite3.Connection, job_id: str) -> JobRecord:
    """Return the record of a job; a skipped job's reason is read from the plan."""
    found = connection.execute(_BY_ID, (job_id,)).fetchone()
    if found is None:
        attempts = read_attempts(connection, job_id)
        return derive_record(job_id, attempts, _images(read_files(connection, attempts[-1]) if attempts else ()))
    (snapshot,) = _snapshots(connection, [found])
    return snapshot.line.record


def read_attempts(connection: sqlite3.Connection, job_id: str) -> list[Attempt]:
    """Return all attempts at a job, oldest first."""
    return [attempt_from_row(row) for row in connection.execute(_ATTEMPTS, (json.dumps([job_id]),))]


def read_files(connection: sqlite3.Connection, attempt: Attempt) -> tuple[StoredFile, ...]:
    """Return the images of a job's newest attempt, in the API's order."""
    return _files(attempt, connection.execute(_IMAGES, (json.dumps([attempt.job_id]),)))


def _pages(connection: sqlite3.Connection, query: str, values: Sequence[str] = ()) -> Iterator[list[Row]]:
    page: list[Row] = []
    characters = 0
    for job in connection.execute(query, values):
        page.append(job)
        characters += len(job[-1])
        if len(page) == PAGE or characters > _PAGE_CHARACTERS:
            yield page
            page, characters = [], 0
    if page:
        yield page


def _snapshots(connection: sqlite3.Connection, page: Sequence[Row]) -> list[JobSnapshot]:
    """Return the snapshots of a page of jobs, in its order."""
    attempts, images, duplicates = (_by_job(connection, query, page) for query in (_ATTEMPTS, _IMAGES, _DUPLICATES))
    asked = json.dumps([job_id for job_id, *_ in page])
    decided = {
        job_id: JobDecision(job_id, error_from_text(error, job_id))
        for job_id, error in connection.execute(_DECISIONS, (asked,))
    }
    planned = [
        _PlannedJob(
            row=row,
            position=position,
            job=_job(job_id, body),
            attempts=[attempt_from_row(attempt) for attempt in attempts.get(job_id, ())],
            also=tuple(_duplicate(*each) for each in duplicates.get(job_id, ())),
            decision=decided.get(job_id),
        )
        for job_id, row, position, body in page
    ]
    links = {link.job_id for each in planned if not each.is_stored for link in each.job.parents}
    parents = read_parent_states(connection, links) if links else {}
    return [each.snapshot(images.get(each.job.job_id, ()), parents) for each in planned]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlannedJob:
    """A job with all that is recorded of itself, but for its images."""

    row: int
    position: int | None
    job: Job
    attempts: Sequence[Attempt]
    also: tuple[Duplicate, ...]
    decision: JobDecision | None

    @property
    def is_stored(self) -> bool:
        return bool(self.attempts) and self.attempts[-1].state is AttemptState.STORED

    def snapshot(self, images: Iterable[Row], states: Mapping[str, ParentState]) -> JobSnapshot:
        job, newest = self.job, self.attempts[-1] if self.attempts else None
        files = () if newest is None else _files(newest, images)
        links = () if self.is_stored else job.parents
        parents = {link.job_id: states[link.job_id] for link in links if link.job_id in states}
        skip = job.skip
        if newest is None and skip is None:
            decided = None if self.decision is None else self.decision.error
            skip = decided or error_of_parents(links, parents)
        return JobSnapshot(
            row=self.row,
            position=self.position,
            line=PlanLine(
                job=job, also=self.also, record=derive_record(job.job_id, self.attempts, _images(files), skip)
            ),
            attempt=newest,
            files=files,
            decision=self.decision,
            parents=parents,
        )


def _by_job(connection: sqlite3.Connection, query: str, page: Sequence[Row]) -> Mapping[str, list[Row]]:
    """Return the rows that a query has for the jobs of a page, by job."""
    rows = connection.execute(query, (json.dumps([job_id for job_id, *_ in page]),))
    return {job_id: list(of_job) for job_id, of_job in groupby(rows, itemgetter(0))}


def _files(attempt: Attempt, rows: Iterable[Row]) -> tuple[StoredFile, ...]:
    """Return the images of an attempt, out of all those of its job."""
    if attempt.state not in _WITH_IMAGES:
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
        for _, number, path, sha256, size_bytes, width, height, format_, source_url, modified_ns in rows
        if number == attempt.number
    )


def _images(files: Iterable[StoredFile]) -> tuple[ImageFile, ...]:
    return tuple(file.image for file in files)


def _job(job_id: str, body: str) -> Job:
    try:
        job = PLAN_ITEMS.decode(json.loads(body), Job)
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
        duplicate = PLAN_ITEMS.decode(json.loads(body), Duplicate)
    except (ValueError, RecursionError) as error:
        raise DamagedDatabase(f"a duplicate of job {job_id!a} is not as this program writes it: {error}") from None
    if duplicate.job_id != job_id:
        raise DamagedDatabase(f"what it holds as a duplicate of job {job_id!a} is another's")
    return duplicate
