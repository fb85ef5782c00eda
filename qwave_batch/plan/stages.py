"""Prepares the stages of a spec one after the other, and expands them in one go."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.job import PlanItem
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.expand.entries import StartExpansion
from qwave_batch.plan.expand.expansion import Expansion, PlanPlaces
from qwave_batch.plan.input_images import InputImages
from qwave_batch.plan.plan_summary import PlanEntrySummary
from qwave_batch.plan.preparation import PreparedSpec, prepare
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.plan.stage_part import StagePart
from qwave_batch.spec.document import Duplicates, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPlan:
    """A spec that is ready for expansion: all of its stages, or the one part of a spec without stages."""

    parts: tuple[PreparedSpec, ...]
    """Parents before their children."""
    images: InputImages
    """The images that requests name by their files, as they were found first."""

    @property
    def expansions(self) -> Iterator[Expansion]:
        """The expansions of the parts, in the plan's order."""
        return (part.expansion for part in self.parts)

    def places(self) -> PlanPlaces:
        """Return the state at the beginning of a pass."""
        (first, *others) = self.parts
        is_apart = not others and first.expansion.spec.duplicates is Duplicates.KEEP
        return PlanPlaces(jobs=None) if is_apart else PlanPlaces()

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and duplicates in plan order.

        Raises:
            SpecError: After the last item of a part, if there are mistakes: a table has changed since it was counted.
        """
        places = self.places()
        for expansion in self.expansions:
            yield from expansion.items(places)

    def outlines(self) -> Iterator[PlanEntrySummary]:
        """Yield summaries of the entries, in plan order; raises as ``items`` does."""
        places = self.places()
        for expansion in self.expansions:
            yield from expansion.outlines(places)


def prepare_plan(
    spec: Spec,
    catalog: Catalog,
    problems: Callable[[Spec], ProblemCollector],
    *,
    start: StartExpansion = expand_with_cache,
    images: InputImages | None = None,
) -> PreparedPlan:
    """Return a spec, or each of its stages, compiled and checked.

    Args:
        spec: The spec.
        catalog: The catalog of the spec.
        problems: Returns the collector of a part's mistakes.
        start: The implementation of the expansion.
        images: The images as an earlier pass found them; None looks at the files.
    """
    images = InputImages(spec.inputs) if images is None else images
    if not spec.stages:
        part = prepare(spec, catalog, problems(spec), start=start, images=images)
        return PreparedPlan(parts=(part,), images=images)
    by_name: dict[str, PreparedSpec] = {}
    for stage in spec.stages:
        before = None if stage.from_stage is None else by_name[stage.from_stage]
        by_name[stage.name] = prepare(
            stage.spec,
            catalog,
            problems(stage.spec),
            start=start,
            images=images,
            part=StagePart(stage=stage) if before is None else before.followed_by(stage),
        )
    return PreparedPlan(parts=tuple(by_name.values()), images=images)


def planned_stages(spec: Spec, prepared: PreparedPlan) -> tuple[PlannedStage, ...]:
    """Return the stages as a run sees them: with what is decided only once the parents are made."""
    return tuple(
        PlannedStage(
            name=stage.name,
            from_stage=stage.from_stage,
            where=None if part.later_where is None else stage.where,
            variables={} if part.later_where is None else part.later_where.variables,
            pick=stage.pick,
        )
        for stage, part in zip(spec.stages, prepared.parts, strict=True)
    )
