"""Replaces the decisions in a ledger, with only as many writes as there are changes."""

import sqlite3
from collections.abc import Iterable

from qwave_batch.ledger.attempt import stored_text
from qwave_batch.ledger.snapshots import JobDecision

_HAS_BEGUN = "EXISTS (SELECT 1 FROM attempts WHERE attempts.job_id = decisions.job_id)"
_WRITE = """
INSERT INTO decisions (job_id, error)
SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.job_id = ?1)
ON CONFLICT (job_id) DO UPDATE SET error = excluded.error WHERE error IS NOT excluded.error
"""


def replace_decisions(connection: sqlite3.Connection, decisions: Iterable[JobDecision]) -> int:
    """Make ``decisions`` those on record inside the open transaction, and return how many rows changed.

    A job that has begun keeps its row, or has none: nothing that is decided later undoes what was sent.
    """
    changed = 0
    decided: set[str] = set()
    for decision in decisions:
        decided.add(decision.job_id)
        changed += connection.execute(_WRITE, (decision.job_id, stored_text(decision.error))).rowcount
    recorded = connection.execute(f"SELECT job_id FROM decisions WHERE NOT {_HAS_BEGUN}")  # noqa: S608 - constants
    gone = [(job_id,) for (job_id,) in recorded if job_id not in decided]
    connection.executemany("DELETE FROM decisions WHERE job_id = ?", gone)
    return changed + len(gone)
