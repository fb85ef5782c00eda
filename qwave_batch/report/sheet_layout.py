"""The measures of a contact sheet: how large its cells and headings are, and what stands on which page. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from qwave_batch.errors import UsageError
from qwave_batch.report.pivot import Heading, Pivot

MOST_TILES = 9
"""Pictures of a cell that are drawn; more are counted in the last of them."""
MOST_PIXELS = 400_000_000
"""Of a PNG: programs that show pictures hold all of it, 1.6 GB."""
LEAST_CELL, MOST_CELL = 48, 2_048
PAGE_DPI = 200
PAGE_SIZE = (2_339, 1_654)
"""A4, lying, in pixels."""
PAGE_EDGE = 70
_HEADING_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetMeasures:
    """Sizes in pixels, the same for all cells of a sheet."""

    tile: tuple[int, int]
    """The box that each picture is fitted into."""
    across: int
    """Pictures of a cell side by side."""
    down: int
    font: int
    has_captions: bool
    """Whether a line below each picture tells it from its neighbours."""
    has_row_headings: bool
    has_column_headings: bool
    has_outer_rows: bool
    has_outer_columns: bool

    @property
    def line(self) -> int:
        """The height of a line of text."""
        return round(self.font * 1.35)

    @property
    def gap(self) -> int:
        """The space between two cells."""
        return max(4, self.font // 2)

    @property
    def caption(self) -> int:
        """The height of a caption."""
        return self.line if self.has_captions else 0

    @property
    def cell(self) -> tuple[int, int]:
        """The size of a cell."""
        width, height = self.tile
        return (
            self.across * width + (self.across - 1) * self.gap // 2,
            self.down * (height + self.caption) + (self.down - 1) * self.gap // 2,
        )

    @property
    def row_heading(self) -> int:
        """The width of the headings of rows, with the gap behind them."""
        return max(self.font * 12, min(self.cell[0], self.font * 18)) + self.gap if self.has_row_headings else 0

    @property
    def column_heading(self) -> int:
        """The height of the headings of columns, with the gap below them."""
        inner = _HEADING_LINES * self.line + self.gap if self.has_column_headings else 0
        return inner + (self.line + self.gap if self.has_outer_columns else 0)

    @property
    def row(self) -> int:
        """The height of a row, with the gap below it."""
        return max(self.cell[1], 2 * self.line if self.has_row_headings else 0) + self.gap

    @property
    def outer_row(self) -> int:
        """The height of the heading above the rows of one value of the super-axis."""
        return 2 * self.line + self.gap if self.has_outer_rows else 0

    def width_of(self, columns: int) -> int:
        """Return the width of so many columns with the headings of rows."""
        return self.row_heading + columns * (self.cell[0] + self.gap)

    def height_of(self, rows: Sequence[Heading]) -> int:
        """Return the height of rows, with a heading wherever the value of the super-axis changes."""
        return len(rows) * self.row + len({row.outer for row in rows}) * self.outer_row


@dataclass(frozen=True, slots=True)
class SheetPart:
    """The rows and columns of a page."""

    rows: tuple[Heading, ...]
    columns: tuple[Heading, ...]


def tile_of(sizes: Iterable[tuple[int, int]], side: int) -> tuple[int, int]:
    """Return the smallest box that every picture fits into whose longer side is made ``side``."""
    wide, high = 0.0, 0.0
    for width, height in sizes:
        longer = max(width, height, 1)
        wide, high = max(wide, width / longer), max(high, height / longer)
    return (max(1, round(side * (wide or 1.0))), max(1, round(side * (high or 1.0))))


def tiles_across(pictures: int) -> tuple[int, int]:
    """Return across and down for so many pictures of a cell."""
    across = max(1, math.ceil(math.sqrt(min(pictures, MOST_TILES))))
    return across, max(1, math.ceil(min(pictures, MOST_TILES) / across))


def check_picture_size(width: int, height: int, grid: Pivot) -> None:
    """Refuse a picture that hardly any program opens.

    Raises:
        UsageError: it is too large; the message says what makes it smaller.
    """
    if width * height > MOST_PIXELS:
        raise UsageError(
            f"the sheet would have {width:,} by {height:,} pixels ({len(grid.rows):,} rows, {len(grid.columns):,} "
            f"columns), and more than {MOST_PIXELS // 1_000_000:,} million are too many for one picture: make cells "
            "smaller, choose fewer rows or columns by the view, or write a PDF, which has pages"
        )


def fit_page(measures: SheetMeasures, grid: Pivot) -> SheetMeasures:
    """Return measures with which one column and one row fit on a page, and all columns if they nearly do."""
    wide, high = PAGE_SIZE[0] - 2 * PAGE_EDGE, PAGE_SIZE[1] - 2 * PAGE_EDGE - 3 * measures.line
    least = measures.tile
    while True:
        all_fit = measures.width_of(len(grid.columns)) <= wide
        is_small = measures.tile[0] < 0.6 * least[0]
        one_fits = measures.width_of(1) <= wide and measures.column_heading + measures.outer_row + measures.row <= high
        if one_fits and (all_fit or is_small):
            return measures if all_fit else _largest_that_fits(replace(measures, tile=least), wide, high)
        shrunk = (max(1, round(measures.tile[0] * 0.95)), max(1, round(measures.tile[1] * 0.95)))
        if shrunk == measures.tile:
            return measures
        measures = replace(measures, tile=shrunk)


def _largest_that_fits(measures: SheetMeasures, wide: int, high: int) -> SheetMeasures:
    while (measures.width_of(1) > wide or measures.column_heading + measures.outer_row + measures.row > high) and min(
        measures.tile
    ) > 1:
        measures = replace(measures, tile=(round(measures.tile[0] * 0.95), round(measures.tile[1] * 0.95)))
    return measures


def pages_of(measures: SheetMeasures, grid: Pivot) -> list[SheetPart]:
    """Return what stands on each page: all columns of the first rows, and so on."""
    wide, high = PAGE_SIZE[0] - 2 * PAGE_EDGE, PAGE_SIZE[1] - 2 * PAGE_EDGE - 3 * measures.line
    columns = max(1, (wide - measures.row_heading) // (measures.cell[0] + measures.gap))
    groups: list[list[Heading]] = []
    for row in grid.rows:
        fits = groups and measures.column_heading + measures.height_of([*groups[-1], row]) <= high
        if not fits:
            groups.append([])
        groups[-1].append(row)
    return [
        SheetPart(tuple(rows), grid.columns[at : at + columns])
        for rows in groups
        for at in range(0, len(grid.columns), columns)
    ]
