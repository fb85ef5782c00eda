"""Runs: start one, follow it, stop it, and withdraw or fetch again what it left."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.api.line_selection import lines_where
from qwave_batch.api.run_batch import run_batch, run_request
from qwave_batch.api.run_outcome import CostEstimate, RunSummary
from qwave_batch.api.run_place import RunPlace, run_place
from qwave_batch.api.run_setup import Confirm
from qwave_batch.model.executor import RayExecutor
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.stop_reason import StopReason
from qwave_batch.model.task import TaskState
from qwave_batch.run.state.run_end import JobCounts
from qwave_batch.run.state.run_request import RunOptions, RunRequest
from qwave_batch.run.state.stop_reasons import StopSignal

if TYPE_CHECKING:
    from qwave_batch.api.cancel_tasks import CancelReport, cancel_tasks
    from qwave_batch.api.refetch_images import RefetchReport, UnfetchedJob, refetch_images
    from qwave_batch.api.run_sync import run_batch_sync
    from qwave_batch.run.tasks.cancellation import CancelOutcome, LeftAlone, NotSaid, Withdrawn

__all__ = [
    "CancelOutcome",
    "CancelReport",
    "Confirm",
    "CostEstimate",
    "EndKind",
    "JobCounts",
    "LeftAlone",
    "NotSaid",
    "RayExecutor",
    "RefetchReport",
    "RunOptions",
    "RunPlace",
    "RunRequest",
    "RunSummary",
    "RunWarning",
    "StopReason",
    "StopSignal",
    "TaskState",
    "UnfetchedJob",
    "Withdrawn",
    "cancel_tasks",
    "lines_where",
    "refetch_images",
    "run_batch",
    "run_batch_sync",
    "run_place",
    "run_request",
]

_LAZY_NAMES = {
    "qwave_batch.api.cancel_tasks": ("CancelReport", "cancel_tasks"),
    "qwave_batch.api.refetch_images": ("RefetchReport", "UnfetchedJob", "refetch_images"),
    "qwave_batch.api.run_sync": ("run_batch_sync",),
    "qwave_batch.run.tasks.cancellation": ("CancelOutcome", "LeftAlone", "NotSaid", "Withdrawn"),
}
"""Names that few commands need, by the module that defines them, which is loaded when one is first used."""

if not TYPE_CHECKING:
    __getattr__ = lazy.names_of(__name__, _LAZY_NAMES)
