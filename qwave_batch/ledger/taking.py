"""How a job whose images were taken from another folder comes on record: as stored, for nothing, with its origin."""

import sqlite3

from qwave_batch.ledger.attempt import COLUMNS, Attempt, attempt_from_row, idempotency_key, text_of, text_of_results
from qwave_batch.ledger.holding import ReusedJob
from qwave_batch.ledger.images import replace_images
from qwave_batch.ledger.reading import read_attempts
from qwave_batch.ledger.states import NOTHING_OUT, AttemptState, IllegalTransition


def take_over(connection: sqlite3.Connection, folder_id: str, taken: ReusedJob) -> Attempt:
    """Add the attempt that stands for what was taken, inside the open transaction.

    The task stays on record: while the API keeps it, a damaged file can be fetched from it.

    Raises:
        IllegalTransition: the job's last attempt may still bring something.
    """
    theirs = taken.holding.attempt
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
            text_of(taken.origin),
        ),
    )
    attempt = attempt_from_row(added.fetchone())
    replace_images(connection, attempt, taken.files)
    return attempt
