"""Run folders: read their lines and figures, verify them, remove what is no longer asked for."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.api.run_folder import RunFolder, open_run
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus, ReusedFrom
from qwave_batch.output.folder_reader import FolderHeader, LineFilter, LineSource
from qwave_batch.output.folder_status import FolderStatus, Glance
from qwave_batch.output.live import LiveRun
from qwave_batch.output.manifest_line import ManifestLine

if TYPE_CHECKING:
    from qwave_batch.api.image_origins import ImageOrigin, OriginSearch, find_origins
    from qwave_batch.api.restored_specs import OriginNote
    from qwave_batch.choosing.stage_choice import AwaitedKind, WaitReason
    from qwave_batch.choosing.stage_outlook import StageOutlook
    from qwave_batch.output.line_condition import lines_matching
    from qwave_batch.output.pruning import PrunePlan
    from qwave_batch.output.verification import VerifyReport
    from qwave_batch.quality.check_spool import CheckedFinding
    from qwave_batch.quality.checks_file import Checks, Dropping, read_checks
    from qwave_batch.quality.finding import Finding, FindingKind
    from qwave_batch.quality.finding_counts import FindingCounts
    from qwave_batch.quality.folder_check import CheckReport

__all__ = [
    "AwaitedKind",
    "CheckReport",
    "CheckedFinding",
    "Checks",
    "CostReport",
    "Dropping",
    "Finding",
    "FindingCounts",
    "FindingKind",
    "FolderHeader",
    "FolderStatus",
    "Glance",
    "ImageFile",
    "ImageOrigin",
    "JobRecord",
    "JobStatus",
    "LineCounts",
    "LineFilter",
    "LineSource",
    "LiveRun",
    "ManifestLine",
    "OriginNote",
    "OriginSearch",
    "ParentLink",
    "PlanLine",
    "PrunePlan",
    "ReusedFrom",
    "RunFolder",
    "StageOutlook",
    "VerifyReport",
    "WaitReason",
    "find_origins",
    "lines_matching",
    "open_run",
    "read_checks",
]

_LAZY_NAMES = {
    "qwave_batch.api.image_origins": ("ImageOrigin", "OriginSearch", "find_origins"),
    "qwave_batch.api.restored_specs": ("OriginNote",),
    "qwave_batch.choosing.stage_choice": ("AwaitedKind", "WaitReason"),
    "qwave_batch.choosing.stage_outlook": ("StageOutlook",),
    "qwave_batch.output.line_condition": ("lines_matching",),
    "qwave_batch.output.pruning": ("PrunePlan",),
    "qwave_batch.output.verification": ("VerifyReport",),
    "qwave_batch.quality.check_spool": ("CheckedFinding",),
    "qwave_batch.quality.checks_file": ("Checks", "Dropping", "read_checks"),
    "qwave_batch.quality.finding": ("Finding", "FindingKind"),
    "qwave_batch.quality.finding_counts": ("FindingCounts",),
    "qwave_batch.quality.folder_check": ("CheckReport",),
}
"""Names that few commands need, by the module that defines them, which is loaded when one is first used."""

if not TYPE_CHECKING:
    __getattr__ = lazy.names_of(__name__, _LAZY_NAMES)
