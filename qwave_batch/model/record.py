"""The record of a job in the ledger: the run's half of a manifest line."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from qwave_batch.model.job import JobError
from qwave_batch.model.money import usd_from_nusd


class JobStatus(StrEnum):
    """The status of a manifest line; see docs/run-folder.md."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFile:
    """One image in the run folder."""

    path: str
    """Relative to the run folder, with ``/``: ``images/...``."""
    sha256: str
    size_bytes: int
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    format: str
    """``png``, ``jpeg``, ``webp`` or ``gif``, or one that nobody asks for: ``avif``, ``tiff``, ``bmp``, ``jpeg2000``.
    From the bytes and never from the URL."""
    source_url: str

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"ImageFile({self.path})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusedFrom:
    """The source folder of images that were reused."""

    folder: str
    """The run folder that held them, relative to the one that took them where that is possible, with ``/``."""
    folder_id: str
    """The random id of that folder's ledger, which stays when it is moved."""
    cost_usd: float
    """Cost of the job there; it is not part of the cost here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """The state of one job, derived from its attempts. Times are Unix seconds."""

    job_id: str
    status: JobStatus
    task_id: str | None = None
    """The newest task of the job."""
    attempts: int = 0
    """How many tasks the API made for it."""
    submitted_at: float | None = None
    completed_at: float | None = None
    """When the task ended."""
    seconds: float | None = None
    """From submit to the task's end."""
    cost_nusd: int = 0
    cost_from: Literal["api", "catalog"] | None = None
    images: tuple[ImageFile, ...] = ()
    error: JobError | None = None
    reused_from: ReusedFrom | None = None
    """The source of reused images; None if this folder's own task made them, or none exist."""

    @property
    def cost_usd(self) -> float:
        """Cost of the job, in USD, over all its attempts."""
        return usd_from_nusd(self.cost_nusd)
