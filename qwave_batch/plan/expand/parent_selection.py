"""Selects the jobs of a stage that have children: by ``where``, as far as it can be decided before anything runs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.later_where import WHERE, LaterWhere
from qwave_batch.plan.expand.parent_jobs import PARENT, ParentJob
from qwave_batch.plan.expand.scope import render_or_report, with_names
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import TemplateValue


@dataclass(slots=True, kw_only=True)
class ParentSelection:
    """The parents of one stage."""

    source: Callable[[], Iterable[ParentJob]]
    """Yields all jobs of the stage that it goes on from, duplicates included, in plan order."""
    where: TemplateValue | None
    """None takes all, for now: ``later`` may leave some out."""
    later: LaterWhere | None = None
    """A ``where`` that is decided once the parents are scored; here it is tried only, to find its mistakes."""
    variables: Mapping[str, Json]
    problems: ProblemCollector
    image_use: ValuePath | None
    """A place in the spec that asks for an image of the parent; None without one."""
    known: int | None = None
    """How many jobs that stage has in its full product, if that is known before they are expanded."""
    seen: int = field(default=0, init=False)
    """The parents of the last pass."""
    passed: int = field(default=0, init=False)
    """How many of them ``where`` takes."""

    def kept(self) -> Iterator[ParentJob]:
        """Yield the parents that ``where`` takes; one without the image that its children need is reported."""
        self.seen = self.passed = 0
        for parent in self.source():
            self.seen += 1
            if not self._passes(parent):
                continue
            self.passed += 1
            if self.later is not None:
                self.later.check(parent.record, self.problems)
            if self.image_use is not None and parent.job.max_images == 0:
                self._note_imageless(parent, self.image_use)
            else:
                yield parent

    def _passes(self, parent: ParentJob) -> bool:
        if self.where is None:
            return True
        names = with_names(self.variables, {PARENT: parent.record})
        verdict = render_or_report(self.where, names, self.problems)
        if verdict is not UNKNOWN and not isinstance(verdict, bool):
            self.problems.add(
                WHERE,
                "where must come out as true or false",
                value=verdict,
                suggestion='write one comparison, such as "{{ parent.axes.seed == 1 }}"',
            )
        return verdict is True

    def _note_imageless(self, parent: ParentJob, where: ValuePath) -> None:
        job = parent.job
        self.problems.add(
            where,
            f'the jobs of stage "{job.stage}" with action {job.action} make no image of their own, '
            "so they have none to pass on",
            suggestion="take parent.task, or leave these jobs out by where",
        )
