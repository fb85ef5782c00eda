"""Draws a contact sheet: titles, headings and cells as bands of a picture, one row of the grid after the other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from qwave_batch.report.pivot import Heading, Pivot
from qwave_batch.report.sheet_content import SheetContent, SheetTile
from qwave_batch.report.sheet_fonts import SheetFonts, plain_line
from qwave_batch.report.sheet_layout import MOST_TILES, SheetGeometry, SheetMeasures, SheetPart

_PAPER, _PANEL, _LINE = "#ffffff", "#f1f1ef", "#dcdcd7"
_TEXT, _MUTED, _BAD, _BAD_PANEL = "#1b1b1a", "#5f5f5a", "#b3261e", "#fcebea"
_TROUBLE = frozenset({"failed", "refused", "missing"})
_LONGEST = 400
"""Characters of a text that are looked at; no heading has space for more."""


@dataclass(frozen=True, slots=True)
class _Box:
    left: int
    top: int
    width: int
    height: int


@dataclass(slots=True)
class SheetDrawing:
    """Draws the parts of one sheet."""

    content: SheetContent
    geometry: SheetGeometry
    fonts: SheetFonts
    load_all: Callable[[Sequence[SheetTile]], list[Image.Image | None]]
    """Opens the pictures of a row, in order."""
    edge: int
    """The empty space around the sheet."""

    @property
    def measures(self) -> SheetMeasures:
        """The sizes that are the same all over the sheet."""
        return self.geometry.measures

    def size(self, grid: Pivot) -> tuple[int, int]:
        """Return the size of the whole sheet as one picture."""
        headings = self._title_height() + self.measures.column_heading
        height = headings + self.geometry.height_of(grid.rows) + 2 * self.edge
        return self._width(SheetPart(grid.rows, grid.columns)), height

    def bands(self, part: SheetPart, note: str = "") -> Iterator[Image.Image]:
        """Yield the title, the headings of columns, and each row, one below the other."""
        width = self._width(part)
        yield Image.new("RGB", (width, self.edge), _PAPER)
        yield self._title(width, note)
        if self.measures.column_heading:
            yield self._column_headings(part)
        outer: int | None = None
        for row in part.rows:
            if row.outer != outer and self.measures.has_outer_rows:
                yield self._outer_row(part, row.outer)
            outer = row.outer
            yield self._row(part, row)
        yield Image.new("RGB", (width, self.edge), _PAPER)

    def page(self, part: SheetPart, size: tuple[int, int], note: str) -> Image.Image:
        """Return a page with a part of the sheet."""
        page = Image.new("RGB", size, _PAPER)
        top = 0
        for band in self.bands(part, note):
            page.paste(band, (0, top))
            top += band.height
        return page

    def _width(self, part: SheetPart) -> int:
        return 2 * self.edge + max(self.geometry.width_of(part.columns), 24 * self.measures.font)

    def _title_height(self) -> int:
        return 2 * self.measures.line + self.measures.gap

    def _title(self, width: int, note: str) -> Image.Image:
        band = Image.new("RGB", (width, self._title_height()), _PAPER)
        line, font, space = self.measures.line, self.measures.font, width - 2 * self.edge
        self._write(band, (self.edge, 0), [plain_line(self.content.title, _LONGEST)], space, font + 2)
        under = " · ".join(filter(None, (note, self.content.described())))
        self._write(band, (self.edge, line), [plain_line(under, _LONGEST)], space, font - 2, _MUTED)
        return band

    def _lefts(self, part: SheetPart) -> Iterator[tuple[Heading, int]]:
        """Yield the columns, each with the place of its left edge."""
        left = self.edge + self.measures.row_heading
        for column in part.columns:
            yield column, left
            left += self.geometry.column(column) + self.measures.gap

    def _column_headings(self, part: SheetPart) -> Image.Image:
        measures = self.measures
        band = Image.new("RGB", (self._width(part), measures.column_heading), _PAPER)
        top = measures.line + measures.gap if measures.has_outer_columns else 0
        outer: int | None = None
        for column, left in self._lefts(part):
            if column.outer != outer and measures.has_outer_columns:
                same = [each for each in part.columns if each.outer == column.outer]
                space = self.geometry.width_of(same) - measures.row_heading - measures.gap
                self._rule(band, (left, measures.line), space)
                self._write(
                    band, (left, 0), [self._outer(self.content.view.supercols, column.outer)], space, measures.font
                )
            outer = column.outer
            if measures.heading_lines:
                label, width = self.content.label(self.content.view.cols, column.inner), self.geometry.column(column)
                self._heading(band, (left, top), label, width, measures.heading_lines)
        return band

    def _outer_row(self, part: SheetPart, outer: int) -> Image.Image:
        measures = self.measures
        band = Image.new("RGB", (self._width(part), measures.outer_row), _PAPER)
        space = band.width - 2 * self.edge
        self._rule(band, (self.edge, measures.line // 2), space)
        place = (self.edge, round(measures.line * 0.7))
        self._write(band, place, [self._outer(self.content.view.superrows, outer)], space, measures.font)
        return band

    def _row(self, part: SheetPart, row: Heading) -> Image.Image:
        measures = self.measures
        band = Image.new("RGB", (self._width(part), self.geometry.row(row)), _PAPER)
        if measures.has_row_headings:
            lines = max(1, (band.height - measures.gap) // measures.line)
            label, width = (
                self.content.label(self.content.view.rows, row.inner),
                measures.row_heading - 2 * measures.gap,
            )
            self._heading(band, (self.edge, 0), label, width, lines)
        cells = [(column, left, self.content.tiles(row, column)) for column, left in self._lefts(part)]
        pictures = iter(self.load_all([tile for *_, tiles in cells for tile in tiles[:MOST_TILES]]))
        for column, left, tiles in cells:
            for number, tile in enumerate(tiles[:MOST_TILES]):
                picture, box = next(pictures), self._box(row, column, left, number)
                if number == MOST_TILES - 1 and len(tiles) > MOST_TILES:
                    self._words(band, box, f"{len(tiles) - MOST_TILES + 1:,} more", "")
                else:
                    self._tile(band, box, tile, picture)
        return band

    def _outer(self, axis: str, value: int) -> str:
        return f"{axis}: {self.content.label(axis, value)[0]}"

    def _box(self, row: Heading, column: Heading, left: int, number: int) -> _Box:
        """Return the place of a picture in the band of its row."""
        measures, heights = self.measures, self.geometry.lines[row]
        line, across = divmod(number, self.geometry.across[column])
        between = measures.gap // 2
        top = sum(height + measures.caption + between for height in heights[:line])
        return _Box(left + across * (measures.side + between), top, measures.side, heights[line])

    def _tile(self, band: Image.Image, box: _Box, tile: SheetTile, picture: Image.Image | None) -> None:
        if picture is None:
            self._words(band, box, tile.status if tile.image is None else "missing", tile.reason)
        else:
            picture.thumbnail((box.width, box.height))
            left, top = box.left + (box.width - picture.width) // 2, box.top + (box.height - picture.height) // 2
            band.paste(picture, (left, top), picture.getchannel("A") if picture.mode == "RGBA" else None)
        if self.measures.has_captions:
            small = self.measures.font - 2
            self._write(band, (box.left, box.top + box.height), [tile.caption], box.width, small, _MUTED)

    def _words(self, band: Image.Image, box: _Box, word: str, reason: str) -> None:
        """Draw what became of a job that has no picture."""
        left, top, width, height = box.left, box.top, box.width, box.height
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
