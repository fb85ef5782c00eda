"""Collects the problems of a plan by stage, and reports each once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.problem import Problem
from qwave_batch.plan.problem_collector import ProblemCollector, in_order
from qwave_batch.spec.document import Spec


@dataclass(slots=True)
class PlanProblems:
    """The problems of one spec while its plan is made."""

    spec: Spec
    whole: ProblemCollector = field(init=False)
    """For what concerns the spec as a whole; for a spec without stages, for all of it."""
    _of_stages: list[ProblemCollector] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.whole = ProblemCollector(self.spec.source_map)

    def of(self, part: Spec) -> ProblemCollector:
        """Return the collector of a part: of the spec itself, or a new one for a stage."""
        if part is self.spec:
            return self.whole
        self._of_stages.append(ProblemCollector(part.source_map))
        return self._of_stages[-1]

    def has_errors(self) -> bool:
        """Whether any problem is an error."""
        return any(collector.has_errors() for collector in self._all())

    def found(self) -> tuple[Problem, ...]:
        """Return the problems found: errors first, each kind in the order of the file."""
        if not self._of_stages:
            return self.whole.found()
        return in_order((*self.whole.found(), *_of_stages([each.found() for each in self._of_stages])))

    def of_reading(self) -> Iterator[Problem]:
        """Yield the warnings that no other mistake in the spec can cause."""
        for collector in self._all():
            yield from collector.of_reading

    def _all(self) -> Sequence[ProblemCollector]:
        return (self.whole, *self._of_stages)


def _of_stages(found: Sequence[Sequence[Problem]]) -> Iterator[Problem]:
    """Yield the problems of all stages, each once.

    A warning about what stands outside of their blocks counts only if every stage gives it: each uses a part of it.
    """
    kept: dict[tuple[object, ...], Problem] = {}
    given: dict[tuple[object, ...], int] = {}
    for of_stage in found:
        for problem in of_stage:
            key: tuple[object, ...] = (problem.place, problem.path, problem.severity, problem.message)
            kept.setdefault(key, problem)
            given[key] = given.get(key, 0) + 1
    for key, problem in kept.items():
        if problem.severity == "error" or (problem.path or "").startswith("stages[") or given[key] == len(found):
            yield problem
