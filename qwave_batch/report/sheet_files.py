"""Writes a contact sheet: the grid of a report as one PNG, or as a PDF over several pages."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.files.tree import place_of
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.record import ImageFile
from qwave_batch.model.work_progress import OnWork, WorkProgress
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.report.banded_png import png_of_bands
from qwave_batch.report.pdf_pages import pdf_of_pages
from qwave_batch.report.pivot import NO_TAG, Heading, Pivot, PivotAxis, PivotData, pivot, pivot_axes
from qwave_batch.report.report_view import ALL, NONE, ReportView
from qwave_batch.report.sheet_drawing import SheetContent, SheetDrawing, SheetTile
from qwave_batch.report.sheet_fonts import SheetFonts
from qwave_batch.report.sheet_layout import (
    PAGE_DPI,
    PAGE_EDGE,
    PAGE_SIZE,
    SheetMeasures,
    SheetPart,
    check_picture_size,
    fit_page,
    pages_of,
    tile_of,
    tiles_across,
)
from qwave_batch.report.sheet_pictures import SheetPictures

_PNG, _PDF = ".png", ".pdf"
_CELL, _CELL_OF_PAGE = 256, 300
"""Pixels, where nobody asks for others."""
_FONT, _FONT_OF_PAGE = 16, 22
"""Pixels; eight points on a page."""
_LEAST_FONT = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetWritten:
    """A contact sheet that is there."""

    path: Path
    rows: int
    columns: int
    jobs: int
    """Jobs that are seen, each counted once."""
    pages: int
    pixels: tuple[int, int]
    """Of the picture, or of each page."""
    lacking: tuple[str, ...]
    """Letters that no font had."""
    is_misordered: bool
    """Whether right-to-left text is there that this Pillow does not lay out."""


@dataclass(slots=True)
class SheetWriter:
    """Writes one sheet of jobs that an index and their images describe."""

    index: JsonObject
    images: Sequence[Sequence[ImageFile]]
    """By job, in the order of the index."""
    readers: Sequence[FolderReader]
    view: ReportView
    cell: int | None = None
    font: Path | None = None
    _data: PivotData = field(init=False)
    _axes: dict[str, PivotAxis] = field(init=False)
    _grid: Pivot = field(init=False)
    _pictures: SheetPictures = field(init=False)

    def __post_init__(self) -> None:
        """Take the view, and refuse one that shows nothing.

        Raises:
            UsageError: it names an axis or a value that there is not, or selects no job.
        """
        self._data = PivotData.of_index(self.index)
        self._axes = pivot_axes(self._data)
        check_filters(self._data, self.view)
        self._grid = pivot(self._data, self.view)
        if not self._grid.rows:
            raise UsageError("the view selects no job, so there is nothing to draw")

    def write(self, out: Path, on_work: OnWork) -> SheetWritten:
        """Write the sheet; its name decides between PNG and PDF.

        Raises:
            UsageError: the sheet would be too large, or the font is none; nothing was written.
            StorageError: the disk refuses.
        """
        is_pdf = out.suffix.lower() == _PDF
        fonts = SheetFonts(self.font)
        measures = self._measures(is_pdf=is_pdf)
        if is_pdf:
            measures = fit_page(measures, self._grid)
        self._pictures = SheetPictures(self.readers, measures.tile)
        counted = _Counted(len(self._grid.rows), on_work)
        with ThreadPoolExecutor() as threads:

            def load_all(tiles: Sequence[SheetTile]) -> list[Image.Image | None]:
                loaded = list(threads.map(_load, tiles))
                counted.row()
                return loaded

            drawing = SheetDrawing(
                content=self._content(), measures=measures, fonts=fonts, load_all=load_all,
                edge=PAGE_EDGE if is_pdf else 24,
            )  # fmt: skip
            pages = 1
            if is_pdf:
                parts = pages_of(measures, self._grid)
                pages, size = len(parts), PAGE_SIZE
                counted.total = sum(len(part.rows) for part in parts)
                data = pdf_of_pages(self._drawn(drawing, parts), dots_per_inch=PAGE_DPI)
            else:
                size = drawing.size(self._grid)
                check_picture_size(*size, self._grid)
                data = png_of_bands(*size, drawing.bands(SheetPart(self._grid.rows, self._grid.columns)))
            tree, name = place_of(out)
            with storage_errors(out):
                write_atomic(tree, name, data)
        return SheetWritten(
            path=out,
            rows=len(self._grid.rows),
            columns=len(self._grid.columns),
            jobs=len({job for jobs in self._grid.cells.values() for job in jobs}),
            pages=pages,
            pixels=size,
            lacking=tuple(fonts.lacking),
            is_misordered=fonts.is_misordered,
        )

    def _drawn(self, drawing: SheetDrawing, parts: Sequence[SheetPart]) -> Iterator[Image.Image]:
        for number, part in enumerate(parts, start=1):
            yield drawing.page(part, PAGE_SIZE, f"page {number:,} of {len(parts):,}" if len(parts) > 1 else "")

    def _measures(self, *, is_pdf: bool) -> SheetMeasures:
        side = self.cell or (_CELL_OF_PAGE if is_pdf else _CELL)
        most = max(sum(max(1, len(self.images[job])) for job in jobs) for jobs in self._grid.cells.values())
        across, down = tiles_across(most)
        sizes = [
            (image.width, image.height)
            for jobs in self._grid.cells.values()
            for job in jobs
            for image in self.images[job]
        ]
        view = self.view
        return SheetMeasures(
            tile=tile_of(sizes, side),
            across=across,
            down=down,
            font=_FONT_OF_PAGE if is_pdf else max(_LEAST_FONT, min(_FONT * 2, round(_FONT * side / _CELL))),
            has_captions=most > 1 and bool(self._left_over()),
            has_row_headings=view.rows != NONE,
            has_column_headings=view.cols != NONE,
            has_outer_rows=view.superrows != NONE,
            has_outer_columns=view.supercols != NONE,
        )

    def _left_over(self) -> list[PivotAxis]:
        """Return the axes along which the jobs of a place differ."""
        used = {self.view.rows, self.view.cols, self.view.superrows, self.view.supercols}
        shown = {job for jobs in self._grid.cells.values() for job in jobs}
        return [
            axis
            for axis in self._axes.values()
            if axis.name not in {*used, "tag"}
            and len({axis.values_of(job, job.places[0])[0] for job in (self._data.jobs[at] for at in shown)}) > 1
        ]

    def _content(self) -> SheetContent:
        told: Any = self.index
        view, left_over = self.view, self._left_over()

        def tiles(row: Heading, column: Heading) -> list[SheetTile]:
            return [tile for job in self._grid.cells.get((row, column), ()) for tile in self._tiles_of(job, left_over)]

        return SheetContent(
            title=str(told["title"]),
            subtitle=_described(view, self._grid),
            row_label=self._label_of(view.rows),
            column_label=self._label_of(view.cols),
            outer_row_label=self._outer_label_of(view.superrows),
            outer_column_label=self._outer_label_of(view.supercols),
            tiles=tiles,
        )

    def _tiles_of(self, number: int, left_over: Sequence[PivotAxis]) -> Iterator[SheetTile]:
        told: Any = self.index
        job, shown = self._data.jobs[number], told["jobs"][number]
        error = None if shown["error"] is None else told["errors"][shown["error"]]
        reason = "" if error is None else f"{error['code']}: {error['message']}"
        caption = " · ".join(self._short(axis, axis.values_of(job, job.places[0])[0]) for axis in left_over)
        images = self.images[number]
        for image in images:
            yield SheetTile(
                load=_Loading(self._pictures, job.folder, image), status=job.status, reason="", caption=caption
            )
        if not images:
            yield SheetTile(load=None, status=job.status, reason=reason, caption=caption)

    def _short(self, axis: PivotAxis, value: int) -> str:
        return self._data.prompts[value][0] if axis.name == "prompt" else axis.label(value)

    def _label_of(self, name: str) -> Callable[[int], tuple[str, str]]:
        if name == "prompt":
            return lambda value: self._data.prompts[value]
        return lambda value: ("" if name == NONE else self._axes[name].label(value), "")

    def _outer_label_of(self, name: str) -> Callable[[int], str]:
        def label(value: int) -> str:
            return "" if name == NONE else f"{name}: {self._short(self._axes[name], value)}"

        return label


@dataclass(frozen=True, slots=True)
class _Loading:
    pictures: SheetPictures
    folder: int
    image: ImageFile

    def __call__(self) -> Image.Image | None:
        return self.pictures.open(self.folder, self.image)


@dataclass(slots=True)
class _Counted:
    total: int
    on_work: OnWork
    done: int = 0

    def row(self) -> None:
        self.done += 1
        self.on_work(WorkProgress(done=self.done, total=self.total, doing="drawing the sheet"))


def check_sheet_name(out: Path) -> None:
    """Raise UsageError for a file that is neither PNG nor PDF by its name."""
    if out.suffix.lower() not in {_PNG, _PDF}:
        raise UsageError(f"{out} is neither a .png nor a .pdf: the end of its name decides what a sheet is written as")


def check_filters(data: PivotData, view: ReportView) -> None:
    """Raise UnknownName for a filter that names a value which there is not."""
    statuses = sorted({job.status for job in data.jobs})
    for what, name, known in (
        ("status", view.status, statuses),
        ("model", view.model, data.models),
        ("tag", view.tag, (*data.tags, NO_TAG)),
    ):
        if name != ALL and name not in known:
            raise UnknownName(what, name, known, hint=f"there is {', '.join(known)}" if len(known) < 12 else "")


def _load(tile: SheetTile) -> Image.Image | None:
    return None if tile.load is None else tile.load()


def _described(view: ReportView, grid: Pivot) -> str:
    """Return the view in words."""
    outer = [f"{kind} {name}" for kind, name in (("super-rows", view.superrows), ("super-columns", view.supercols))
             if name != NONE]  # fmt: skip
    filters = [f"{name} {value}" for name, value in (("status", view.status), ("model", view.model), ("tag", view.tag))
               if value != ALL]  # fmt: skip
    text = [f'"{view.q}"'] if view.q else []
    return ", ".join(
        [
            f"rows {view.rows} ({len(grid.rows):,})",
            f"columns {view.cols} ({len(grid.columns):,})",
            *outer,
            *filters,
            *text,
        ]
    )
