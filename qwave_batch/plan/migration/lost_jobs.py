"""Jobs that a migrated spec makes otherwise than before: fewer, more, or with another number of images."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.plan_summary import Figures, ModelFigures
from qwave_batch.spec.document import Spec
from qwave_batch.spec.values.value_path import ValuePath, path_text

_REASONS = 3


class Migrated(Protocol):
    """The plan of a migrated spec."""

    @property
    def spec(self) -> Spec:
        """The spec."""
        ...

    @property
    def figures(self) -> Figures:
        """The counts of its jobs."""
        ...


def model_place(spec: Spec) -> tuple[str, SourcePlace]:
    """Return the path and the place of the spec's models."""
    ways: list[ValuePath] = [("matrix", "model"), ("request", "model"), ("prompts",)]
    ways += [("stages", stage.position, *way) for stage in spec.stages for way in ways[:2]]
    way = next((way for way in ways if spec.source_map.at(way)), ())
    return path_text(way), spec.source_map.place(way)


def lost_jobs(before: Figures, plan: Migrated, renames: Mapping[str, str], *, are_fewer: bool) -> Iterator[Problem]:
    """Yield what is not the same for a model: jobs that are made, and the images that they give.

    Args:
        before: The figures of the spec as it was.
        plan: The plan of the spec as it is now.
        renames: The models by their names before.
        are_fewer: Whether the author decided to have fewer values of some field, and so fewer jobs.
    """
    path, place = model_place(plan.spec)
    names = dict.fromkeys([*before.by_model, *(skip.model for skip in before.skips)])
    sources = Counter(renames.get(name, name) for name in names)
    for name in names:
        model = renames.get(name, name)
        if not model:
            continue
        jobs = _JobsOfModel(name, model, before, plan.figures, plan.spec.images)
        told = [jobs.skipped()]
        if sources[model] == 1:
            told += [jobs.added(), None if are_fewer else jobs.equal(), jobs.other_images()]
        for message, suggestion in filter(None, told):
            yield Problem(message=message, path=path, place=place, value=model, suggestion=suggestion)
        if sources[model] == 1 and (offered := jobs.offered_now()):
            message, suggestion = offered
            yield Problem(
                message=message, path=path, place=place, value=model, suggestion=suggestion, severity="warning"
            )


_Told: TypeAlias = tuple[str, str | None] | None
"""A message and a suggestion; None if there is nothing to tell."""


@dataclass(slots=True)
class _JobsOfModel:
    """The jobs of one model, before and after."""

    name: str
    """Its name before."""
    model: str
    """Its name now."""
    before: Figures
    after: Figures
    images: int | None
    """The images that the spec wants of each combination: however many jobs make them, it counts as one."""

    @property
    def _old(self) -> ModelFigures:
        return self.before.by_model.get(self.name, ModelFigures())

    @property
    def _new(self) -> ModelFigures:
        return self.after.by_model.get(self.model, ModelFigures())

    @property
    def _made_before(self) -> int:
        return self._made(self._old)

    @property
    def _made_now(self) -> int:
        return self._made(self._new)

    def _made(self, figures: ModelFigures) -> int:
        return figures.jobs if self.images is None else figures.images // self.images

    @property
    def _more_skipped(self) -> int:
        return sum(self._skips(self.after, {self.model}).values()) - sum(
            self._skips(self.before, {self.name, self.model}).values()
        )

    def _skips(self, figures: Figures, names: Collection[str]) -> dict[str, int]:
        """Return the number of skipped jobs by reason."""
        return {skip.reason: count for skip, count in figures.skips.items() if skip.model in names}

    def skipped(self) -> _Told:
        """Tell of jobs that are skipped now."""
        more = self._more_skipped
        if more <= 0:
            return None
        known = self._skips(self.before, {self.name, self.model})
        reasons = [
            f"{why} ({count:,})" for why, count in self._skips(self.after, {self.model}).items() if why not in known
        ]
        return f"{more:,} more of the jobs with {self.model} would be skipped than before: {'; '.join(reasons)}", None

    def added(self) -> _Told:
        """Tell of jobs that were not there, and were not skipped either."""
        more = self._made_now - self._made_before + self._more_skipped
        if more <= 0:
            return None
        return f"{more:,} more jobs with {self.model} would be made than before", "exclude them if they are not meant"

    def offered_now(self) -> _Told:
        """Tell of jobs that were skipped, and are not skipped any more."""
        more = min(self._made_now - self._made_before, -self._more_skipped)
        if more <= 0:
            return None
        known = self._skips(self.after, {self.model})
        reasons = [why for why in self._skips(self.before, {self.name, self.model}) if why not in known]
        why = f": {'; '.join(reasons[:_REASONS])}" if reasons else ""
        return (
            f"{more:,} more of the jobs with {self.model} will be made; before, they were skipped{why}",
            "exclude what is not meant",
        )

    def equal(self) -> _Told:
        """Tell of jobs that are no longer there, and were not skipped either."""
        fewer = self._made_before - self._made_now - self._more_skipped
        if fewer <= 0:
            return None
        return (
            f"{fewer:,} of the {self._made_before:,} jobs with {self.model} would be equal to others, or excluded",
            "write duplicates: keep for images of each, or take out what makes no difference",
        )

    def other_images(self) -> _Told:
        """Tell of jobs that give another number of images each."""
        old, new = self._old, self._new
        if self.images is not None or not old.jobs or not new.jobs or new.images * old.jobs == old.images * new.jobs:
            return None
        word = "more" if new.images * old.jobs > old.images * new.jobs else "fewer"
        return (
            f"the jobs with {self.model} give {word} images: up to {new.images:,} in place of up to {old.images:,}",
            "say with n how many images a job gives",
        )
