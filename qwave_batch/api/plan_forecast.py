"""About how long a plan takes: by its own limits alone, or by all that ``plan_capacity`` has found of it."""

from collections.abc import Container, Mapping
from dataclasses import replace

from qwave_batch.capacity.capacity import Capacity, bounded_by
from qwave_batch.capacity.folder_measures import FolderMeasures
from qwave_batch.capacity.plan_work import CapacityAsk, JobCount, workload_of
from qwave_batch.capacity.workload import Workload
from qwave_batch.plan.file.plan_file import AnyPlan


def expected_seconds(plan: AnyPlan, capacity: Capacity | None = None) -> float:
    """Return about how long a plan takes by its own limits, with tasks of 12 seconds; see ``plan_capacity`` for more.

    Args:
        plan: The plan.
        capacity: Its figures are taken instead, and all that bounds it.
    """
    return bounded_by(_whole(plan, capacity)).seconds


def longest_chain(plan: AnyPlan, making: Container[str]) -> int:
    """Return how many stages the longest chain has, of those that make something; 1 for a plan without stages."""
    length: dict[str | None, int] = {}
    for stage in plan.stages:
        length[stage.name] = length.get(stage.from_stage, 0) + (stage.name in making)
    return max(1, *length.values()) if length else 1


def expected_seconds_of(plan: AnyPlan, model: str, capacity: Capacity | None = None) -> float:
    """Return about how long the jobs of one model take, if the plan's limits are there for them alone."""
    return bounded_by(_whole(plan, capacity).alone(model)).seconds


def plan_workload(
    plan: AnyPlan,
    counts: Mapping[str, JobCount],
    measures: FolderMeasures,
    ask: CapacityAsk,
    *,
    stages: Container[str],
) -> Workload:
    """Return the workload of jobs of a plan; ``stages`` are those that they belong to."""
    keeps_keys = plan.catalog_used.idempotency_hours is not None
    load = workload_of(counts, plan.terms, keeps_keys=keeps_keys, measures=measures, ask=ask)
    return replace(load, chain=longest_chain(plan, stages))


def _whole(plan: AnyPlan, capacity: Capacity | None) -> Workload:
    """Return the workload of a whole plan, whatever is made of it."""
    by_model = plan.figures.by_model
    if capacity is None:
        counts = {model: JobCount(jobs=each.jobs, images=each.images) for model, each in by_model.items()}
        return plan_workload(plan, counts, FolderMeasures(), CapacityAsk(), stages=plan.figures.jobs_by_stage)
    works = [
        replace(work, jobs=by_model[work.model].jobs, images=by_model[work.model].images)
        for work in capacity.load.models
        if work.model in by_model
    ]
    return replace(capacity.load, models=works, chain=longest_chain(plan, plan.figures.jobs_by_stage))
