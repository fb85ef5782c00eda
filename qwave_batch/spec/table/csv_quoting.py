"""Finds quotes in .csv and .tsv that are part of a cell's text although the author meant to quote the cell."""

import re

BLANK_BEFORE = "there is a space before the quote of a cell, so its quotes are part of the text"
BLANK_BEHIND = "there is a space after the closing quote of a cell"
TAKE_OUT = "remove the space"
TEXT_BEHIND = 'there is text after the closing quote of a cell; a quote inside a quoted cell is written twice, ""'

_MAY_HAVE_BLANK = re.compile(r'(?:^|,)\s+"')
_CELL_END = re.compile(r"[,\n]")
_OF_SPREADSHEETS = re.compile(r'"(?:[^"]|"")*"')


def may_have_blank(line: str) -> bool:
    """Whether a line may have a space before the quote of a cell; fast, since it runs for every line."""
    return (' "' in line or '\t"' in line or '\u00a0"' in line) and _MAY_HAVE_BLANK.search(line) is not None


def cells_with_blank(record: str) -> list[bool]:
    """Return for each cell of a record whether a space before its quotes makes them part of the text."""
    cells = list(_written(record))
    odd = [_is_quoted(cell) for cell in cells]
    last = cells[-1].lstrip() if cells and cells[-1][:1].isspace() else ""
    if last.startswith('"') and last.count('"') % 2:  # the cell was meant to continue on the next line
        odd[-1] = True
    return odd


def begins_with_blank(record: str) -> bool:
    """Whether a cell of a record starts with a space and a quote, which may split it at a comma inside."""
    return any(cell[:1].isspace() and cell.lstrip().startswith('"') for cell in _written(record))


def _is_quoted(cell: str) -> bool:
    inner = cell.strip()
    return cell[:1].isspace() and len(inner) > 1 and inner[0] == inner[-1] == '"'


def _written(record: str) -> list[str]:
    """Return the cells of a record as they are in the file, with quotes and spaces."""
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
    """Return the message and suggestion for a record that the csv module rejects, by its text alone."""
    at = 0
    while True:
        if record.startswith('"', at):
            ends = _end_of_quoted(record, at)
            if ends < 0:
                return "a quoted cell starts in this row and never ends", None
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
    """Return the index after the closing quote of a cell; -1 without one."""
    at = begins + 1
    while (at := record.find('"', at)) >= 0:
        if not record.startswith('"', at + 1):
            return at + 1
        at += 2
    return -1


def is_of_spreadsheets(cell: str) -> bool:
    """Whether a cell is quoted as spreadsheets do, for a reason: it contains a comma or doubled quotes."""
    inner = cell[1:-1]
    return ("," in inner or '"' in inner) and _OF_SPREADSHEETS.fullmatch(cell) is not None
