"""What is done about jobs whose records may be lost: each is taken for one whose key went out and was not answered."""

import sqlite3
from collections.abc import Mapping

from qwave_batch.ledger.attempt import Attempt, idempotency_key
from qwave_batch.ledger.reading import JobSnapshot, read_standings
from qwave_batch.ledger.states import AttemptState

_ADD = (
    "INSERT INTO attempts (job_id, number, round, state, key, first_sent_at, held_nusd) "  # noqa: S608 - constants
    f"VALUES (?, ?, 0, '{AttemptState.SUBMITTING}', ?, ?, 0)"
)
_SEND_AGAIN = (
    f"UPDATE attempts SET state = '{AttemptState.SUBMITTING}', round = round + 1, first_sent_at = ?, held_nusd = 0, "  # noqa: S608 - constants
    f"error = NULL WHERE job_id = ? AND number = ? AND state = '{AttemptState.NOT_SUBMITTED}'"
)
_NEW_ATTEMPT = frozenset({AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.REFUSED})


def doubt_jobs(
    connection: sqlite3.Connection, folder_id: str, *, since: float | None, sent: Mapping[str, float]
) -> int:
    """Put on record, inside the open transaction, that jobs which a plain run would buy may be bought already.

    The same keys then go out while the API surely keeps them, and after that the jobs are ``unknown``.

    Args:
        connection: The ledger's.
        folder_id: The folder's.
        since: When the earliest of the keys may have left; None when only those of ``sent`` may have.
        sent: By job id, when others know of its submit, in Unix seconds.

    Returns:
        How many jobs they are.
    """
    doubted = 0
    for snapshot in _open_to_submit(connection):
        times = [time for time in (since, sent.get(snapshot.line.job.job_id)) if time is not None]
        if times:
            _doubt(connection, folder_id, snapshot, min(times))
            doubted += 1
    return doubted


def _open_to_submit(connection: sqlite3.Connection) -> list[JobSnapshot]:
    """Return the jobs that a plain run submits, with a new key or with a parked one."""
    return [
        snapshot
        for snapshot in read_standings(connection)
        if snapshot.is_planned
        and snapshot.line.job.skip is None
        and (snapshot.attempt is None or _is_followed(snapshot.attempt))
    ]


def _is_followed(attempt: Attempt) -> bool:
    if attempt.state is AttemptState.NOT_SUBMITTED:
        return True
    is_worth_it = attempt.state is AttemptState.CANCELLED or attempt.error is None or attempt.error.retryable
    return attempt.state in _NEW_ATTEMPT and not attempt.cost_nusd and is_worth_it


def _doubt(connection: sqlite3.Connection, folder_id: str, snapshot: JobSnapshot, sent_at: float) -> None:
    job_id, attempt = snapshot.line.job.job_id, snapshot.attempt
    if attempt is not None and attempt.state is AttemptState.NOT_SUBMITTED:
        connection.execute(_SEND_AGAIN, (sent_at, job_id, attempt.number))
        return
    number = attempt.number + 1 if attempt is not None else 1
    connection.execute(_ADD, (job_id, number, idempotency_key(folder_id, job_id, number), sent_at))
