"""Decides whether a job of a run can begin, has to wait for others of it, or is left to another run. Pure.

Jobs are asked about in the order of the plan, in which parents come before their children.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.record import JobStatus
from qwave_batch.run.schedule.job_actions import JobAction

_SUBMITS = frozenset({JobAction.SUBMIT, JobAction.RESUBMIT})


class Readiness(Enum):
    """Whether a job can begin."""

    READY = auto()
    """It has what it needs, or nothing is sent for it."""
    WAITS = auto()
    """For jobs that are made in this run."""
    SKIPPED = auto()
    """A parent has failed or is skipped, or the job was not chosen."""
    UNDECIDED = auto()
    """Scores or the like, which are not there yet, decide whether it is made."""
    OUT_OF_SCOPE = auto()
    """The run does not cover a parent that is not made yet."""
    PARENT_FAILED = auto()
    """So it is, since a parent that the run does not cover, or one before it, has failed."""
    PARENT_OPEN = auto()
    """A parent is not made yet, and this run does not make it."""


@dataclass(slots=True)
class ParentReadiness:
    """Remembers which jobs a run covers and which it works on; a byte for each."""

    deciding: frozenset[str] = frozenset()
    """The stages whose jobs are made only if a decision says so."""
    is_whole: bool = True
    """Whether the run covers the whole plan."""
    _works: bytearray = field(default_factory=bytearray)
    """By row, whether the run works on the job: now or once its parents are made."""
    _covers: bytearray = field(default_factory=bytearray)

    def judge(self, snapshot: JobSnapshot, work: JobAction) -> Readiness:
        """Return whether a job can begin.

        Args:
            snapshot: The job.
            work: The action of the run for it, parents apart.
        """
        row = snapshot.row
        if row >= len(self._works):
            for rows in (self._works, self._covers):
                rows.extend(bytes(row + 1 - len(rows)))
        self._covers[row] = True
        readiness = self._readiness(snapshot) if work in _SUBMITS else Readiness.READY
        self._works[row] = work is not JobAction.NOTHING and readiness in {Readiness.READY, Readiness.WAITS}
        return readiness

    def awaited(self, snapshot: JobSnapshot) -> Iterator[tuple[int, int]]:
        """Yield the rows of the parents that the run works on, each with the highest number of an image needed."""
        needed: dict[int, int] = {}
        for link in snapshot.line.job.parents:
            parent = snapshot.parents.get(link.job_id)
            if parent is not None and self._is_worked_on(parent.row):
                needed[parent.row] = max(needed.get(parent.row, 0), link.image or 0)
        yield from needed.items()

    def _readiness(self, snapshot: JobSnapshot) -> Readiness:
        job, has_begun = snapshot.line.job, snapshot.attempt is not None
        if not has_begun and job.stage in self.deciding and snapshot.decision is None:
            return Readiness.UNDECIDED
        if not has_begun and snapshot.decision is not None and snapshot.decision.error is not None:
            return Readiness.SKIPPED
        unmet = is_awaited = False
        for link in job.parents:
            parent = snapshot.parents.get(link.job_id)
            if parent is not None and self._is_worked_on(parent.row):
                is_awaited = True  # one that is stored, too: its files are damaged, and fetched again
            elif parent is None or not parent.meets(link):
                unmet = True
        if not unmet:
            return Readiness.WAITS if is_awaited else Readiness.READY
        if snapshot.line.record.status is JobStatus.SKIPPED:
            has_failed = any(parent.has_failed for parent in snapshot.parents.values())
            is_told = self.is_whole or not has_failed or self._covers_parents(snapshot)
            return Readiness.SKIPPED if is_told else Readiness.PARENT_FAILED
        return Readiness.PARENT_OPEN if self.is_whole or self._covers_parents(snapshot) else Readiness.OUT_OF_SCOPE

    def _covers_parents(self, snapshot: JobSnapshot) -> bool:
        """Whether the run covers all parents that are not made."""
        return all(
            parent.row < len(self._covers) and self._covers[parent.row]
            for parent in snapshot.parents.values()
            if parent.status is not JobStatus.COMPLETED
        )

    def _is_worked_on(self, row: int) -> bool:
        return row < len(self._works) and bool(self._works[row])
