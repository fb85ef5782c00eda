"""What this room asks of a ledger; ``ledger.Ledger`` answers it, and so does plain data."""

from collections.abc import Iterator
from typing import Protocol

from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.folder_identity import FolderIdentity
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.record import JobRecord


class LedgerReading(Protocol):
    """A ledger to read."""

    def lines(self) -> Iterator[PlanLine]:
        """Stream the plan in its order, each line with its record."""
        ...

    def unplanned(self) -> Iterator[JobRecord]:
        """Stream the records of jobs that the plan no longer holds."""
        ...

    def identity(self) -> FolderIdentity | None:
        """Return whose folder it is."""
        ...

    def spent_nusd(self) -> int:
        """Return what the folder has cost so far."""
        ...

    def held_nusd(self) -> int:
        """Return the most that may still come."""
        ...

    def books(self) -> CostReport:
        """Return what was set aside, charged and given back, beside what the catalog says."""
        ...


class LedgerOwned(LedgerReading, Protocol):
    """A ledger of the run that is about to begin."""

    is_vouched: bool

    def record(self, job_id: str) -> JobRecord:
        """Return what is known of a job."""
        ...

    def image_count(self) -> int:
        """Return how many image files are on record."""
        ...


class LedgerPruning(LedgerReading, Protocol):
    """A ledger to prune."""

    def forget(self, job_id: str) -> None:
        """Remove an unplanned job, with its attempts and images, from the record."""
        ...
