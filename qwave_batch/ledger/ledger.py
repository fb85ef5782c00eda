"""The ledger of a run folder: opening it, whose it is, its plan, and what became of each job."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from qwave_batch.ledger.identity import FolderClaim, FolderIdentity
from qwave_batch.ledger.lines import PlanLine
from qwave_batch.model.job import PlanItem
from qwave_batch.model.record import JobRecord


class Ledger:
    """An open ledger. Reading is possible while a run is live, and on the folder of a crashed one."""

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "Ledger":
        """Open the ledger at ``path``; without ``read_only`` it is made when it is not there.

        Raises:
            FolderError: it is of a newer format, or no ledger at all, or (read only) not there.
            StorageError: the disk refuses.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Finish what waits to be written and let go of the file; closing twice is fine."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def identity(self) -> FolderIdentity | None:
        """Return whose folder it is; None when nobody has claimed it yet."""
        raise NotImplementedError

    def claim(self, claim: FolderClaim, *, adopt: bool = False) -> FolderIdentity:
        """Take the folder into use, after ``check_identity``; call it before ``replace_plan``.

        Raises:
            FolderError: it belongs to something else.
        """
        raise NotImplementedError

    def replace_plan(self, items: Iterable[PlanItem]) -> None:
        """Make ``items`` the plan, in one transaction; what leaves the plan keeps its attempts and images."""
        raise NotImplementedError

    def lines(self) -> Iterator[PlanLine]:
        """Stream the plan in its order, each line with its record, all as of one moment."""
        raise NotImplementedError

    def record(self, job_id: str) -> JobRecord:
        """Return what is known of a job; one that was never begun is pending."""
        raise NotImplementedError

    def unplanned(self) -> Iterator[JobRecord]:
        """Stream the records of jobs that the plan no longer holds, by job id."""
        raise NotImplementedError

    def owner_of(self, path: str) -> str | None:
        """Return the id of the job that has an image at ``path`` (``images/...``) on record, or None."""
        raise NotImplementedError

    def forget(self, job_id: str) -> None:
        """Remove an unplanned job with its attempts and images from the record (``prune``, after its files).

        Its money stays in ``spent_nusd``. A job that is in the plan, or has an open task, is refused.
        """
        raise NotImplementedError

    def spent_nusd(self) -> int:
        """Return what this folder has cost so far, in nano-dollars, pruned jobs included."""
        raise NotImplementedError

    def held_nusd(self) -> int:
        """Return the most that may still come: tasks in flight, unknown or given up, in nano-dollars."""
        raise NotImplementedError
