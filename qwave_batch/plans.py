"""Specs and plans: read, check, look at, write; nothing here sends anything or costs money."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.api.catalog_lookup import catalogs_beside
from qwave_batch.api.plan_opening import (
    assumptions,
    open_plan,
    plan_summary,
    write_plan,
)
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.job import Duplicate, Job, JobError, PlanItem
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.model.terms import Completion, Limits, ModelLimits, Terms
from qwave_batch.plan.file.plan_file import AnyPlan, SavedPlan, read_plan
from qwave_batch.plan.plan_samples import JobSample
from qwave_batch.plan.plan_summary import Figures
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.document import Spec
from qwave_batch.spec.loading import load_spec

if TYPE_CHECKING:
    from qwave_batch.api.budget_outlook import BudgetOutlook, budget_outlook
    from qwave_batch.api.migrate_spec import Migration, migrate_spec
    from qwave_batch.api.migration_files import write_migration
    from qwave_batch.api.plan_capacity import plan_capacity
    from qwave_batch.api.plan_forecast import expected_seconds, expected_seconds_of
    from qwave_batch.api.spec_files import SpecCheck, check_spec, examine_spec, support_matrix, write_first_spec
    from qwave_batch.capacity.bounds import BoundKind, CapacityBound
    from qwave_batch.capacity.capacity import Capacity, WithWorkers
    from qwave_batch.capacity.folder_measures import FolderMeasures, SeenModel
    from qwave_batch.capacity.known_figure import Basis, FigureSource, KnownFigure
    from qwave_batch.capacity.workload import Means, ModelWork, MoneyLeft, SlotLimit, Workload
    from qwave_batch.plan.expand.later_where import deciding_facts
    from qwave_batch.plan.migration.spec_rewriting import Rewrite
    from qwave_batch.plan.support_matrix import AxisSupport, Support, SupportMatrix

__all__ = [
    "AnyPlan",
    "AxisSupport",
    "Basis",
    "BoundKind",
    "BudgetOutlook",
    "Capacity",
    "CapacityBound",
    "Completion",
    "CostRange",
    "Duplicate",
    "FigureSource",
    "Figures",
    "FolderMeasures",
    "Job",
    "JobError",
    "JobSample",
    "Json",
    "JsonObject",
    "KnownFigure",
    "Limits",
    "Means",
    "Migration",
    "ModelLimits",
    "ModelWork",
    "MoneyLeft",
    "ParentPick",
    "Plan",
    "PlanItem",
    "PlannedStage",
    "Problem",
    "Rewrite",
    "SavedPlan",
    "SeenModel",
    "SlotLimit",
    "SourcePlace",
    "Spec",
    "SpecCheck",
    "Support",
    "SupportMatrix",
    "Terms",
    "WithWorkers",
    "Workload",
    "assumptions",
    "budget_outlook",
    "catalogs_beside",
    "check_spec",
    "deciding_facts",
    "examine_spec",
    "expected_seconds",
    "expected_seconds_of",
    "load_spec",
    "make_plan",
    "migrate_spec",
    "open_plan",
    "plan_capacity",
    "plan_summary",
    "read_plan",
    "support_matrix",
    "write_first_spec",
    "write_migration",
    "write_plan",
]

_LAZY_NAMES = {
    "qwave_batch.api.budget_outlook": ("BudgetOutlook", "budget_outlook"),
    "qwave_batch.api.spec_files": ("SpecCheck", "check_spec", "examine_spec", "support_matrix", "write_first_spec"),
    "qwave_batch.api.migrate_spec": ("Migration", "migrate_spec"),
    "qwave_batch.api.migration_files": ("write_migration",),
    "qwave_batch.api.plan_capacity": ("plan_capacity",),
    "qwave_batch.api.plan_forecast": ("expected_seconds", "expected_seconds_of"),
    "qwave_batch.capacity.bounds": ("BoundKind", "CapacityBound"),
    "qwave_batch.capacity.capacity": ("Capacity", "WithWorkers"),
    "qwave_batch.capacity.folder_measures": ("FolderMeasures", "SeenModel"),
    "qwave_batch.capacity.known_figure": ("Basis", "FigureSource", "KnownFigure"),
    "qwave_batch.capacity.workload": ("Means", "ModelWork", "MoneyLeft", "SlotLimit", "Workload"),
    "qwave_batch.plan.expand.later_where": ("deciding_facts",),
    "qwave_batch.plan.migration.spec_rewriting": ("Rewrite",),
    "qwave_batch.plan.support_matrix": ("AxisSupport", "Support", "SupportMatrix"),
}
"""Names that few commands need, by the module that defines them, which is loaded when one is first used."""

if not TYPE_CHECKING:
    __getattr__ = lazy.names_of(__name__, _LAZY_NAMES)
