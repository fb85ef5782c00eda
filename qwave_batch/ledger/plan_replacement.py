"""Replaces the plan in a ledger, with only as many writes as there are changes."""

import json
import sqlite3
from collections.abc import Iterable, Mapping

from qwave_batch.model.codec import EXACT
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


def replace_plan(connection: sqlite3.Connection, items: Iterable[PlanItem]) -> None:
    """Make ``items`` the plan inside the open transaction. A plan that did not change writes nothing."""
    # The new plan's ids are kept in a temporary file, not in memory.
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS planned_jobs (job_id TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS planned_twins (place INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM temp.planned_jobs")
    connection.execute("DELETE FROM temp.planned_twins")
    position = 0
    for item in items:
        match item:
            case Job():
                connection.execute("INSERT INTO temp.planned_jobs VALUES (?)", (item.job_id,))
                connection.execute(_UPSERT_JOB, (item.job_id, position, text_of_item(item)))
                position += 1
            case Duplicate():
                connection.execute("INSERT INTO temp.planned_twins VALUES (?)", (item.index,))
                connection.execute(_UPSERT_TWIN, (item.index, item.job_id, text_of_item(item)))
    connection.execute("DELETE FROM twins WHERE place NOT IN (SELECT place FROM temp.planned_twins)")
    connection.execute(
        "UPDATE jobs SET position = NULL "
        "WHERE position IS NOT NULL AND job_id NOT IN (SELECT job_id FROM temp.planned_jobs)"
    )
    connection.execute(
        "DELETE FROM jobs WHERE position IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM attempts WHERE attempts.job_id = jobs.job_id)"
    )


def text_of_item(item: PlanItem) -> str:
    """Return a job or a duplicate as the text that the ledger stores."""
    return json.dumps(EXACT.encode(item), separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    """Return a read-only mapping as a type that the encoder supports."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
