"""Counts the lines of the plan by status, in SQL: no line is read for it."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.parent_states import read_left_out
from qwave_batch.ledger.snapshots import status_in
from qwave_batch.model.codec import LEFT_OUT, Codec, usd_key
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd
from qwave_batch.model.record import JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCounts:
    """The lines of a plan by status."""

    jobs: int = 0
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    unknown: int = 0
    pending: int = 0
    short: int = 0
    """Completed with fewer images than requested."""
    reused: int = 0
    """Completed with images reused from another folder."""
    images: int = 0
    cost_nusd: int = 0
    in_flight: int = 0
    """Pending with a task at the API, which may still be charged."""
    image_bytes: int = 0
    stages: Mapping[str, "LineCounts"] = field(default_factory=dict)
    """The same for each stage, in the plan's order; empty for a plan without stages."""
    cost_usd = InUsd()

    def as_json(self) -> dict[str, Json]:
        """Return the counts as summary.json has them: those of stages only where the plan has some."""
        counts = _COUNTS.encode(self)
        if self.stages:
            counts["stages"] = {name: stage.as_json() for name, stage in self.stages.items()}
        return counts


_COUNTS = Codec(
    {
        LineCounts: {
            "reused": LEFT_OUT,
            "cost_nusd": usd_key("cost_usd"),
            "in_flight": LEFT_OUT,
            "image_bytes": LEFT_OUT,
            "stages": LEFT_OUT,
        }
    }
)

_OF_NEWEST = "images.job_id = planned.job_id AND images.number = newest.number"
_WITH_IMAGES = f"state IN ('{AttemptState.STORED}', '{AttemptState.UNRECOVERABLE}')"
_EARLIER = "attempts.job_id = planned.job_id AND attempts.number < newest.number"
_ALIKE = f"""
    -- sorted by the job's id, so that the look-ups in the other tables go through their pages once
    WITH planned AS MATERIALIZED (
        SELECT row, job_id, json_extract(body, '$.max_images') AS wanted,
            json_extract(body, '$.skip') IS NOT NULL AS is_skipped,
            position, json_extract(body, '$.stage') AS stage
        FROM jobs WHERE position IS NOT NULL ORDER BY +job_id
    ),
    told AS (
        SELECT stage, position, state, wanted,
            is_skipped OR (state IS NULL AND row IN (SELECT value FROM json_each(?))) AS is_skipped,
            COALESCE(error, '') <> '' AS has_error, COALESCE(origin, '') <> '' AS is_reused,
            newest.cost_nusd + CASE WHEN newest.number > 1
                THEN COALESCE((SELECT SUM(cost_nusd) FROM attempts WHERE {_EARLIER}), 0) ELSE 0 END AS cost,
            -- of a line that may be pending only: of others it is not asked
            CASE WHEN state <> '{AttemptState.STORED}' THEN
                (SELECT ended_at IS NULL FROM attempts WHERE attempts.job_id = planned.job_id AND task_id IS NOT NULL
                 ORDER BY number DESC LIMIT 1) END AS is_open,
            CASE WHEN {_WITH_IMAGES} THEN (SELECT COUNT(*) FROM images WHERE {_OF_NEWEST}) ELSE 0 END AS images,
            CASE WHEN {_WITH_IMAGES} THEN (SELECT SUM(size_bytes) FROM images WHERE {_OF_NEWEST}) END AS bytes
        FROM planned LEFT JOIN attempts AS newest ON newest.job_id = planned.job_id
            AND newest.number = (SELECT MAX(number) FROM attempts WHERE attempts.job_id = planned.job_id)
    )
    SELECT stage, state, has_error, is_reused, is_skipped, COUNT(*), COALESCE(SUM(cost), 0), SUM(images),
           COALESCE(SUM(bytes), 0), SUM(images < wanted), COALESCE(SUM(is_open), 0)
    FROM told GROUP BY stage, state, has_error, is_reused, is_skipped ORDER BY MIN(position)
"""  # noqa: S608 - constants
"""Lines that have the same status, counted together; ``derive_record`` and ``LineCounter`` say the same of one."""


class _Alike(NamedTuple):
    """A row of the query: lines of a stage that have the same status."""

    stage: str | None
    state: str | None
    has_error: int
    is_reused: int
    is_skipped: int
    jobs: int
    cost_nusd: int
    images: int
    image_bytes: int
    short: int
    open: int


def read_line_counts(connection: sqlite3.Connection) -> LineCounts:
    """Return the counts of the whole plan."""
    whole, stages = _Sums(), dict[str, _Sums]()
    connection.execute("BEGIN")  # for two statements about one moment
    try:
        rows = connection.execute(_ALIKE, (json.dumps(read_left_out(connection)),)).fetchall()
    finally:
        connection.execute("ROLLBACK")
    for alike in map(_Alike._make, rows):
        whole.add(alike)
        if alike.stage is not None:
            stages.setdefault(alike.stage, _Sums()).add(alike)
    return whole.counts({name: sums.counts({}) for name, sums in stages.items()})


@dataclass(slots=True)
class _Sums:
    statuses: Counter[JobStatus] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, alike: _Alike) -> None:
        status = status_in(
            None if alike.state is None else AttemptState(alike.state),
            has_error=bool(alike.has_error),
            is_skipped=bool(alike.is_skipped),
        )
        is_complete = status is JobStatus.COMPLETED
        self.statuses[status] += alike.jobs
        self.others.update(
            short=alike.short if is_complete else 0,
            reused=alike.jobs if is_complete and alike.is_reused else 0,
            images=alike.images,
            cost_nusd=alike.cost_nusd,
            in_flight=alike.open if status is JobStatus.PENDING else 0,
            image_bytes=alike.image_bytes,
        )

    def counts(self, stages: Mapping[str, LineCounts]) -> LineCounts:
        statuses = {status.value: self.statuses[status] for status in JobStatus}
        return LineCounts(jobs=self.statuses.total(), **statuses, **self.others, stages=stages)
