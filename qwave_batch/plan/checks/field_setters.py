"""Checks which parts of a spec set which request fields: none twice, none that no model takes."""

from collections.abc import Iterator

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.plan.expand.axes import Vocabulary
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Spec, Unsupported, ValuePath


def check_known(spec: Spec, matrix: ResolvedMatrix, vocabulary: Vocabulary, problems: ProblemCollector) -> None:
    """Report fields that no model of the catalog takes: dropping them, or skipping all, would hide a typing mistake.

    If nothing is dropped, the catalog rejects them job by job.
    """
    if spec.unsupported is Unsupported.ERROR:
        return
    for where, name in _set_fields(spec, matrix):
        if name not in vocabulary.fields:
            former = vocabulary.former.get(name)
            guess = None if former else vocabulary.guess(name)
            problems.add_key(
                where,
                f'no model of catalog {spec.catalog} takes a field "{name}"',
                suggestion=former.instead if former else f'did you mean "{guess}"?' if guess else None,
                next_step=None if guess or former else Advice(NextStep.SHOW_MODEL),
            )


def _set_fields(spec: Spec, matrix: ResolvedMatrix) -> Iterator[tuple[ValuePath, str]]:
    """Yield every field that a spec sets anywhere, with its path."""
    yield from ((("request", name), name) for name in spec.request)
    for entry in spec.prompts:
        yield from ((("prompts", entry.position, "request", name), name) for name in entry.request)
    for axis in matrix.axes:
        if not axis.is_listed:
            yield from ((axis.origin, name) for name in axis.sets)
            continue
        for value in map(axis.value, range(axis.count)):
            yield from ((value.place_of(name), name) for name in (*value.fields, *value.late))
    for include in matrix.includes:
        yield from (((*include.origin, name), name) for name in include.fields)


def check_counts(spec: Spec, catalog: Catalog, matrix: ResolvedMatrix, problems: ProblemCollector) -> None:
    """Report fields that say how many images to make where ``images`` does."""
    if spec.images is None:
        return
    counts = frozenset().union(*(model.count_fields for model in catalog.models.values()))
    by_axis = ((axis.origin, name) for axis in matrix.axes for name in axis.sets)
    others = ((where, name) for where, name in _set_fields(spec, matrix) if where[:1] != ("matrix",))
    by_include = (((*include.origin, name), name) for include in matrix.includes for name in include.fields)
    for where, name in (*others, *by_axis, *by_include):
        if name in counts:
            message = f'"{name}" is set by images: {spec.images}, so nothing else can set it'
            problems.add_key(where, message, suggestion="take one of the two out")


def check_setters(spec: Spec, matrix: ResolvedMatrix, problems: ProblemCollector) -> None:
    """Report fields that a prompt sets although an axis does, and texts set as a field."""
    by_axis = {name: axis for axis in matrix.axes for name in axis.sets}
    for entry in spec.prompts:
        for name in entry.request:
            where = ("prompts", entry.position, "request", name)
            if name in by_axis:
                problems.add_key(
                    where,
                    f'"{name}" is set by the axis {by_axis[name].origin[-1]}, so no prompt can set it',
                    suggestion="take one of the two out",
                )
            elif name == "prompt":
                problems.add_key(where, "the prompt is set by text")
    if "prompt" in spec.request:
        problems.add_key(("request", "prompt"), "the prompt is set under prompts")
