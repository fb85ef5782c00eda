"""The measures of a contact sheet: how large its cells and headings are, and what stands on which page. Pure.

Every picture is fitted into a square. Columns are as wide as the most pictures of their cells need, and a line of
pictures is as high as the highest of them, so that sheets of wide pictures are not half empty.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
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
_NEARLY = 0.6
"""Pictures of a page are made smaller by as much, but not by more, so that all columns fit."""
_WORD_LINES = 5
"""Lines of text that a picture's place has, where only jobs without pictures stand side by side."""

PictureSize = tuple[int, int]
CellSizes = Mapping[tuple[Heading, Heading], Sequence[PictureSize | None]]
"""The pictures of each cell, None for a job without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetMeasures:
    """Sizes in pixels that are the same all over a sheet."""

    side: int
    """The longer side of a picture."""
    font: int
    heading_lines: int
    """Lines of text above a column."""
    has_captions: bool
    """Whether a line below each picture tells it from its neighbours."""
    has_row_headings: bool
    has_outer_rows: bool
    has_outer_columns: bool

    @property
    def line(self) -> int:
        """The height of a line of text."""
        return round(self.font * 1.35)

    @property
    def gap(self) -> int:
        """The space between two cells; pictures of one cell have half of it between them."""
        return max(4, self.font // 2)

    @property
    def caption(self) -> int:
        """The height of a caption."""
        return self.line if self.has_captions else 0

    @property
    def row_heading(self) -> int:
        """The width of the headings of rows, with the gap behind them."""
        return max(self.font * 12, min(self.side, self.font * 18)) + self.gap if self.has_row_headings else 0

    @property
    def column_heading(self) -> int:
        """The height of the headings of columns, with the gap below them."""
        inner = self.heading_lines * self.line + self.gap if self.heading_lines else 0
        return inner + (self.line + self.gap if self.has_outer_columns else 0)

    @property
    def outer_row(self) -> int:
        """The height of the heading above the rows of one value of the super-axis."""
        return 2 * self.line + self.gap if self.has_outer_rows else 0

    def fitted(self, size: PictureSize) -> PictureSize:
        """Return the size of a picture whose longer side is made ``side``."""
        longer = max(*size, 1)
        return max(1, round(size[0] * self.side / longer)), max(1, round(size[1] * self.side / longer))


@dataclass(frozen=True, slots=True)
class SheetPart:
    """The rows and columns of a page."""

    rows: tuple[Heading, ...]
    columns: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class SheetGeometry:
    """The places of all cells."""

    measures: SheetMeasures
    across: Mapping[Heading, int]
    """Pictures side by side, by column."""
    lines: Mapping[Heading, tuple[int, ...]]
    """The heights of the lines of pictures, by row."""

    def column(self, column: Heading) -> int:
        """Return the width of a column, without the gap behind it."""
        count, measures = self.across[column], self.measures
        return count * measures.side + (count - 1) * (measures.gap // 2)

    def row(self, row: Heading) -> int:
        """Return the height of a row, with the gap below it."""
        measures = self.measures
        pictures = sum(height + measures.caption + measures.gap // 2 for height in self.lines[row])
        return max(pictures, 2 * measures.line if measures.has_row_headings else 0) + measures.gap

    def width_of(self, columns: Sequence[Heading]) -> int:
        """Return the width of columns with the headings of rows."""
        return self.measures.row_heading + sum(self.column(each) + self.measures.gap for each in columns)

    def height_of(self, rows: Sequence[Heading]) -> int:
        """Return the height of rows, with a heading wherever the value of the super-axis changes."""
        outer = len({row.outer for row in rows}) * self.measures.outer_row
        return sum(map(self.row, rows)) + outer


def geometry_of(measures: SheetMeasures, grid: Pivot, sizes: CellSizes) -> SheetGeometry:
    """Return where everything stands for the pictures of a grid."""
    most: dict[Heading, int] = dict.fromkeys(grid.columns, 1)
    for (_, column), cell in sizes.items():
        most[column] = max(most[column], min(MOST_TILES, len(cell)))
    across = {column: max(1, math.ceil(math.sqrt(count))) for column, count in most.items()}
    lines: dict[Heading, list[int]] = {row: [] for row in grid.rows}
    for (row, column), cell in sizes.items():
        for number, size in enumerate(cell[:MOST_TILES]):
            line = number // across[column]
            if line == len(lines[row]):
                lines[row].append(min(measures.side, _WORD_LINES * measures.line))
            if size is not None:
                lines[row][line] = max(lines[row][line], measures.fitted(size)[1])
    return SheetGeometry(measures, across, {row: tuple(heights) for row, heights in lines.items()})


def check_cell(side: int | None) -> None:
    """Raise UsageError for cells in which nothing can be seen, or that no image fills."""
    if side is not None and not LEAST_CELL <= side <= MOST_CELL:
        raise UsageError(f"cells are from {LEAST_CELL} to {MOST_CELL:,} pixels wide, found {side:,}")


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


def fit_page(measures: SheetMeasures, grid: Pivot, sizes: CellSizes) -> SheetGeometry:
    """Return the largest pictures with which every row and column fits on a page; all columns, if they nearly do."""
    wide, high = _page_area(measures)
    fitting: SheetGeometry | None = None
    for percent in range(100, 4, -4):
        found = geometry_of(replace(measures, side=max(1, measures.side * percent // 100)), grid, sizes)
        head = found.measures.column_heading
        if all(head + found.height_of([row]) <= high for row in grid.rows) and all(
            found.width_of([column]) <= wide for column in grid.columns
        ):
            fitting = fitting or found
            if percent >= 100 * _NEARLY and found.width_of(grid.columns) <= wide:
                return found
    if fitting is None:
        raise UsageError("a row of the sheet does not fit on a page: choose fewer axes, or write a PNG")
    return fitting


def pages_of(geometry: SheetGeometry, grid: Pivot) -> list[SheetPart]:
    """Return what stands on each page: all columns of the first rows, then of the next."""
    wide, high = _page_area(geometry.measures)
    rows = list(_groups(grid.rows, lambda some: geometry.measures.column_heading + geometry.height_of(some) <= high))
    columns = list(_groups(grid.columns, lambda some: geometry.width_of(some) <= wide))
    return [SheetPart(some, others) for some in rows for others in columns]


def _page_area(measures: SheetMeasures) -> tuple[int, int]:
    """Return the size of what a page has below its title."""
    title = 2 * measures.line + measures.gap
    return PAGE_SIZE[0] - 2 * PAGE_EDGE, PAGE_SIZE[1] - 2 * PAGE_EDGE - title


def _groups(headings: Sequence[Heading], fits: Callable[[Sequence[Heading]], bool]) -> Iterator[tuple[Heading, ...]]:
    """Yield the headings in as few groups as their order allows."""
    group: list[Heading] = []
    for heading in headings:
        if group and not fits([*group, heading]):
            yield tuple(group)
            group = []
        group.append(heading)
    if group:
        yield tuple(group)
