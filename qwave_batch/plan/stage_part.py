"""A stage while it is prepared: the jobs that its own are made from, and which of them it takes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import inherited_axis
from qwave_batch.plan.checks.pick_names import check_pick
from qwave_batch.plan.expand.later_where import WHERE, LaterWhere, is_decided_later
from qwave_batch.plan.expand.parent_jobs import PARENT, ParentJob
from qwave_batch.plan.expand.parent_selection import ParentSelection
from qwave_batch.plan.expand.scope import compiled
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import SpecStage, ValuePath
from qwave_batch.spec.template.templates import TemplateValue

JobsOfStage: TypeAlias = Callable[[], Iterable[ParentJob]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePart:
    """A stage, and the jobs that its own are made from."""

    stage: SpecStage
    parents: JobsOfStage | None = None
    """Yields the jobs of the stage that it goes on from; None for a stage that begins with prompts."""
    known: int | None = None
    """How many these are, if that is known before they are expanded."""
    axes: tuple[str, ...] = ()
    """The axes of those jobs."""

    @property
    def inherited_axes(self) -> tuple[str, ...]:
        """Those axes as its own jobs have them."""
        return tuple(inherited_axis(name, self.stage.from_stage or "") for name in self.axes)

    def where(self, variables: Mapping[str, Json], problems: ProblemCollector) -> TemplateValue | None:
        """Return the compiled ``where``; None without one, or for one with a mistake, which is reported."""
        if self.stage.where is None:
            return None
        return compiled(self.stage.where, WHERE, {*variables, PARENT}, problems)

    def selection(
        self,
        where: TemplateValue | None,
        variables: Mapping[str, Json],
        problems: ProblemCollector,
        image_use: ValuePath | None,
    ) -> ParentSelection | None:
        """Return the parents that it takes; None for a stage that begins with prompts.

        Args:
            where: The compiled ``where``.
            variables: The rendered ``vars``.
            problems: Collects the mistakes.
            image_use: A place that asks for an image of the parent; None without one.
        """
        if self.parents is None:
            return None
        later = None
        if where is not None and is_decided_later(where):
            used = {name: value for name, value in variables.items() if name in where.names}
            later = LaterWhere(template=where, variables=used)
        if self.stage.pick is not None:
            check_pick(self.stage.pick, self.axes, problems)
        return ParentSelection(
            source=self.parents,
            where=where if later is None else None,
            later=later,
            variables=variables,
            problems=problems,
            image_use=image_use,
            known=self.known,
        )
