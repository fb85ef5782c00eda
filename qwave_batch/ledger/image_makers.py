"""The jobs that made an image, by its hash: planned, left the plan, or reused from another folder."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from qwave_batch.ledger.job_reading import read_snapshots_of
from qwave_batch.ledger.snapshots import PlanLine

_MAKERS = (
    "SELECT row FROM jobs WHERE job_id = ? UNION SELECT row FROM jobs WHERE job_id IN "
    "(SELECT job_id FROM images WHERE sha256 IN (SELECT value FROM json_each(?)))"
)
_NUMBER = "SELECT COUNT(*) FROM jobs WHERE position IS NOT NULL AND position <= ?"


@dataclass(frozen=True, slots=True)
class JobOfImage:
    """A job on record that made an image which is looked for."""

    number: int | None
    """The number of its line in the manifest, from 1; None when the plan no longer holds it."""
    line: PlanLine


def read_makers(connection: sqlite3.Connection, sha256s: Collection[str], job_id: str | None) -> list[JobOfImage]:
    """Return the jobs with one of these images, and the one of an id; those that left the plan come last."""
    rows = [row for (row,) in connection.execute(_MAKERS, (job_id or "", json.dumps(sorted(sha256s))))]
    found = [
        JobOfImage(
            None if each.position is None else int(connection.execute(_NUMBER, (each.position,)).fetchone()[0]),
            each.line,
        )
        for each in read_snapshots_of(connection, rows)
    ]
    return sorted(found, key=lambda each: (each.number is None, each.number or 0, each.line.job.job_id))
