"""Which jobs stand in which row and column of the grid: the page's own rules, for what Python draws of it. Pure.

A filter selects places, and a job has several where it folded with others. A heading is there if a visible place stands
under it; headings are in the order of the index, and those of places without a value come last. A job with two tags
stands under both, and a cell names each of its jobs once, in the order of the index. An order by a score sorts the rows
of each super-row, and the jobs of each cell.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product

from qwave_batch.errors import UnknownName
from qwave_batch.model.record import JobStatus
from qwave_batch.report.grid_view import ALL, NONE, ReportView
from qwave_batch.report.pivot_data import NO_TAG, PivotAxis, PivotData, PivotJob, PivotPlace, ValuesOf, pivot_axes
from qwave_batch.report.pivot_scores import score_admits, score_order
from qwave_batch.report.report_index import NO_VALUE, PROMPT_ID, REFUSED, STAGE

STATUSES = (*(status.value for status in JobStatus), REFUSED)


@dataclass(frozen=True, slots=True)
class Heading:
    """A row or a column: the value of the super-axis, and that of the axis; 0 for an axis that is ``none``."""

    outer: int
    inner: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """A grid: its headings, and the jobs of each cell."""

    rows: tuple[Heading, ...]
    columns: tuple[Heading, ...]
    cells: Mapping[tuple[Heading, Heading], tuple[int, ...]]
    """Positions of jobs in the index by row and column; a cell without jobs is not there."""


def with_default_axes(data: PivotData, view: ReportView) -> ReportView:
    """Return a view with axes for rows and columns; where it names one only, the other one is another."""
    rows, cols = _default_axes(data)
    return replace(
        view,
        rows=view.rows or (cols if view.cols == rows else rows),
        cols=view.cols or (rows if view.rows == cols else cols),
    )


def _default_axes(data: PivotData) -> tuple[str, str]:
    """Return prompts down and models or stages across, or what varies: the most values down, the fewest across."""
    axes = pivot_axes(data)
    varying = [name for name, axis in axes.items() if _varies(data, axis)]
    counts = {name: len(axis.labels) for name, axis in axes.items()}
    few = (name for name in varying if name not in {"prompt", PROMPT_ID, "tag"})
    fewest = min(few, key=counts.__getitem__, default=NONE)
    cols = next((name for name in (STAGE, "model") if name in varying), fewest)
    most = max((name for name in varying if name != cols), key=counts.__getitem__, default="prompt")
    if PROMPT_ID in axes:
        return PROMPT_ID, cols
    return ("prompt" if "prompt" in varying else most), cols


def _varies(data: PivotData, axis: PivotAxis) -> bool:
    seen = {value for job in data.jobs for place in job.places for value in axis.values_of(job, place)}
    return len(seen) > 1


@dataclass(frozen=True, slots=True)
class _Side:
    """The rows, columns, super-rows or super-columns of a view."""

    values_of: ValuesOf
    hidden: frozenset[int]
    ranks: Mapping[int, int]
    """The place of each value among the others."""

    @classmethod
    def of(cls, axis: PivotAxis | None, view: ReportView) -> "_Side":
        if axis is None:
            return cls(lambda _, __: (0,), frozenset(), {0: 0})
        hidden = {axis.value_with(key) for name, key in view.hide if name == axis.name}
        return cls(axis.values_of, frozenset(each for each in hidden if each is not None), _ranks(axis, view))

    def values(self, job: PivotJob, place: PivotPlace) -> list[int]:
        return [value for value in self.values_of(job, place) if value not in self.hidden]


def _ranks(axis: PivotAxis, view: ReportView) -> dict[int, int]:
    values = [*range(len(axis.labels)), NO_VALUE]
    for move in (each for each in view.order if each.axis == axis.name):
        value, before = axis.value_with(move.value), None if move.is_last else axis.value_with(move.before)
        if value is None or (before is None and not move.is_last) or value == before:
            continue
        values.remove(value)
        values.insert(len(values) if before is None else values.index(before), value)
    return {value: rank for rank, value in enumerate(values)}


def pivot(data: PivotData, view: ReportView) -> Pivot:
    """Return the grid of a view that names its axes.

    Raises:
        UnknownName: the view names an axis that there is not.
    """
    axes = pivot_axes(data)
    sides = [_side(axes, name, view) for name in (view.superrows, view.rows, view.supercols, view.cols)]
    is_visible = visible_places(data, view)
    cells: dict[tuple[Heading, Heading], dict[int, None]] = {}
    for position, job in enumerate(data.jobs):
        for place in job.places:
            if is_visible(job, place):
                for values in product(*(side.values(job, place) for side in sides)):
                    where = (Heading(values[0], values[1]), Heading(values[2], values[3]))
                    cells.setdefault(where, {})[position] = None
    rows = _in_order({row for row, _ in cells}, sides[0], sides[1])
    columns = _in_order({column for _, column in cells}, sides[2], sides[3])
    shown = {where: tuple(jobs) for where, jobs in cells.items()}
    order = score_order(data.scores, view)
    if order is not None:
        scores = [job.scores for job in data.jobs]
        keys = order.keys_of_rows(shown, scores)
        rows = tuple(sorted(rows, key=lambda row: (sides[0].ranks[row.outer], keys[row])))
        shown = {where: order.in_order(jobs, scores) for where, jobs in shown.items()}
    return Pivot(rows=rows, columns=columns, cells=shown)


def _side(axes: Mapping[str, PivotAxis], name: str, view: ReportView) -> _Side:
    if name != NONE and name not in axes:
        raise UnknownName("axis", name, (*axes, NONE), hint=f"there is {', '.join((*axes, NONE))}")
    return _Side.of(None if name == NONE else axes[name], view)


def _in_order(headings: Iterable[Heading], outer: _Side, inner: _Side) -> tuple[Heading, ...]:
    return tuple(sorted(headings, key=lambda each: (outer.ranks[each.outer], inner.ranks[each.inner])))


def visible_places(data: PivotData, view: ReportView) -> Callable[[PivotJob, PivotPlace], bool]:
    """Return whether a place is seen."""
    wanted = _folded(view.q.strip())
    prompts = {
        number for number, (name, text) in enumerate(data.prompts) if wanted in _folded(name) or wanted in _folded(text)
    }
    has_tag = _tag_filter(data, view.tag)
    has_score = score_admits(data.scores, view.score)

    def is_visible(job: PivotJob, place: PivotPlace) -> bool:
        return (
            place.prompt in prompts
            and view.status in {ALL, job.status}
            and view.model in {ALL, data.models[place.model]}
            and (view.stage == ALL or (job.stage != NO_VALUE and view.stage == data.stages[job.stage]))
            and has_tag(place)
            and has_score(job.scores)
        )

    return is_visible


def _folded(text: str) -> str:
    """Return text without the difference of capitals, as JavaScript can do it too."""
    return text.lower().upper()


def _tag_filter(data: PivotData, tag: str) -> Callable[[PivotPlace], bool]:
    if tag == ALL:
        return lambda _: True
    if tag in data.tags:
        number = data.tags.index(tag)
        return lambda place: number in place.tags
    return lambda place: tag == NO_TAG and not place.tags
