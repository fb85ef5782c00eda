"""The states of parents, and what follows for jobs that have not begun: they wait, or can't be made.

That is never stored: it follows from the attempts of the parents each time that a job is read, so that a parent that
succeeds at last brings its children back.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.files.sqlite_files import DamagedDatabase
from qwave_batch.ledger.attempt import error_from_text
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import ParentState, status_in
from qwave_batch.model.codec import EXACT
from qwave_batch.model.job import JobError
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.planned_stage import ChildSkip
from qwave_batch.model.record import JobStatus

_LOST = frozenset({JobStatus.FAILED, JobStatus.SKIPPED})
_WORDS = {JobStatus.FAILED: "failed", JobStatus.SKIPPED: "is skipped"}

_NEWEST = (
    "newest.job_id = jobs.job_id AND newest.number = (SELECT MAX(number) FROM attempts WHERE job_id = jobs.job_id)"
)
_STATES = f"""
    SELECT jobs.job_id, jobs.row, jobs.position, json_extract(body, '$.skip') IS NOT NULL, state,
        COALESCE(newest.error, '') <> '', decisions.error,
        (SELECT COUNT(*) FROM images WHERE images.job_id = jobs.job_id AND images.number = newest.number),
        CASE WHEN state IS NULL THEN json_extract(body, '$.parents') END
    FROM jobs LEFT JOIN attempts AS newest ON {_NEWEST} LEFT JOIN decisions ON decisions.job_id = jobs.job_id
    WHERE jobs.job_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class _Found:
    """A parent on record, before its own parents are looked at."""

    row: int
    position: int
    status: JobStatus
    images: int
    waits_for: tuple[ParentLink, ...]


def read_parent_states(connection: sqlite3.Connection, job_ids: Collection[str]) -> Mapping[str, ParentState]:
    """Return the states of some jobs, with a query for each generation of jobs that wait for others.

    Args:
        connection: The ledger's.
        job_ids: The jobs; one that is not on record is left out.
    """
    found: dict[str, _Found] = {}
    asked = set(job_ids)
    while asked:
        some = {job_id: _found(job_id, *facts) for job_id, *facts in connection.execute(_STATES, (_list(asked),))}
        found |= some
        asked = {link.job_id for each in some.values() for link in each.waits_for} - found.keys()
    states: dict[str, ParentState] = {}
    for job_id, each in sorted(found.items(), key=lambda item: item[1].position):  # parents come before their children
        is_lost = error_of_parents(each.waits_for, states) is not None
        status = JobStatus.SKIPPED if is_lost else each.status
        has_failed = status is JobStatus.FAILED or (
            is_lost and any(link.job_id in states and states[link.job_id].has_failed for link in each.waits_for)
        )
        states[job_id] = ParentState(each.row, status, each.images, has_failed)
    return states


def error_of_parents(links: Sequence[ParentLink], states: Mapping[str, ParentState]) -> JobError | None:
    """Return why a job that has not begun can't be made; None while it may be."""
    for link in links:
        parent = states.get(link.job_id)
        if parent is not None and parent.status in _LOST:
            message = f"job {link.job_id}, which is made before it, {_WORDS[parent.status]}"
            return JobError(code=ChildSkip.PARENT_FAILED.value, message=message)
        if parent is not None and parent.status is JobStatus.COMPLETED and not parent.meets(link):
            came = "no image" if not parent.images else f"{parent.images:,} image{'' if parent.images == 1 else 's'}"
            message = f"it needs image {link.image} of job {link.job_id}, which brought {came}"
            return JobError(code=ChildSkip.PARENT_SHORT.value, message=message)
    return None


def _found(  # noqa: PLR0913, PLR0917 - the columns of the query
    job_id: str,
    row: int,
    position: int | None,
    is_skipped: int,
    state: str | None,
    has_error: int,
    decided: str | None,
    images: int,
    parents: str | None,
) -> _Found:
    is_left_out = state is None and error_from_text(decided, job_id) is not None
    status = status_in(
        None if state is None else AttemptState(state),
        has_error=bool(has_error),
        is_skipped=bool(is_skipped) or is_left_out,
    )
    links = () if parents is None or status is JobStatus.SKIPPED else _links(job_id, parents)
    return _Found(row, -1 if position is None else position, status, images, links)


def _links(job_id: str, text: str) -> tuple[ParentLink, ...]:
    try:
        return EXACT.decode(json.loads(text), tuple[ParentLink, ...])
    except (ValueError, TypeError, RecursionError) as error:
        raise DamagedDatabase(f"the parents of job {job_id!a} are not as this program writes them: {error}") from None


def _list(job_ids: Collection[str]) -> str:
    return json.dumps(sorted(job_ids))


_MADE = "made.job_id = parent.job_id AND made.number = (SELECT MAX(number) FROM attempts WHERE job_id = parent.job_id)"
_IS_LOST = (
    f"made.state IN ('{AttemptState.UNRECOVERABLE}', '{AttemptState.FAILED}', '{AttemptState.REFUSED}') "
    f"OR (made.state = '{AttemptState.NOT_SUBMITTED}' AND COALESCE(made.error, '') <> '')"
)
_IS_SHORT = (
    f"made.state = '{AttemptState.STORED}' AND COALESCE(json_extract(link.value, '$.image'), 0) > "  # noqa: S608 - constants
    "(SELECT COUNT(*) FROM images WHERE images.job_id = made.job_id AND images.number = made.number)"
)
_WAITING = f"""
    SELECT jobs.row, parent.row, decisions.error IS NOT NULL
        OR json_extract(parent.body, '$.skip') IS NOT NULL OR ({_IS_LOST}) OR ({_IS_SHORT})
    FROM jobs LEFT JOIN decisions ON decisions.job_id = jobs.job_id
        LEFT JOIN json_each(jobs.body, '$.parents') AS link
        LEFT JOIN jobs AS parent ON parent.job_id = json_extract(link.value, '$.job_id')
        LEFT JOIN attempts AS made ON {_MADE}
    -- the first condition spares plans without stages to be parsed for it
    WHERE (instr(jobs.body, '"parents":[') OR decisions.error IS NOT NULL) AND jobs.position IS NOT NULL
        AND json_extract(jobs.body, '$.skip') IS NULL
        AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.job_id = jobs.job_id)
    ORDER BY jobs.position
"""  # noqa: S608 - constants


def read_left_out(connection: sqlite3.Connection) -> list[int]:
    """Return the rows of the jobs that have not begun and are skipped by a decision, or for what became of others.

    It says of all jobs what ``error_of_parents`` says of one, without reading their requests.
    """
    left_out: set[int] = set()
    for row, parent, is_lost in connection.execute(_WAITING):  # parents come before their children
        if is_lost or parent in left_out:
            left_out.add(row)
    return sorted(left_out)
