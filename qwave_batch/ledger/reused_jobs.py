"""Jobs whose images another folder reuses, and their records in the ledger of that folder."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from qwave_batch.ledger.attempt import (
    COLUMNS,
    Attempt,
    StoredFile,
    attempt_from_row,
    idempotency_key,
    stored_text,
    text_of_results,
)
from qwave_batch.ledger.attempt_states import NOTHING_OUT, AttemptState, IllegalTransition
from qwave_batch.ledger.job_reading import read_attempts, read_files
from qwave_batch.ledger.transition import replace_images
from qwave_batch.model.record import ReusedFrom


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusableJob:
    """A completed job with all its images."""

    attempt: Attempt
    files: tuple[StoredFile, ...]
    """Files as recorded there; the reuser checks that they are intact."""
    cost_nusd: int
    """Cost of the job there, over all attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusedJob:
    """A job whose images were reused from another folder and are in place."""

    reusable: ReusableJob
    origin: ReusedFrom
    files: Sequence[StoredFile]
    """The files in the reusing folder."""


def read_reusable(connection: sqlite3.Connection, job_id: str) -> ReusableJob | None:
    """Return the reusable parts of a job; None when it is not completed."""
    attempts = read_attempts(connection, job_id)
    if not attempts or attempts[-1].state is not AttemptState.STORED:
        return None
    return ReusableJob(
        attempt=attempts[-1],
        files=read_files(connection, attempts[-1]),
        cost_nusd=sum(attempt.cost_nusd for attempt in attempts),
    )


def take_over(connection: sqlite3.Connection, folder_id: str, reused: ReusedJob) -> Attempt:
    """Add the attempt that records the reused images, inside the open transaction.

    The task stays on record: while the API keeps it, a damaged file can be fetched from it.

    Raises:
        IllegalTransition: the job's last attempt may still bring something.
    """
    theirs = reused.reusable.attempt
    before = read_attempts(connection, theirs.job_id)
    number = before[-1].number + 1 if before else 1
    if before and before[-1].state not in NOTHING_OUT:
        raise IllegalTransition(theirs.job_id, number, before[-1].state, AttemptState.STORED)
    added = connection.execute(
        "INSERT INTO attempts (job_id, number, round, state, key, held_nusd, task_id, submitted_at, ended_at, results, "  # noqa: S608
        f"origin) VALUES (?, ?, 0, ?, ?, 0, ?, ?, ?, ?, ?) RETURNING {COLUMNS}",
        (
            theirs.job_id,
            number,
            AttemptState.STORED,
            idempotency_key(folder_id, theirs.job_id, number),
            theirs.task_id,
            theirs.submitted_at,
            theirs.ended_at,
            text_of_results(theirs.results),
            stored_text(reused.origin),
        ),
    )
    attempt = attempt_from_row(added.fetchone())
    replace_images(connection, attempt, reused.files)
    return attempt
