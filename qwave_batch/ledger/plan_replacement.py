"""Replaces the plan in a ledger, and the decisions on its jobs, with only as many writes as there are changes."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import chain

from qwave_batch.ledger.attempt import stored_text
from qwave_batch.ledger.snapshots import JobDecision
from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.job import Duplicate, Job, PlanItem

_UPSERT_JOB = """
INSERT INTO jobs (job_id, position, body) VALUES (?, ?, ?)
ON CONFLICT (job_id) DO UPDATE SET position = excluded.position, body = excluded.body
WHERE position IS NOT excluded.position OR body <> excluded.body
"""
_UPSERT_TWIN = """
INSERT INTO twins (place, job_id, body) VALUES (?, ?, ?)
ON CONFLICT (place) DO UPDATE SET job_id = excluded.job_id, body = excluded.body
WHERE job_id <> excluded.job_id OR body <> excluded.body
"""
_WRITE_DECISION = """
INSERT INTO decisions (job_id, error)
SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.job_id = ?1)
ON CONFLICT (job_id) DO UPDATE SET error = excluded.error WHERE error IS NOT excluded.error
"""
_HAS_BEGUN = "EXISTS (SELECT 1 FROM attempts WHERE attempts.job_id = decisions.job_id)"


def replace_plan(connection: sqlite3.Connection, items: Iterable[PlanItem]) -> None:
    """Make ``items`` the plan inside the open transaction. A plan that did not change writes nothing."""
    recorded = _RecordedPlan(connection)
    rest = iter(items)
    for item in rest:
        if not recorded.goes_on_with(item):
            _replace_rest(connection, chain((item,), rest), recorded)
            return
    if not recorded.is_at_its_end():
        _replace_rest(connection, (), recorded)


def replace_decisions(connection: sqlite3.Connection, decisions: Iterable[JobDecision]) -> int:
    """Make ``decisions`` those on record inside the open transaction, and return how many rows changed.

    A job that has begun keeps its row, or has none: nothing that is decided later undoes what was sent.
    """
    changed = 0
    decided: set[str] = set()
    for decision in decisions:
        decided.add(decision.job_id)
        changed += connection.execute(_WRITE_DECISION, (decision.job_id, stored_text(decision.error))).rowcount
    recorded = connection.execute(f"SELECT job_id FROM decisions WHERE NOT {_HAS_BEGUN}")  # noqa: S608 - constants
    gone = [(job_id,) for (job_id,) in recorded if job_id not in decided]
    connection.executemany("DELETE FROM decisions WHERE job_id = ?", gone)
    return changed + len(gone)


class _RecordedPlan:
    """The plan on record, as far as it is the new one too."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._jobs = connection.execute(
            "SELECT job_id, position, body FROM jobs WHERE position IS NOT NULL ORDER BY position"
        )
        self._duplicates = connection.execute("SELECT place, job_id, body FROM twins ORDER BY place")
        self.jobs = 0
        """How many jobs are the same."""
        self.last_place = -1
        """The place of the last duplicate that is the same."""

    def goes_on_with(self, item: PlanItem) -> bool:
        """Whether the next job or duplicate on record is this one, to the letter."""
        match item:
            case Job():
                if self._jobs.fetchone() != (item.job_id, self.jobs, text_of_item(item)):
                    return False
                self.jobs += 1
            case Duplicate():
                if self._duplicates.fetchone() != (item.index, item.job_id, text_of_item(item)):
                    return False
                self.last_place = item.index
        return True

    def is_at_its_end(self) -> bool:
        """Whether nothing more is on record."""
        return self._jobs.fetchone() is None and self._duplicates.fetchone() is None

    def close(self) -> None:
        """End the reading, before its tables are written."""
        self._jobs.close()
        self._duplicates.close()


def _replace_rest(connection: sqlite3.Connection, items: Iterable[PlanItem], recorded: _RecordedPlan) -> None:
    """Put ``items`` in place of all that the recorded plan holds beyond what is the same."""
    recorded.close()
    # The new plan's ids are kept in a temporary file, not in memory.
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS planned_jobs (job_id TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS planned_twins (place INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM temp.planned_jobs")
    connection.execute("DELETE FROM temp.planned_twins")
    position = recorded.jobs
    for item in items:
        match item:
            case Job():
                connection.execute("INSERT INTO temp.planned_jobs VALUES (?)", (item.job_id,))
                connection.execute(_UPSERT_JOB, (item.job_id, position, text_of_item(item)))
                position += 1
            case Duplicate():
                connection.execute("INSERT INTO temp.planned_twins VALUES (?)", (item.index,))
                connection.execute(_UPSERT_TWIN, (item.index, item.job_id, text_of_item(item)))
    connection.execute(
        "DELETE FROM twins WHERE place > ? AND place NOT IN (SELECT place FROM temp.planned_twins)",
        (recorded.last_place,),
    )
    connection.execute(
        "UPDATE jobs SET position = NULL WHERE position >= ? AND job_id NOT IN (SELECT job_id FROM temp.planned_jobs)",
        (recorded.jobs,),
    )
    connection.execute(
        "DELETE FROM jobs WHERE position IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM attempts WHERE attempts.job_id = jobs.job_id)"
    )


_IF_KNOWN = Key(is_default_written=False)

PLAN_ITEMS = Codec(
    {Job: dict.fromkeys(("typical_nusd", "least_nusd", "overlay", "stage", "parents"), _IF_KNOWN)}, exact=True
)
"""The form in which the ledger holds jobs and duplicates; keys that older programs did not write may be absent."""


def text_of_item(item: PlanItem) -> str:
    """Return a job or a duplicate as the text that the ledger stores."""
    return _TEXT.encode(PLAN_ITEMS.encode(item))


def _plain(value: object) -> object:
    """Return a read-only mapping as a type that the encoder supports."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


_TEXT = json.JSONEncoder(separators=(",", ":"), default=_plain)
