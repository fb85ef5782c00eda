"""The ledger's interfaces for this package; ``ledger.Ledger`` implements them, and so does plain data."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.folder_identity import FolderIdentity
from qwave_batch.ledger.image_makers import JobOfImage
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.record import JobRecord


class LedgerReading(Protocol):
    """A ledger for reading."""

    def lines(self) -> Iterator[PlanLine]:
        """Stream the plan in its order, each line with its record."""
        ...

    def line_of(self, job_id: str) -> PlanLine | None:
        """Return the line of a job, planned or not; None for one that is not on record."""
        ...

    def lines_id(self) -> str | None:
        """Return an id of what the lines say, asked for before they are read; None when it is not known."""
        ...

    def line_counts(self) -> LineCounts:
        """Return the number of lines by status, and other sums over them."""
        ...

    def makers(self, sha256s: Collection[str], job_id: str | None) -> list[JobOfImage]:
        """Return the jobs that made one of these images, and the job of an id."""
        ...

    def unplanned(self) -> Iterator[JobRecord]:
        """Stream the records of jobs that the plan no longer holds."""
        ...

    def unplanned_parents(self) -> Mapping[str, Sequence[str]]:
        """Return the ids of the parents of jobs that the plan no longer holds, by job, for those that have any."""
        ...

    def unplanned_count(self) -> int:
        """Return their number."""
        ...

    def identity(self) -> FolderIdentity | None:
        """Return the identity of the folder."""
        ...

    def spent_nusd(self) -> int:
        """Return the cost of the folder so far."""
        ...

    def held_nusd(self) -> int:
        """Return the most that open tasks may still cost."""
        ...

    def cost_report(self) -> CostReport:
        """Return the amounts held, charged and refunded, next to catalog prices."""
        ...


class LedgerOwned(LedgerReading, Protocol):
    """The ledger of a run that is about to start."""

    is_vouched: bool

    def record(self, job_id: str) -> JobRecord:
        """Return the record of a job."""
        ...

    def image_count(self) -> int:
        """Return the number of recorded image files."""
        ...


class LedgerPruning(LedgerReading, Protocol):
    """A ledger for pruning."""

    def forget(self, job_id: str) -> None:
        """Remove an unplanned job, with its attempts and images, from the record."""
        ...
