"""The parts of a contact sheet: views, files that are written in bands and pages, fonts, and measures."""

import io
import random
import re
from itertools import pairwise
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image

from qwave_batch.errors import UsageError
from qwave_batch.report.banded_png import png_of_bands
from qwave_batch.report.grid_view import ReportView
from qwave_batch.report.pdf_pages import pdf_of_pages
from qwave_batch.report.pivot import Heading, Pivot
from qwave_batch.report.sheet_fonts import SheetFonts, plain_line
from qwave_batch.report.sheet_layout import (
    MOST_TILES,
    PAGE_EDGE,
    PAGE_SIZE,
    CellSizes,
    SheetMeasures,
    check_picture_size,
    fit_page,
    geometry_of,
    pages_of,
)

MEASURES = SheetMeasures(
    side=300, font=22, heading_lines=2, has_captions=False, has_row_headings=True, has_outer_rows=False,
    has_outer_columns=False,
)  # fmt: skip


def noise(width: int, height: int, seed: int = 1) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(3 * width * height))


def grid_of(rows: int, columns: int, *pictures: tuple[int, int]) -> tuple[Pivot, CellSizes]:
    down = tuple(Heading(0, number) for number in range(rows))
    across = tuple(Heading(0, number) for number in range(columns))
    cells = {(row, column): tuple(range(len(pictures))) for row in down for column in across}
    return Pivot(rows=down, columns=across, cells=cells), dict.fromkeys(cells, pictures)


# --- files


def test_a_png_of_bands_is_the_bands_below_each_other() -> None:
    bands = [noise(37, height, height) for height in (1, 20, 3)]
    data = b"".join(png_of_bands(37, 24, iter(bands)))
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (37, 24))
        assert picture.tobytes() == b"".join(band.tobytes() for band in bands)


@pytest.mark.parametrize(("width", "rows"), [(36, 24), (37, 25)])
def test_bands_of_another_size_than_the_head_says_are_refused(width: int, rows: int) -> None:
    with pytest.raises(ValueError, match="in a picture of"):
        b"".join(png_of_bands(width, rows, iter([noise(37, 24)])))


def test_a_pdf_of_pages_has_each_at_its_size_and_a_table_that_finds_all_objects() -> None:
    pages = [Image.new("RGB", (400, 200), colour) for colour in ("#ff0000", "#0000ff")]
    data = b"".join(pdf_of_pages(iter(pages), dots_per_inch=200))
    assert data.count(b"/MediaBox [0 0 144.00 72.00]") == 2
    assert b"/Count 2" in data
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    offsets = [int(entry) for entry in re.findall(rb"(\d{10}) 00000 n", data[start:])]
    assert data[start:].startswith(b"xref\n0 9\n")
    assert [data[at:].split(b" ", 1)[0] for at in offsets] == [str(number).encode() for number in range(1, 9)]
    pictures = [Image.open(io.BytesIO(data[found.start() :])) for found in re.finditer(rb"\xff\xd8\xff", data)]
    assert [picture.getpixel((5, 5)) for picture in pictures] == [(254, 0, 0), (0, 0, 254)]
    assert data == b"".join(pdf_of_pages(iter(pages), dots_per_inch=200))


# --- views


def test_a_view_is_read_from_a_fragment_or_a_whole_address() -> None:
    fragment = "page=grid&rows=aspect_ratio&cols=model&q=old%20alley&tag=no+tag&job=3f0c"
    view = ReportView(rows="aspect_ratio", cols="model", q="old alley", tag="no tag")
    assert ReportView.of_fragment(fragment) == view
    assert ReportView.of_fragment(f"#{fragment}") == view
    assert ReportView.of_fragment(f"file:///runs/a%23b/report/index.html#{fragment}") == view
    assert ReportView.of_fragment("") == ReportView()


@pytest.mark.parametrize("text", ["rows", "rows=a&&cols", "rows=%ff"])
def test_what_is_not_a_fragment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a view: copy what follows #"):
        ReportView.of_fragment(text)


def test_a_key_that_the_page_does_not_know_is_refused() -> None:
    with pytest.raises(UsageError, match='unknown key of a view "row"; did you mean "rows"'):
        ReportView.of_fragment("row=model")


# --- text


