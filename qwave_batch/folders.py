"""Run folders: read their lines and figures, verify them, remove what is no longer asked for."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.api.run_folder import RunFolder, open_run
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus, ReusedFrom
from qwave_batch.output.folder_reader import FolderHeader, LineFilter, LineSource
from qwave_batch.output.folder_status import FolderStatus, Glance
from qwave_batch.output.live import LiveRun
from qwave_batch.output.manifest_line import ManifestLine

if TYPE_CHECKING:
    from qwave_batch.api.image_origins import ImageOrigin, OriginNote, OriginSearch, find_origins
    from qwave_batch.output.line_condition import lines_matching
    from qwave_batch.output.pruning import PrunePlan
    from qwave_batch.output.verification import VerifyReport

__all__ = [
    "CostReport",
    "FolderHeader",
    "FolderStatus",
    "Glance",
    "ImageFile",
    "ImageOrigin",
    "JobRecord",
    "JobStatus",
    "LineFilter",
    "LineSource",
    "LiveRun",
    "ManifestLine",
    "OriginNote",
    "OriginSearch",
    "PlanLine",
    "PrunePlan",
    "ReusedFrom",
    "RunFolder",
    "VerifyReport",
    "find_origins",
    "lines_matching",
    "open_run",
]

_LAZY_NAMES = {
    "qwave_batch.api.image_origins": ("ImageOrigin", "OriginNote", "OriginSearch", "find_origins"),
    "qwave_batch.output.line_condition": ("lines_matching",),
    "qwave_batch.output.pruning": ("PrunePlan",),
    "qwave_batch.output.verification": ("VerifyReport",),
}
"""Names that few commands need, by the module that defines them, which is loaded when one is first used."""

if not TYPE_CHECKING:
    __getattr__ = lazy.names_of(__name__, _LAZY_NAMES)
