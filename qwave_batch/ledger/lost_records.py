"""Recovers from lost records: a job whose record may be lost counts as submitted without an answer."""

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import Tree, place_of
from qwave_batch.ledger.attempt import Attempt, idempotency_key
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.job_reading import read_snapshots
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.codec import LENIENT

_ADD = (
    "INSERT INTO attempts (job_id, number, round, state, key, first_sent_at, held_nusd, next_sent_at) "  # noqa: S608 - constants
    f"VALUES (?, ?, 0, '{AttemptState.SUBMITTING}', ?, ?, 0, ?)"
)
_SEND_AGAIN = (
    f"UPDATE attempts SET state = '{AttemptState.SUBMITTING}', round = round + 1, first_sent_at = ?, held_nusd = 0, "  # noqa: S608 - constants
    f"next_sent_at = ?, error = NULL WHERE job_id = ? AND number = ? AND state = '{AttemptState.NOT_SUBMITTED}'"
)
_MARK = "UPDATE attempts SET next_sent_at = MIN(?, COALESCE(next_sent_at, ?)) WHERE state IN ({})"
_MAY_GO_ON = (AttemptState.SUBMITTING, AttemptState.ACCEPTED)
"""A run follows such an attempt by another one by itself, once its task has failed and cost nothing."""
_NEW_ATTEMPT = frozenset({AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.REFUSED})


def doubt_jobs(
    connection: sqlite3.Connection,
    folder_id: str,
    *,
    since: float | None,
    sent: Mapping[str, float],
    is_retry_lost: bool = False,
) -> int:
    """Record, inside the open transaction, that jobs a plain run would submit may have been paid for already.

    The same keys are then sent while the API surely remembers them; after that the jobs are ``unknown``. The same goes
    for later attempts of jobs whose tasks were open: when such a task turns out to have failed, the process whose
    records are lost may have seen that before, and sent the key of the next attempt.

    Args:
        connection: The ledger's.
        folder_id: The folder's.
        since: When the earliest of the keys may have been sent; None when only those of ``sent`` may have.
        sent: Submit time by job id, as known from elsewhere, in Unix seconds.
        is_retry_lost: Whether that process was told to try failed jobs again. They stay failed here; where the user
            says so again, the same keys are sent.

    Returns:
        The number of these jobs.
    """
    doubted = 0
    for snapshot in _open_to_submit(connection):
        times = [time for time in (since, sent.get(snapshot.line.job.job_id)) if time is not None]
        if times:
            _doubt(connection, folder_id, snapshot, min(times))
            doubted += 1
    if since is not None:
        states = [state for state in AttemptState if is_retry_lost and state is not AttemptState.STORED] or _MAY_GO_ON
        connection.execute(_MARK.format(", ".join(f"'{state}'" for state in states)), (since, since))
    return doubted


def _open_to_submit(connection: sqlite3.Connection) -> list[JobSnapshot]:
    """Return the jobs that a plain run submits, with a new key or with one not submitted yet."""
    return [
        snapshot
        for page in read_snapshots(connection, ())  # none of those whose images are in place
        for snapshot in page
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
        connection.execute(_SEND_AGAIN, (sent_at, sent_at, job_id, attempt.number))
        return
    number = attempt.number + 1 if attempt is not None else 1
    connection.execute(_ADD, (job_id, number, idempotency_key(folder_id, job_id, number), sent_at, sent_at))


COUNT = "-count"
"""Suffix of the ledger's name."""
_MOST_BYTES = 4096
_WIDTH = 100
"""Size of the file, so that one write replaces all of it."""
_ON_RECORD = "SELECT folder_id, sendings, begun_at, begun_sendings, lost_since, created_at FROM identity"
_LAST_SENT_AT = "SELECT MAX(first_sent_at) FROM attempts"


@dataclass(frozen=True, slots=True)
class ToldCount:
    """The count in the file next to a ledger."""

    folder_id: str
    sendings: int


def read_count(path: Path) -> ToldCount | None:
    """Return the count stored beside the ledger at ``path``, or None; read it before the ledger.

    An active run writes it after its ledger, so it is never ahead of a ledger read later.
    """
    with suppress(OSError, UsageError, ValueError, RecursionError):
        tree, name = place_of(path)
        return LENIENT.decode(json.loads(tree.read(name + COUNT, most_bytes=_MOST_BYTES)), ToldCount)
    return None


def find_loss(connection: sqlite3.Connection, told: ToldCount | None) -> float | None:
    """Return the Unix seconds since when a ledger may lack records, or None when no loss is evident."""
    row = connection.execute(_ON_RECORD).fetchone()
    if row is None:
        return None
    folder_id, sendings, begun_at, begun_sendings, lost_since, created_at = row
    if lost_since is not None:
        return float(lost_since)
    if told is not None and told.folder_id == folder_id:
        is_behind = told.sendings > sendings
    else:  # a run was at work, and nothing that it did is here
        is_behind = begun_at is not None and sendings == begun_sendings
    if not is_behind:
        return None
    (last_sent_at,) = connection.execute(_LAST_SENT_AT).fetchone()
    return float(max(created_at, last_sent_at or 0.0) if begun_at is None else begun_at)


class CountBeside:
    """Writes the count beside a ledger that is open for writing."""

    def __init__(self, path: Path) -> None:
        self._tree, ledger = place_of(path)
        self._name = ledger + COUNT
        self._last: tuple[str, int] | None = None
        with suppress(OSError):  # else the ledger does without
            self._tree.unshare(self._name)

    def keep(self, connection: sqlite3.Connection) -> None:
        """Write the committed count; best effort, so it is not synced and a failure is ignored."""
        row = connection.execute("SELECT folder_id, sendings FROM identity").fetchone()
        if row is None or row == self._last:
            return
        text = json.dumps(LENIENT.encode(ToldCount(*row))).ljust(_WIDTH) + "\n"
        with suppress(OSError, UsageError):
            _overwrite(self._tree, self._name, text.encode())
            self._last = row


def _overwrite(tree: Tree, name: str, data: bytes) -> None:
    descriptor = tree.open_to_update(name)
    try:
        os.pwrite(descriptor, data, 0)
        os.ftruncate(descriptor, len(data))
    finally:
        os.close(descriptor)
