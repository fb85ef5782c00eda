"""The composition root: each use case puts the rooms together.

Everything public is named here, once, and loaded when it is first asked for: importing this opens no socket, reads no
environment and takes no time.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qwave_batch.api.account import ask_balance
    from qwave_batch.api.budgeting import BudgetOutlook, budget_outlook
    from qwave_batch.api.cancelling import CancelReport, cancel_tasks
    from qwave_batch.api.catalogs import describe_catalog, describe_model, json_schema, newest_catalog
    from qwave_batch.api.comparing import PlanComparison, compare_plan
    from qwave_batch.api.connection import Connection, Simulated
    from qwave_batch.api.estimating import CostEstimate
    from qwave_batch.api.folders import RunFolder, open_run
    from qwave_batch.api.live import LiveModelList, ask_models, glance_at_balance
    from qwave_batch.api.planning import expected_seconds, expected_seconds_of, open_plan, plan_summary, write_plan
    from qwave_batch.api.refetching import RefetchReport, UnfetchedJob, refetch_images
    from qwave_batch.api.running import Confirm, run_batch
    from qwave_batch.api.runplace import RunPlace, run_place
    from qwave_batch.api.runsummary import RunSummary
    from qwave_batch.api.selecting import lines_where
    from qwave_batch.api.simulation import serve_simulator
    from qwave_batch.api.specs import SpecCheck, check_spec, examine_spec
    from qwave_batch.api.starting import write_first_spec
    from qwave_batch.api.supporting import support_matrix
    from qwave_batch.api.syncing import run_batch_sync
    from qwave_batch.catalog.catalog import Catalog
    from qwave_batch.catalog.model import Model
    from qwave_batch.catalog.offers import Offer
    from qwave_batch.catalog.registry import catalog_dates, open_catalog
    from qwave_batch.catalog.violation import Violation
    from qwave_batch.client.answers import Balance
    from qwave_batch.errors import (
        AccountError,
        BudgetError,
        FolderBusy,
        FolderError,
        MissingExtra,
        QwaveError,
        RunStopped,
        SpecError,
        StorageError,
        UnknownName,
        UsageError,
    )
    from qwave_batch.ledger.cost_report import CostReport
    from qwave_batch.ledger.snapshots import PlanLine
    from qwave_batch.model.events import (
        Event,
        ImagesStored,
        JobSetBack,
        OnEvent,
        RunEnded,
        RunEstimated,
        RunStarted,
        RunWaiting,
        SubmitBegun,
        TaskAccepted,
        TaskEnded,
    )
    from qwave_batch.model.job import Duplicate, Job, JobError, PlanItem
    from qwave_batch.model.jsontypes import Json, JsonObject
    from qwave_batch.model.problem import Problem, SourcePlace
    from qwave_batch.model.progress import OnProgress, Progress, Waiting, WaitKind
    from qwave_batch.model.record import ImageFile, JobRecord, JobStatus, ReusedFrom
    from qwave_batch.model.task import TaskState
    from qwave_batch.model.terms import Completion, Limits, ModelLimits, Terms
    from qwave_batch.output.eventlog import EventLog
    from qwave_batch.output.events import event_as_json
    from qwave_batch.output.live import LiveRun
    from qwave_batch.output.manifest_line import ManifestLine
    from qwave_batch.output.prune import PrunePlan
    from qwave_batch.output.status import FolderStatus, Glance
    from qwave_batch.output.verify import VerifyReport
    from qwave_batch.plan.comparison import Change, Comparison, PriceOf, catalog_price_of
    from qwave_batch.plan.file.plan_file import AnyPlan, SavedPlan, read_plan
    from qwave_batch.plan.plan_samples import JobSample
    from qwave_batch.plan.plan_summary import Figures
    from qwave_batch.plan.planner import Plan, make_plan
    from qwave_batch.plan.support_matrix import AxisSupport, Support, SupportMatrix
    from qwave_batch.run.context import RunOptions
    from qwave_batch.run.counters import JobCounts
    from qwave_batch.run.schedule.stop_reasons import StopSignal
    from qwave_batch.run.tasks.cancellation import CancelOutcome, LeftAlone, NotSaid, Withdrawn
    from qwave_batch.spec.document import Spec
    from qwave_batch.spec.loading import load_spec

__all__ = [
    "AccountError",
    "AnyPlan",
    "AxisSupport",
    "Balance",
    "BudgetError",
    "BudgetOutlook",
    "CancelOutcome",
    "CancelReport",
    "Catalog",
    "Change",
    "Comparison",
    "Completion",
    "Confirm",
    "Connection",
    "CostEstimate",
    "CostReport",
    "Duplicate",
    "Event",
    "EventLog",
    "Figures",
    "FolderBusy",
    "FolderError",
    "FolderStatus",
    "Glance",
    "ImageFile",
    "ImagesStored",
    "Job",
    "JobCounts",
    "JobError",
    "JobRecord",
    "JobSample",
    "JobSetBack",
    "JobStatus",
    "Json",
    "JsonObject",
    "LeftAlone",
    "Limits",
    "LiveModelList",
    "LiveRun",
    "ManifestLine",
    "MissingExtra",
    "Model",
    "ModelLimits",
    "NotSaid",
    "Offer",
    "OnEvent",
    "OnProgress",
    "Plan",
    "PlanComparison",
    "PlanItem",
    "PlanLine",
    "PriceOf",
    "Problem",
    "Progress",
    "PrunePlan",
    "QwaveError",
    "RefetchReport",
    "ReusedFrom",
    "RunEnded",
    "RunEstimated",
    "RunFolder",
    "RunOptions",
    "RunPlace",
    "RunStarted",
    "RunStopped",
    "RunSummary",
    "RunWaiting",
    "SavedPlan",
    "Simulated",
    "SourcePlace",
    "Spec",
    "SpecCheck",
    "SpecError",
    "StopSignal",
    "StorageError",
    "SubmitBegun",
    "Support",
    "SupportMatrix",
    "TaskAccepted",
    "TaskEnded",
    "TaskState",
    "Terms",
    "UnfetchedJob",
    "UnknownName",
    "UsageError",
    "VerifyReport",
    "Violation",
    "WaitKind",
    "Waiting",
    "Withdrawn",
    "ask_balance",
    "ask_models",
    "budget_outlook",
    "cancel_tasks",
    "catalog_dates",
    "catalog_price_of",
    "check_spec",
    "compare_plan",
    "describe_catalog",
    "describe_model",
    "event_as_json",
    "examine_spec",
    "expected_seconds",
    "expected_seconds_of",
    "glance_at_balance",
    "json_schema",
    "lines_where",
    "load_spec",
    "make_plan",
    "newest_catalog",
    "open_catalog",
    "open_plan",
    "open_run",
    "plan_summary",
    "read_plan",
    "refetch_images",
    "run_batch",
    "run_batch_sync",
    "run_place",
    "serve_simulator",
    "support_matrix",
    "write_first_spec",
    "write_plan",
]

HOMES: Mapping[str, tuple[str, ...]] = {
    "qwave_batch.api.account": ("ask_balance",),
    "qwave_batch.api.budgeting": ("BudgetOutlook", "budget_outlook"),
    "qwave_batch.api.cancelling": ("CancelReport", "cancel_tasks"),
    "qwave_batch.api.catalogs": ("describe_catalog", "describe_model", "json_schema", "newest_catalog"),
    "qwave_batch.api.comparing": ("PlanComparison", "compare_plan"),
    "qwave_batch.api.connection": ("Connection", "Simulated"),
    "qwave_batch.api.estimating": ("CostEstimate",),
    "qwave_batch.api.folders": ("RunFolder", "open_run"),
    "qwave_batch.api.live": ("LiveModelList", "ask_models", "glance_at_balance"),
    "qwave_batch.api.planning": ("expected_seconds", "expected_seconds_of", "open_plan", "plan_summary", "write_plan"),
    "qwave_batch.api.refetching": ("RefetchReport", "UnfetchedJob", "refetch_images"),
    "qwave_batch.api.running": ("Confirm", "run_batch"),
    "qwave_batch.api.runplace": ("RunPlace", "run_place"),
    "qwave_batch.api.runsummary": ("RunSummary",),
    "qwave_batch.api.selecting": ("lines_where",),
    "qwave_batch.api.simulation": ("serve_simulator",),
    "qwave_batch.api.specs": ("SpecCheck", "check_spec", "examine_spec"),
    "qwave_batch.api.starting": ("write_first_spec",),
    "qwave_batch.api.syncing": ("run_batch_sync",),
    "qwave_batch.api.supporting": ("support_matrix",),
    "qwave_batch.catalog.catalog": ("Catalog",),
    "qwave_batch.catalog.model": ("Model",),
    "qwave_batch.catalog.offers": ("Offer",),
    "qwave_batch.catalog.registry": ("catalog_dates", "open_catalog"),
    "qwave_batch.catalog.violation": ("Violation",),
    "qwave_batch.client.answers": ("Balance",),
    "qwave_batch.errors": (
        "AccountError",
        "BudgetError",
        "FolderBusy",
        "FolderError",
        "MissingExtra",
        "QwaveError",
        "RunStopped",
        "SpecError",
        "StorageError",
        "UnknownName",
        "UsageError",
    ),
    "qwave_batch.ledger.cost_report": ("CostReport",),
    "qwave_batch.ledger.snapshots": ("PlanLine",),
    "qwave_batch.model.events": (
        "Event",
        "ImagesStored",
        "JobSetBack",
        "OnEvent",
        "RunEnded",
        "RunEstimated",
        "RunStarted",
        "RunWaiting",
        "SubmitBegun",
        "TaskAccepted",
        "TaskEnded",
    ),
    "qwave_batch.model.job": ("Job", "JobError", "PlanItem", "Duplicate"),
    "qwave_batch.model.jsontypes": ("Json", "JsonObject"),
    "qwave_batch.model.problem": ("SourcePlace", "Problem"),
    "qwave_batch.model.progress": ("OnProgress", "Progress", "WaitKind", "Waiting"),
    "qwave_batch.model.record": ("ImageFile", "JobRecord", "JobStatus", "ReusedFrom"),
    "qwave_batch.model.task": ("TaskState",),
    "qwave_batch.model.terms": ("Completion", "Limits", "ModelLimits", "Terms"),
    "qwave_batch.output.eventlog": ("EventLog",),
    "qwave_batch.output.events": ("event_as_json",),
    "qwave_batch.output.manifest_line": ("ManifestLine",),
    "qwave_batch.output.live": ("LiveRun",),
    "qwave_batch.output.prune": ("PrunePlan",),
    "qwave_batch.output.status": ("FolderStatus", "Glance"),
    "qwave_batch.output.verify": ("VerifyReport",),
    "qwave_batch.plan.comparison": ("Change", "Comparison", "PriceOf", "catalog_price_of"),
    "qwave_batch.plan.planner": ("Plan", "make_plan"),
    "qwave_batch.plan.file.plan_file": ("AnyPlan", "SavedPlan", "read_plan"),
    "qwave_batch.plan.plan_samples": ("JobSample",),
    "qwave_batch.plan.plan_summary": ("Figures",),
    "qwave_batch.plan.support_matrix": ("AxisSupport", "Support", "SupportMatrix"),
    "qwave_batch.run.tasks.cancellation": ("CancelOutcome", "LeftAlone", "NotSaid", "Withdrawn"),
    "qwave_batch.run.counters": ("JobCounts",),
    "qwave_batch.run.context": ("RunOptions",),
    "qwave_batch.run.schedule.stop_reasons": ("StopSignal",),
    "qwave_batch.spec.document": ("Spec",),
    "qwave_batch.spec.loading": ("load_spec",),
}
"""Where each public name is at home."""

_HOME_OF = {name: module for module, names in HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Return a public name, loading its module now."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
