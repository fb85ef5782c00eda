"""Draws a contact sheet: titles, headings and cells as bands of a picture, one row of the grid after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from qwave_batch.report.pivot import Heading, Pivot
from qwave_batch.report.sheet_fonts import SheetFonts, plain_line
from qwave_batch.report.sheet_layout import MOST_TILES, SheetMeasures, SheetPart

_PAPER, _PANEL, _LINE = "#ffffff", "#f1f1ef", "#dcdcd7"
_TEXT, _MUTED, _BAD, _BAD_PANEL = "#1b1b1a", "#5f5f5a", "#b3261e", "#fcebea"
_TROUBLE = frozenset({"failed", "refused", "missing"})
_LONGEST = 400
"""Characters of a text that are looked at; no heading has space for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTile:
    """What stands in a cell for one picture, or for a job without any."""

    load: Callable[[], Image.Image | None] | None
    """Opens its picture, at most as large as a tile; None where the job has none."""
    status: str
    reason: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetContent:
    """The words and pictures of a sheet."""

    title: str
    subtitle: str
    row_label: Callable[[int], tuple[str, str]]
    """By the value of the axis of rows: a short name, and the whole text."""
    column_label: Callable[[int], tuple[str, str]]
    outer_row_label: Callable[[int], str]
    outer_column_label: Callable[[int], str]
    tiles: Callable[[Heading, Heading], Sequence[SheetTile]]


Opened = dict[tuple[Heading, Heading], list[Image.Image | None]]


