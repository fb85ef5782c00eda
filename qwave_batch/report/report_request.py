"""Which report is asked for, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.model.jsontypes import Json
from qwave_batch.report.thumbnail_making import UnmadeThumbnail

DEFAULT_NAME = "report"
"""The folder of a report in the run folder that it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """A report of one or several run folders."""

    folders: Sequence[str | Path]
    """Paths of run folders, or addresses of stores."""
    out: Path | None = None
    """The report's folder; without it ``report`` in the first run folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWritten:
    """A report that is there."""

    out: Path
    jobs: int
    images: int
    without_thumbnail: Sequence[UnmadeThumbnail]
    """Images that are missing or do not decode, each once."""
    without_original: Sequence[str]
    """Paths of images that can be shown small, from earlier, and whose file is not there as it was recorded."""
    is_live: bool
    """Whether a run is at work on one of the folders, so that there will be more."""
    files_written: int

    @property
    def page(self) -> Path:
        """The file to open."""
        return self.out / "index.html"

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``report --json`` prints."""
        return {
            "out": str(self.out),
            "page": str(self.page),
            "jobs": self.jobs,
            "images": self.images,
            "without_thumbnail": [
                {"job_id": each.job_id, "path": each.path, "reason": each.reason} for each in self.without_thumbnail
            ],
            "without_original": list(self.without_original),
            "live": self.is_live,
            "files_written": self.files_written,
        }
