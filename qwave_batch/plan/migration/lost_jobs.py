"""Jobs that a spec made before its migration and would not make, or not as many images of, afterwards."""

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.plan_summary import Figures
from qwave_batch.spec.document import Spec
from qwave_batch.spec.values.value_path import ValuePath

MODELS = "matrix.model"


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


def _model_place(spec: Spec) -> SourcePlace:
    """Return the place of the spec's models."""
    ways: tuple[ValuePath, ...] = (("matrix", "model"), ("request", "model"), ("prompts",))
    return spec.source_map.place(next((way for way in ways if spec.source_map.at(way)), ()))


def lost_jobs(before: Figures, plan: Migrated, renames: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the models of which jobs are skipped now that were made before, or that give fewer images now.

    Args:
        before: The figures of the spec as it was.
        plan: The plan of the spec as it is now.
        renames: The models by their names before.
    """
    after, place = plan.figures, _model_place(plan.spec)
    known = {(renames.get(skip.model, skip.model), skip.reason) for skip in before.skips}
    for name in before.by_model:
        model = renames.get(name, name)
        more = _skipped(after, {model}) - _skipped(before, {name, model})
        if more > 0:
            reasons = [
                f"{skip.reason} ({count:,})"
                for skip, count in after.skips.items()
                if skip.model == model and (model, skip.reason) not in known
            ]
            yield Problem(
                message=f"{more:,} more of the jobs with {model} would be skipped than before: {'; '.join(reasons)}",
                path=MODELS,
                place=place,
                value=model,
            )
    for name, figures in before.by_model.items():
        new = after.by_model.get(renames.get(name, name))
        if new is not None and new.jobs == figures.jobs and new.images < figures.images:
            yield Problem(
                message=f"{new.jobs:,} jobs of {renames.get(name, name)} give up to {new.images:,} images now, "
                f"and gave up to {figures.images:,}",
                path=MODELS,
                place=place,
                value=name,
                suggestion="say with n how many images a job gives",
            )


def _skipped(figures: Figures, models: Collection[str]) -> int:
    return sum(count for skip, count in figures.skips.items() if skip.model in models)
