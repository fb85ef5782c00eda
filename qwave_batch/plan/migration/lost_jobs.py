"""Jobs that a spec made before its migration and would not make, or with another number of images, afterwards."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.plan_summary import Figures, ModelFigures
from qwave_batch.spec.document import Spec
from qwave_batch.spec.values.value_path import ValuePath, path_text


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
    ways: tuple[ValuePath, ...] = (("matrix", "model"), ("request", "model"), ("prompts",))
    way = next((way for way in ways if spec.source_map.at(way)), ())
    return path_text(way), spec.source_map.place(way)


def lost_jobs(before: Figures, plan: Migrated, renames: Mapping[str, str], *, are_fewer: bool) -> Iterator[Problem]:
    """Yield the models that lose jobs, or of which each job gives another number of images.

    Args:
        before: The figures of the spec as it was.
        plan: The plan of the spec as it is now.
        renames: The models by their names before.
        are_fewer: Whether the author decided to have fewer values of some field, and so fewer jobs.
    """
    after = plan.figures
    path, place = model_place(plan.spec)
    known = {(renames.get(skip.model, skip.model), skip.reason) for skip in before.skips}
    sources = Counter(renames.get(name, name) for name in before.by_model)
    for name, figures in before.by_model.items():
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
                path=path,
                place=place,
                value=model,
            )
        if not model or sources[model] > 1:
            continue
        new = after.by_model.get(model, ModelFigures())
        lost = figures.jobs - new.jobs - more
        if lost > 0 and not are_fewer:
            yield Problem(
                message=f"{lost:,} of the {figures.jobs:,} jobs with {model} would be equal to others, or excluded",
                path=path,
                place=place,
                value=model,
                suggestion="write repeat for more images of the same request, or take out what makes no difference",
            )
        elif lost < 0:
            yield Problem(
                message=f"{-lost:,} more jobs with {model} would be made than before",
                path=path,
                place=place,
                value=model,
            )
        elif new.jobs == figures.jobs and new.images != figures.images:
            yield Problem(
                message=f"the jobs with {model} give {'more' if new.images > figures.images else 'fewer'} images: "
                f"up to {new.images:,} in place of up to {figures.images:,}",
                path=path,
                place=place,
                value=model,
                suggestion="say with n how many images a job gives",
            )


def _skipped(figures: Figures, models: Collection[str]) -> int:
    return sum(count for skip, count in figures.skips.items() if skip.model in models)