@dataclass(slots=True)
class SheetDrawing:
    """Draws the parts of one sheet."""

    content: SheetContent
    measures: SheetMeasures
    fonts: SheetFonts
    load_all: Callable[[Sequence[SheetTile]], list[Image.Image | None]]
    """Opens the pictures of a row, in order."""
    edge: int = field(default=24)
    """The empty space around the sheet."""

    def size(self, grid: Pivot) -> tuple[int, int]:
        """Return the size of the whole sheet as one picture."""
        part = SheetPart(grid.rows, grid.columns)
        width = self._width(part)
        return width, self._title_height() + self.measures.column_heading + self.measures.height_of(
            part.rows
        ) + self.edge

    def bands(self, part: SheetPart, note: str = "") -> Iterator[Image.Image]:
        """Yield the title, the headings of columns, and each row."""
        yield self._title(self._width(part), note)
        if self.measures.column_heading:
            yield self._column_headings(part)
        outer: int | None = None
        for row in part.rows:
            if row.outer != outer and self.measures.has_outer_rows:
                yield self._outer_row(part, row.outer)
            outer = row.outer
            yield self._row(part, row)
        yield Image.new("RGB", (self._width(part), self.edge), _PAPER)

    def page(self, part: SheetPart, size: tuple[int, int], note: str) -> Image.Image:
        """Return a page with a part of the sheet."""
        page = Image.new("RGB", size, _PAPER)
        top = self.edge
        for band in self.bands(part, note):
            page.paste(band, (self.edge, top))
            top += band.height
        return page

    def _width(self, part: SheetPart) -> int:
        return 2 * self.edge + max(self.measures.width_of(len(part.columns)), 12 * self.measures.font)

    def _title_height(self) -> int:
        return self.edge + 2 * self.measures.line + self.measures.gap

    def _title(self, width: int, note: str) -> Image.Image:
        band = Image.new("RGB", (width, self._title_height()), _PAPER)
        line, font = self.measures.line, self.measures.font
        room = width - 2 * self.edge
        self._write(band, (self.edge, self.edge), [plain_line(self.content.title, _LONGEST)], room, font + 2)
        under = " · ".join(filter(None, (self.content.subtitle, note)))
        self._write(band, (self.edge, self.edge + line), [plain_line(under, _LONGEST)], room, font - 2, _MUTED)
        return band

    def _column_headings(self, part: SheetPart) -> Image.Image:
        measures = self.measures
        band = Image.new("RGB", (self._width(part), measures.column_heading), _PAPER)
        top = measures.line + measures.gap if measures.has_outer_columns else 0
        outer: int | None = None
        for place, column in enumerate(part.columns):
            left = self._left_of(place)
            if column.outer != outer and measures.has_outer_columns:
                same = sum(1 for each in part.columns[place:] if each.outer == column.outer)
                room = same * (measures.cell[0] + measures.gap) - measures.gap
                self._rule(band, (left, measures.line), room)
                self._write(band, (left, 0), [self.content.outer_column_label(column.outer)], room, measures.font)
            outer = column.outer
            if measures.has_column_headings:
                self._heading(band, (left, top), self.content.column_label(column.inner), measures.cell[0], 4)
        return band

    def _outer_row(self, part: SheetPart, outer: int) -> Image.Image:
        measures = self.measures
        band = Image.new("RGB", (self._width(part), measures.outer_row), _PAPER)
        room = band.width - 2 * self.edge
        self._rule(band, (self.edge, measures.line // 2), room)
        self._write(band, (self.edge, round(measures.line * 0.7)), [self.content.outer_row_label(outer)], room,
                    measures.font)  # fmt: skip
        return band

    def _row(self, part: SheetPart, row: Heading) -> Image.Image:
        measures = self.measures
        band = Image.new("RGB", (self._width(part), measures.row), _PAPER)
        if measures.has_row_headings:
            lines = max(1, (measures.row - measures.gap) // measures.line)
            self._heading(band, (self.edge, 0), self.content.row_label(row.inner), measures.row_heading - measures.gap,
                          lines)  # fmt: skip
        cells = [self.content.tiles(row, column) for column in part.columns]
        shown = [tiles[:MOST_TILES] for tiles in cells]
        pictures = iter(self.load_all([tile for tiles in shown for tile in tiles]))
        for place, (tiles, every) in enumerate(zip(shown, cells, strict=True)):
            for number, tile in enumerate(tiles):
                picture = next(pictures)
                left, top = self._place_of(place, number)
                if number == MOST_TILES - 1 and len(every) > MOST_TILES:
                    self._words(band, (left, top), f"{len(every) - MOST_TILES + 1:,} more", "")
                else:
                    self._tile(band, (left, top), tile, picture)
        return band

    def _left_of(self, place: int) -> int:
        return self.edge + self.measures.row_heading + place * (self.measures.cell[0] + self.measures.gap)

    def _place_of(self, column: int, number: int) -> tuple[int, int]:
        measures = self.measures
        down, across = divmod(number, measures.across)
        between = measures.gap // 2
        return (
            self._left_of(column) + across * (measures.tile[0] + between),
            down * (measures.tile[1] + measures.caption + between),
        )

    def _tile(self, band: Image.Image, at: tuple[int, int], tile: SheetTile, picture: Image.Image | None) -> None:
        width, height = self.measures.tile
        if picture is None:
            self._words(band, at, tile.status if tile.load is None else "missing", tile.reason)
        else:
            picture.thumbnail((width, height))
            left, top = at[0] + (width - picture.width) // 2, at[1] + (height - picture.height) // 2
            band.paste(picture, (left, top), picture.getchannel("A") if picture.mode == "RGBA" else None)
        if self.measures.has_captions:
            self._write(band, (at[0], at[1] + height), [tile.caption], width, self.measures.font - 2, _MUTED)

    def _words(self, band: Image.Image, at: tuple[int, int], word: str, reason: str) -> None:
        """Draw what became of a job that has no picture."""
        (left, top), (width, height) = at, self.measures.tile
        is_bad = word in _TROUBLE
        pen = ImageDraw.Draw(band)
        pen.rectangle((left, top, left + width - 1, top + height - 1), fill=_BAD_PANEL if is_bad else _PANEL)
        inner, line = width - self.measures.gap, self.measures.line
        place = (left + self.measures.gap // 2, top + max(0, min(self.measures.gap, (height - line) // 2)))
        self._write(band, place, [word], inner, self.measures.font, _BAD if is_bad else _MUTED)
        lines = (height - line - self.measures.gap) // line
        if reason and lines > 0:
            small = self.measures.font - 2
            shown = self.fonts.wrapped(plain_line(reason, _LONGEST), small, inner, lines)
            self._write(band, (place[0], place[1] + line), shown, inner, small, _MUTED)

    def _heading(self, band: Image.Image, at: tuple[int, int], label: tuple[str, str], width: int, lines: int) -> None:
        """Draw a name and, where it is another, the text that it stands for."""
        name, text = (plain_line(part, _LONGEST) for part in label)
        font = self.measures.font
        shown = self.fonts.wrapped(name, font, width, max(1, lines if not text else min(2, lines)))
        self._write(band, at, shown, width, font)
        left = lines - len(shown)
        if text and left > 0:
            below = self.fonts.wrapped(text, font - 2, width, left)
            self._write(band, (at[0], at[1] + len(shown) * self.measures.line), below, width, font - 2, _MUTED)

    def _write(
        self, band: Image.Image, at: tuple[int, int], lines: Sequence[str], width: int, size: int, ink: str = _TEXT
    ) -> None:
        pen = ImageDraw.Draw(band)
        for number, line in enumerate(lines):
            x, y = float(at[0]), at[1] + number * self.measures.line
            shown = "".join(self.fonts.wrapped(line, size, width, 1))
            for run in self.fonts.runs(shown, size):
                pen.text((x, y + size), run.text, font=run.font, fill=ink, anchor="ls")
                x += run.font.getlength(run.text)

    def _rule(self, band: Image.Image, at: tuple[int, int], length: int) -> None:
        ImageDraw.Draw(band).line((at[0], at[1], at[0] + length, at[1]), fill=_LINE, width=1)
