"""Writes a contact sheet: the grid of a report as one PNG, or as a PDF over several pages."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import Tree, place_of
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.work_progress import OnWork, WorkProgress
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.report.banded_png import png_of_bands
from qwave_batch.report.grid_view import NONE
from qwave_batch.report.pdf_pages import pdf_of_pages
from qwave_batch.report.sheet_content import SheetContent, SheetTile
from qwave_batch.report.sheet_drawing import SheetDrawing
from qwave_batch.report.sheet_fonts import SheetFonts, plain_line
from qwave_batch.report.sheet_layout import (
    MOST_TILES,
    PAGE_DPI,
    PAGE_EDGE,
    PAGE_SIZE,
    SheetGeometry,
    SheetMeasures,
    SheetPart,
    check_picture_size,
    fit_page,
    geometry_of,
    pages_of,
)
from qwave_batch.report.sheet_pictures import SheetPictures

_PNG, _PDF = ".png", ".pdf"
_EDGE = 24
_SIDE, _SIDE_OF_PAGE = 256, 300
"""Pixels of a picture, where nobody asks for others."""
_FONT, _FONT_OF_PAGE = 16, 22
"""Pixels; eight points on a page."""
_LEAST_FONT, _MOST_FONT = 12, 32
_MOST_HEADING_LINES = 4


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

    def as_json(self) -> dict[str, Json]:
        """Return the ``sheet`` that ``report --json`` prints."""
        return {
            "file": str(self.path),
            "rows": self.rows,
            "columns": self.columns,
            "jobs": self.jobs,
            "pages": self.pages,
            "pixels": list(self.pixels),
            "letters_without_font": list(self.lacking),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetWriter:
    """Writes one sheet."""

    content: SheetContent
    readers: Sequence[FolderReader]
    side: int | None = None
    fonts: SheetFonts

    def write(self, out: Path, on_work: OnWork) -> SheetWritten:
        """Write the sheet; its name decides between PNG and PDF.

        Raises:
            UsageError: the sheet would be too large; nothing was written.
            StorageError: the disk refuses.
        """
        is_pdf, grid = out.suffix.lower() == _PDF, self.content.grid
        geometry = self._geometry(is_pdf=is_pdf)
        parts = pages_of(geometry, grid) if is_pdf else [SheetPart(grid.rows, grid.columns)]
        side = geometry.measures.side
        pictures = SheetPictures(self.readers, (side, side))
        tiles = sum(min(MOST_TILES, len(sizes)) for sizes in self.content.sizes().values())
        loading = _Loading(pictures, tiles, on_work)
        with ThreadPoolExecutor() as threads:
            drawing = SheetDrawing(
                content=self.content,
                geometry=geometry,
                fonts=self.fonts,
                load_all=lambda tiles: loading.row(threads, tiles),
                edge=PAGE_EDGE if is_pdf else _EDGE,
            )
            size = PAGE_SIZE if is_pdf else drawing.size(grid)
            if not is_pdf:
                check_picture_size(*size, grid)
            tree, name = place_of(out)
            with storage_errors(out):
                Tree(out.parent).make_folder()
                write_atomic(tree, name, _bytes_of(drawing, parts, size, is_pdf=is_pdf))
        return SheetWritten(
            path=out,
            rows=len(grid.rows),
            columns=len(grid.columns),
            jobs=self.content.jobs,
            pages=len(parts),
            pixels=size,
            lacking=tuple(self.fonts.lacking),
            is_misordered=self.fonts.is_misordered,
        )

    def _geometry(self, *, is_pdf: bool) -> SheetGeometry:
        grid, sizes, view = self.content.grid, self.content.sizes(), self.content.view
        side = self.side or (_SIDE_OF_PAGE if is_pdf else _SIDE)
        measures = SheetMeasures(
            side=side,
            font=_FONT_OF_PAGE if is_pdf else max(_LEAST_FONT, min(_MOST_FONT, _FONT * side // _SIDE)),
            heading_lines=0 if view.cols == NONE else _MOST_HEADING_LINES,
            has_captions=self.content.has_captions,
            has_row_headings=view.rows != NONE,
            has_outer_rows=view.superrows != NONE,
            has_outer_columns=view.supercols != NONE,
        )
        geometry = fit_page(measures, grid, sizes) if is_pdf else geometry_of(measures, grid, sizes)
        needed = replace(geometry.measures, heading_lines=self._heading_lines(geometry))
        return geometry_of(needed, grid, sizes)

    def _heading_lines(self, geometry: SheetGeometry) -> int:
        """Return how many lines the headings of columns need."""
        measures, needed = geometry.measures, 0
        for column in self.content.grid.columns if measures.heading_lines else ():
            name, text = self.content.label(self.content.view.cols, column.inner)
            width = geometry.column(column)
            lines = len(self.fonts.wrapped(plain_line(name, width), measures.font, width, 2))
            if text:
                lines += len(self.fonts.wrapped(plain_line(text, width), measures.font - 2, width, 2))
            needed = max(needed, lines)
        return min(needed, measures.heading_lines)


@dataclass(slots=True)
class _Loading:
    """Opens the pictures of one row after the other on all cores."""

    pictures: SheetPictures
    tiles: int
    on_work: OnWork
    done: int = 0

    def row(self, threads: ThreadPoolExecutor, tiles: Sequence[SheetTile]) -> list[Image.Image | None]:
        loaded = list(threads.map(self._open, tiles))
        self.done += len(tiles)
        self.on_work(WorkProgress(done=self.done, total=self.tiles, doing="drawing the sheet"))
        return loaded

    def _open(self, tile: SheetTile) -> Image.Image | None:
        return None if tile.image is None else self.pictures.small(tile.folder, tile.image)


def check_sheet_name(out: Path) -> None:
    """Raise UsageError for a file that is neither PNG nor PDF by its name."""
    if out.suffix.lower() not in {_PNG, _PDF}:
        raise UsageError(f"{out} is neither a .png nor a .pdf: the end of its name decides what a sheet is written as")


def _bytes_of(
    drawing: SheetDrawing, parts: Sequence[SheetPart], size: tuple[int, int], *, is_pdf: bool
) -> Iterable[bytes]:
    if not is_pdf:
        return png_of_bands(*size, drawing.bands(parts[0]))
    return pdf_of_pages(_drawn(drawing, parts, size), dots_per_inch=PAGE_DPI)


def _drawn(drawing: SheetDrawing, parts: Sequence[SheetPart], size: tuple[int, int]) -> Iterator[Image.Image]:
    for number, part in enumerate(parts, start=1):
        yield drawing.page(part, size, f"page {number:,} of {len(parts):,}" if len(parts) > 1 else "")
