"""Quotes around cells that are part of their text, though whoever wrote them did not mean that."""

import re

BLANK_BEFORE = "a blank stands before the quote of a cell, so its quotes are part of the text"
BLANK_BEHIND = "a blank stands behind the quote that ends a cell"
TAKE_OUT = "take the blank out"
TEXT_BEHIND = 'a quoted cell ends and text goes on behind it; a quote inside of a quoted cell is written twice, ""'

_MAY_HAVE_BLANK = re.compile(r'(?:^|,)\s+"')
_CELL_END = re.compile(r"[,\n]")
_OF_SPREADSHEETS = re.compile(r'"(?:[^"]|"")*"')


def may_have_blank(line: str) -> bool:
    """Whether a line of comma-separated text may have a blank before the quote of a cell; quick, it asks every line."""
    return (' "' in line or '\t"' in line or '\u00a0"' in line) and _MAY_HAVE_BLANK.search(line) is not None


def cells_with_blank(record: str) -> list[bool]:
    """Return of each cell of a record whether its quotes have a blank before them, and so are part of the text."""
    cells = list(_written(record))
    odd = [_is_quoted(cell) for cell in cells]
    last = cells[-1].lstrip() if cells and cells[-1][:1].isspace() else ""
    if last.startswith('"') and last.count('"') % 2:  # the cell was to go on in the next line
        odd[-1] = True
    return odd


def begins_with_blank(record: str) -> bool:
    """Whether some cell of a record begins with a blank and a quote, which may part it where a comma stands in it."""
    return any(cell[:1].isspace() and cell.lstrip().startswith('"') for cell in _written(record))


def _is_quoted(cell: str) -> bool:
    inner = cell.strip()
    return cell[:1].isspace() and len(inner) > 1 and inner[0] == inner[-1] == '"'


def _written(record: str) -> list[str]:
    """Return the cells of a record as they are written, quotes and blanks included."""
    cells: list[str] = []
    at = 0
    while True:
        ends = _end_of_quoted(record, at) if record.startswith('"', at) else at
        found = _CELL_END.search(record, ends) if ends >= 0 else None
        ends = found.start() if found else len(record)
        cells.append(record[at:ends])
        if not record.startswith(",", ends):
            return cells
        at = ends + 1


def why_broken(record: str) -> tuple[str, str | None]:
    """Return what is wrong with a record that the csv module gave up, and the way out, by its text alone."""
    at = 0
    while True:
        if record.startswith('"', at):
            ends = _end_of_quoted(record, at)
            if ends < 0:
                return "a quoted cell begins in this row and never ends", None
            if ends < len(record) and not _CELL_END.match(record, ends):
                found = _CELL_END.search(record, ends)
                behind = record[ends : found.start() if found else len(record)]
                return (TEXT_BEHIND, None) if behind.strip() else (BLANK_BEHIND, TAKE_OUT)
        else:
            found = _CELL_END.search(record, at)
            ends = found.start() if found else len(record)
        if not record.startswith(",", ends):
            return "the row is not comma-separated text", None
        at = ends + 1


def _end_of_quoted(record: str, begins: int) -> int:
    """Return where a quoted cell ends, behind its last quote; -1 where it does not."""
    at = begins + 1
    while (at := record.find('"', at)) >= 0:
        if not record.startswith('"', at + 1):
            return at + 1
        at += 2
    return -1


def is_of_spreadsheets(cell: str) -> bool:
    """Whether a cell is quoted as spreadsheets quote it, with a reason to: it holds a comma or doubled quotes."""
    inner = cell[1:-1]
    return ("," in inner or '"' in inner) and _OF_SPREADSHEETS.fullmatch(cell) is not None