@pytest.fixture(scope="module")
def runic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A font that has three runes and nothing else: each is a square."""
    pen = TTGlyphPen(None)
    for place in ((0, 0), (0, 700), (500, 700), (500, 0)):
        (pen.lineTo if place != (0, 0) else pen.moveTo)(place)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1_000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "rune"])
    builder.setupCharacterMap(dict.fromkeys(map(ord, "ᚠᚢᚦ"), "rune"))
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "rune": square})
    builder.setupHorizontalMetrics({".notdef": (600, 0), "rune": (600, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Runes", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path = tmp_path_factory.mktemp("fonts") / "runes.ttf"
    builder.save(path)
    return path


def test_each_letter_comes_from_a_font_that_has_it(runic: Path) -> None:
    fonts = SheetFonts(runic)
    runs = fonts.runs("ᚠᚢᚦ ᚠ", 16), fonts.runs("an alley", 16), fonts.runs("ᚠᚢ and ᚦ", 16)
    assert [[run.text for run in each] for each in runs] == [["ᚠᚢᚦ ᚠ"], ["an alley"], ["ᚠᚢ ", "and ", "ᚦ"]]
    assert fonts.lacking == {}


def test_a_letter_that_no_font_has_is_told() -> None:
    fonts = SheetFonts()
    fonts.length("a \U000e0fff \U0010ffff", 16)
    assert list(fonts.lacking) == ["\U000e0fff", "\U0010ffff"]


def test_text_from_right_to_left_begins_on_the_right(runic: Path) -> None:
    runs = SheetFonts(runic).runs("שלום ᚠᚢ", 16)
    assert [run.text.strip() for run in runs] == ["ᚠᚢ", "שלום"]


def test_text_is_wrapped_to_its_width_and_an_ellipsis_says_that_there_is_more() -> None:
    fonts, text = SheetFonts(), "a word and another-word " * 9 + "x" * 300
    whole = fonts.wrapped(text, 16, 200, 99)
    assert max(fonts.length(line, 16) for line in whole) <= 200
    assert "".join(whole).replace(" ", "") == text.replace(" ", "")
    cut = fonts.wrapped(text, 16, 200, 3)
    assert (len(cut), cut[:2], cut[2][-1]) == (3, whole[:2], "…")
    assert fonts.length(cut[2], 16) <= 200


def test_a_line_has_no_letters_that_turn_the_others() -> None:
    assert plain_line("a\u202eb\n\tc\x00\u2066d ", 99) == "ab cd"
    assert plain_line("x" * 20, 5) == "xxxx…"


def test_a_file_that_is_not_a_font_is_refused(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes(b"not a font")
    with pytest.raises(UsageError, match="is not a font that can be read"):
        SheetFonts(tmp_path / "font.ttf")


# --- measures


def test_wide_pictures_leave_no_empty_space_and_columns_are_as_wide_as_they_need() -> None:
    grid, sizes = grid_of(2, 2, (1600, 900))
    first = grid.columns[0]
    sizes = {**sizes, (grid.rows[0], first): [(1600, 900), None, (900, 1600)]}
    geometry = geometry_of(MEASURES, grid, sizes)
    assert (geometry.across[first], geometry.across[grid.columns[1]]) == (2, 1)
    assert geometry.lines == {grid.rows[0]: (169, 300), grid.rows[1]: (169,)}


def test_no_cell_grows_beyond_the_most_pictures() -> None:
    grid, sizes = grid_of(1, 1, *[(8, 8)] * 500)
    geometry = geometry_of(MEASURES, grid, sizes)
    assert geometry.across[grid.columns[0]] * len(geometry.lines[grid.rows[0]]) == MOST_TILES


@pytest.mark.parametrize(("rows", "columns", "pictures"), [(1, 1, 1), (40, 7, 1), (9, 60, 1), (3, 2, 9), (30, 30, 4)])
def test_pages_hold_every_row_and_column_once_and_fit(rows: int, columns: int, pictures: int) -> None:
    grid, sizes = grid_of(rows, columns, *[(900, 1600)] * pictures)
    geometry = fit_page(MEASURES, grid, sizes)
    pages = pages_of(geometry, grid)
    seen = [(row, column) for page in pages for row in page.rows for column in page.columns]
    assert (len(seen), set(seen)) == (rows * columns, set(grid.cells))
    for page in pages:
        assert geometry.width_of(page.columns) <= PAGE_SIZE[0] - 2 * PAGE_EDGE
        assert geometry.measures.column_heading + geometry.height_of(page.rows) <= PAGE_SIZE[1] - 2 * PAGE_EDGE
    assert all(one.rows[0].inner <= other.rows[0].inner for one, other in pairwise(pages))


def test_a_few_more_columns_are_made_smaller_and_stay_on_one_page() -> None:
    grid, sizes = grid_of(4, 8, (1000, 1000))
    geometry = fit_page(MEASURES, grid, sizes)
    assert {page.columns for page in pages_of(geometry, grid)} == {grid.columns}
    assert 0.6 * MEASURES.side <= geometry.measures.side < MEASURES.side


def test_a_picture_that_no_program_opens_is_refused_with_what_makes_it_smaller() -> None:
    grid, _ = grid_of(100, 100)
    with pytest.raises(UsageError, match=r"26,000 by 27,000 pixels \(100 rows, 100 columns\).* or write a PDF"):
        check_picture_size(26_000, 27_000, grid)
