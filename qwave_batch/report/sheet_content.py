"""The words and pictures of a contact sheet, of the index of a report and a view of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.record import ImageFile
from qwave_batch.report.chain_rows import JobChain, chain_pivot
from qwave_batch.report.grid_view import ALL, MISSING, NONE, ReportView, ScoreCondition
from qwave_batch.report.pivot import STATUSES, Heading, Pivot, pivot, with_default_axes
from qwave_batch.report.pivot_data import NO_TAG, PivotAxis, PivotData, PivotJob, pivot_axes
from qwave_batch.report.pivot_scores import number_of_score
from qwave_batch.report.report_index import NO_VALUE, PROMPT_ID, STAGE
from qwave_batch.report.sheet_layout import PictureSize

CHAIN = "chain"
"""The axis of the rows of a sheet whose columns are stages; the grid has none of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTile:
    """A picture in a cell, or a job without any."""

    folder: int
    image: ImageFile | None
    status: str
    reason: str
    caption: str
    """The words that tell it from its neighbours."""


@dataclass(slots=True)
class SheetContent:
    """The grid of a view, with its labels and tiles."""

    index: JsonObject
    images: Sequence[Sequence[ImageFile]]
    """By job, in the order of the index."""
    view: ReportView
    grid: Pivot = field(init=False)
    _data: PivotData = field(init=False)
    _axes: dict[str, PivotAxis] = field(init=False)
    _left_over: list[PivotAxis] = field(init=False)
    """The axes along which the jobs of a place differ."""
    _chains: Mapping[Heading, JobChain] = field(init=False, default_factory=dict)
    """By row, where rows are chains."""

    def __post_init__(self) -> None:
        """Take the view.

        Raises:
            UsageError: it names an axis or a value that there is not, or selects no job.
        """
        self._data = PivotData.of_index(self.index)
        self._axes = pivot_axes(self._data)
        _check_filters(self._data, self.view)
        if self.view.is_of_chains:
            if not self._data.stages:
                raise UsageError("the view is of chains, which only specs with stages have: take page=chains out of it")
            self.view = replace(self.view, rows=CHAIN, cols=STAGE, superrows=NONE, supercols=NONE)
            self.grid, self._chains = chain_pivot(self._data, self.view)
        else:
            self.view = with_default_axes(self._data, self.view)
            self.grid = pivot(self._data, self.view)
        if not self.grid.rows:
            raise UsageError("the view selects no job, so there is nothing to draw")
        self._left_over = sorted(self._find_left_over(), key=self._stages_before)

    @property
    def jobs(self) -> int:
        """Jobs that are seen, each counted once."""
        return len(self._shown())

    @property
    def has_captions(self) -> bool:
        """Whether jobs stand side by side that something tells apart, or have a score below them."""
        stand_beside = bool(self._chains) or max(map(len, self.grid.cells.values())) > 1
        return self._score is not None or (bool(self._left_over) and stand_beside)

    @property
    def title(self) -> str:
        """The report's title."""
        return str(self.index["title"])

    def described(self) -> str:
        """Return the view in words."""
        view = self.view
        parts = [f"rows {view.rows} ({len(self.grid.rows):,})", f"columns {view.cols} ({len(self.grid.columns):,})"]
        outer = (("super-rows", view.superrows), ("super-columns", view.supercols))
        parts += [f"{kind} {name}" for kind, name in outer if name != NONE]
        filters = (("status", view.status), ("model", view.model), ("stage", view.stage), ("tag", view.tag))
        parts += [f"{name} {value}" for name, value in filters if value != ALL]
        parts += [f'"{view.q}"'] if view.q else []
        parts += [] if view.score is None else [_in_words(view.score)]
        if view.showscore:
            parts.append(f"the {view.sort} {view.showscore} first" if view.sort else f"{view.showscore} below each")
        return ", ".join(parts)

    def label(self, axis: str, value: int) -> tuple[str, str]:
        """Return a name for a value of an axis and, for a prompt, its text."""
        if axis == NONE:
            return "", ""
        if axis == "prompt":
            return self._data.prompts[value]
        if axis == PROMPT_ID:
            return self._axes[axis].keys[value], self._axes[axis].label(value)
        if axis == CHAIN:
            first = self._data.jobs[self._chains[Heading(0, value)].jobs[0]]
            return self._data.prompts[first.places[0].prompt]
        return self._axes[axis].label(value), ""

    def tiles(self, row: Heading, column: Heading) -> list[SheetTile]:
        """Return what stands in a cell."""
        return [tile for job in self.grid.cells.get((row, column), ()) for tile in self._tiles_of(job, row)]

    def sizes(self) -> dict[tuple[Heading, Heading], list[PictureSize | None]]:
        """Return the sizes of the pictures of each cell, None for a job without one."""
        return {
            cell: [size for job in jobs for size in self._sizes_of(job, cell[0])]
            for cell, jobs in self.grid.cells.items()
        }

    def _shown_images(self, number: int, row: Heading) -> list[tuple[int, ImageFile]]:
        """Return the images of a job that are shown in a row, each with its place: of a chain the one that goes on."""
        images = list(enumerate(self.images[number]))
        chain = self._chains.get(row)
        only = None if chain is None else chain.images[chain.jobs.index(number)]
        return images if only is None else images[only : only + 1] or images

    def _sizes_of(self, number: int, row: Heading) -> list[PictureSize | None]:
        return [(image.width, image.height) for _, image in self._shown_images(number, row)] or [None]

    def _tiles_of(self, number: int, row: Heading) -> Iterator[SheetTile]:
        told: Any = self.index
        job, shown = self._data.jobs[number], told["jobs"][number]
        error = None if shown["error"] is None else told["errors"][shown["error"]]
        reason = "" if error is None else f"{error['code']}: {error['message']}"
        values = [(axis.name, axis.values_of(job, job.places[0])[0]) for axis in self._left_over]
        if self._data.stages:  # a stage has axes that others have not
            values = [(name, value) for name, value in values if value != NO_VALUE]
        caption = " · ".join(self.label(name, value)[0] for name, value in values)
        images: list[tuple[int, ImageFile | None]] = [*self._shown_images(number, row)]
        for at, image in images or [(0, None)]:
            below = " · ".join(filter(None, (caption, self._score_below(job, at))))
            yield SheetTile(folder=job.folder, image=image, status=job.status, reason=reason, caption=below)

    @property
    def _score(self) -> int | None:
        return number_of_score(self._data.scores, self.view.showscore)

    def _score_below(self, job: PivotJob, image: int) -> str:
        if self._score is None or not job.scores:
            return ""
        score = job.scores[image][self._score]
        return "\N{EN DASH}" if score is None else f"{score:.3g}"

    def _shown(self) -> set[int]:
        return {job for jobs in self.grid.cells.values() for job in jobs}

    def _find_left_over(self) -> Iterator[PivotAxis]:
        used = {self.view.rows, self.view.cols, self.view.superrows, self.view.supercols, "tag"}
        if self._data.stages:  # the one says all that the other does
            used.add(PROMPT_ID if "prompt" in used else "prompt")
        if self._chains:  # the axes of earlier stages stand under the images there, and prompts before the row
            stages = self._data.stages
            used |= {PROMPT_ID, *(name for name in self._axes if name.startswith(tuple(f"{each}." for each in stages)))}
        passed_over = {NO_VALUE} if self._data.stages else set()
        jobs = [self._data.jobs[number] for number in self._shown()]
        for axis in self._axes.values():
            if axis.name not in used and len({axis.values_of(job, job.places[0])[0] for job in jobs} - passed_over) > 1:
                yield axis

    def _stages_before(self, axis: PivotAxis) -> int:
        """Return what axes are sorted by: a stage's own first, then those of the stage just before."""
        stages = self._data.stages
        return next(
            (-place for place, stage in enumerate(stages, 1) if axis.name.startswith(f"{stage}.")), -len(stages) - 1
        )


def _check_filters(data: PivotData, view: ReportView) -> None:
    """Raise UnknownName for a filter that names a value which there is not."""
    for what, name, known in (
        ("status", view.status, STATUSES),
        ("model", view.model, data.models),
        ("stage", view.stage, data.stages),
        ("tag", view.tag, (*data.tags, NO_TAG)),
        ("score", ALL if view.score is None else view.score.name, [score.name for score in data.scores]),
        ("score", view.showscore or ALL, [score.name for score in data.scores]),
    ):
        if name != ALL and name not in known:
            raise UnknownName(what, name, known, hint=f"there is {', '.join(known) or 'none'}")


_WORDS = {"lt": "below", "le": "at most", "ge": "at least", "gt": "above"}


def _in_words(condition: ScoreCondition) -> str:
    if condition.comparison == MISSING:
        return f"without {condition.name}"
    limit = "any number" if condition.limit is None else f"{condition.limit:g}"
    return f"{condition.name} {_WORDS[condition.comparison]} {limit}"
