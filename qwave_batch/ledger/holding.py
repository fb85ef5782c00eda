"""What a folder holds of a job, for another folder to take."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.reading import read_attempts, read_files
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.record import ReusedFrom


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusableJob:
    """A completed job with all its images."""

    attempt: Attempt
    files: tuple[StoredFile, ...]
    """As they are on record there; whoever takes them looks whether they are whole."""
    cost_nusd: int
    """What the job cost there, over all attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusedJob:
    """A job whose images were taken from another folder and are in place."""

    holding: ReusableJob
    origin: ReusedFrom
    files: Sequence[StoredFile]
    """As they stand in the folder that took them."""


def read_holding(connection: sqlite3.Connection, job_id: str) -> ReusableJob | None:
    """Return what is held of a job; None when it is not completed."""
    attempts = read_attempts(connection, job_id)
    if not attempts or attempts[-1].state is not AttemptState.STORED:
        return None
    return ReusableJob(
        attempt=attempts[-1],
        files=read_files(connection, attempts[-1]),
        cost_nusd=sum(attempt.cost_nusd for attempt in attempts),
    )
