"""Which jobs stand in which row and column of the grid: the page's own rules, for what Python draws of it. Pure.

A filter selects places, and a job has several where it folded with others. A heading is there if a visible place stands
under it; headings are in the order of the index, and those of places without a value come last. A job with two tags
stands under both, and a cell names each of its jobs once, in the order of the index.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from qwave_batch.errors import UnknownName
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.report.grid_view import ALL, NONE, ReportView
from qwave_batch.report.report_index import NO_VALUE

NO_TAG = "no tag"


@dataclass(frozen=True, slots=True)
class PivotPlace:
    """A place of a job in the matrix."""

    prompt: int
    model: int
    axes: tuple[int, ...]
    """For each axis the number of the value, or ``NO_VALUE``."""
    tags: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PivotJob:
    """A job with the places that it is seen in."""

    folder: int
    status: str
    places: tuple[PivotPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PivotData:
    """The part of ``data/index.js`` that decides where a job stands."""

    folders: tuple[str, ...]
    prompts: tuple[tuple[str, str], ...]
    """Ids and texts."""
    models: tuple[str, ...]
    tags: tuple[str, ...]
    axes: tuple[tuple[str, tuple[str, ...]], ...]
    """Names and values."""
    jobs: tuple[PivotJob, ...]

    @classmethod
    def of_index(cls, index: JsonObject) -> "PivotData":
        """Return the part of the object that ``ReportIndex.as_json`` returns."""
        told: Any = index
        return cls(
            folders=tuple(folder["label"] for folder in told["folders"]),
            prompts=tuple((prompt["id"], prompt["text"]) for prompt in told["prompts"]),
            models=tuple(told["models"]),
            tags=tuple(told["tags"]),
            axes=tuple((axis["name"], tuple(axis["values"])) for axis in told["axes"]),
            jobs=tuple(
                PivotJob(
                    job["folder"],
                    job["status"],
                    tuple(
                        PivotPlace(place["prompt"], place["model"], tuple(place["axes"]), tuple(place["tags"]))
                        for place in job["places"]
                    ),
                )
                for job in told["jobs"]
            ),
        )


@dataclass(frozen=True, slots=True)
class PivotAxis:
    """An axis that rows or columns can go along."""

    name: str
    labels: tuple[str, ...]
    """Of its values."""
    without: str
    """The label of places without a value."""
    values_of: Callable[[PivotJob, PivotPlace], Sequence[int]]

    def label(self, value: int) -> str:
        """Return the label of a value."""
        return self.without if value == NO_VALUE else self.labels[value]


@dataclass(frozen=True, slots=True, order=True)
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


def pivot_axes(data: PivotData) -> dict[str, PivotAxis]:
    """Return all axes by name, without ``none``."""
    axes = [
        PivotAxis("prompt", tuple(text or name for name, text in data.prompts), NONE, lambda _, place: (place.prompt,)),
        PivotAxis("model", data.models, NONE, lambda _, place: (place.model,)),
        *(_spec_axis(number, name, values) for number, (name, values) in enumerate(data.axes)),
        PivotAxis("tag", data.tags, NO_TAG, lambda _, place: place.tags or (NO_VALUE,)),
        PivotAxis("folder", data.folders, NONE, lambda job, _: (job.folder,)),
    ]
    return {axis.name: axis for axis in axes}


def with_default_axes(data: PivotData, view: ReportView) -> ReportView:
    """Return a view with axes for rows and columns; where it names one only, the other one is another."""
    rows, cols = _default_axes(data)
    return replace(
        view,
        rows=view.rows or (cols if view.cols == rows else rows),
        cols=view.cols or (rows if view.rows == cols else cols),
    )


def _default_axes(data: PivotData) -> tuple[str, str]:
    """Return prompts down and models across, or what varies: the most values down, the fewest across."""
    axes = pivot_axes(data)
    varying = [name for name, axis in axes.items() if _varies(data, axis)]
    counts = {name: len(axis.labels) for name, axis in axes.items()}
    fewest = min((name for name in varying if name not in {"prompt", "tag"}), key=counts.__getitem__, default=NONE)
    cols = "model" if "model" in varying else fewest
    most = max((name for name in varying if name != cols), key=counts.__getitem__, default="prompt")
    return ("prompt" if "prompt" in varying else most), cols


def _varies(data: PivotData, axis: PivotAxis) -> bool:
    seen = {value for job in data.jobs for place in job.places for value in axis.values_of(job, place)}
    return len(seen) > 1


def pivot(data: PivotData, view: ReportView) -> Pivot:
    """Return the grid of a view.

    Raises:
        UnknownName: the view names an axis that there is not.
    """
    axes = pivot_axes(data)
    outer_row, row, outer_column, column = (
        _axis(axes, name) for name in (view.superrows, view.rows, view.supercols, view.cols)
    )
    is_visible = _filter(data, view)
    cells: dict[tuple[Heading, Heading], dict[int, None]] = {}
    for position, job in enumerate(data.jobs):
        for place in job.places:
            if is_visible(job, place):
                for values in product(*(axis(job, place) for axis in (outer_row, row, outer_column, column))):
                    where = (Heading(values[0], values[1]), Heading(values[2], values[3]))
                    cells.setdefault(where, {})[position] = None
    return Pivot(
        rows=tuple(sorted({found for found, _ in cells}, key=_in_order)),
        columns=tuple(sorted({found for _, found in cells}, key=_in_order)),
        cells={where: tuple(jobs) for where, jobs in cells.items()},
    )


def _spec_axis(number: int, name: str, values: tuple[str, ...]) -> PivotAxis:
    return PivotAxis(name, values, NONE, lambda _, place: (place.axes[number],))


def _axis(axes: Mapping[str, PivotAxis], name: str) -> Callable[[PivotJob, PivotPlace], Sequence[int]]:
    if name == NONE:
        return lambda _, __: (0,)
    if name not in axes:
        raise UnknownName("axis", name, (*axes, NONE), hint=f"there is {', '.join((*axes, NONE))}")
    return axes[name].values_of


def _filter(data: PivotData, view: ReportView) -> Callable[[PivotJob, PivotPlace], bool]:
    """Return whether a place is seen."""
    wanted = _folded(view.q.strip())
    prompts = {
        number for number, (name, text) in enumerate(data.prompts) if wanted in _folded(name) or wanted in _folded(text)
    }
    has_tag = _tag_filter(data, view.tag)

    def is_visible(job: PivotJob, place: PivotPlace) -> bool:
        return (
            place.prompt in prompts
            and view.status in {ALL, job.status}
            and view.model in {ALL, data.models[place.model]}
            and has_tag(place)
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


def _in_order(heading: Heading) -> tuple[float, float]:
    """Return what sorts headings: places without a value come last."""
    outer, inner = heading.outer, heading.inner
    return (float("inf") if outer == NO_VALUE else outer, float("inf") if inner == NO_VALUE else inner)


def labels_of(axes: Mapping[str, PivotAxis], name: str, headings: Sequence[int]) -> Iterator[str]:
    """Yield the labels of values of an axis; an empty one where the axis is ``none``."""
    for value in headings:
        yield "" if name == NONE else axes[name].label(value)
