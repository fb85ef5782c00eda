"""Tables with a header line: comma-separated with quotes, tab-separated without."""

import csv
import re
from collections.abc import Iterator

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.lines import MAX_LINE_BYTES, Line, check_values
from qwave_batch.spec.rows import Columns, Row, RowFault, check_header, row_of

_TEXT_BEHIND = 'a quoted cell ends and text goes on behind it; a quote inside of a quoted cell is written twice, ""'
_CELL_END = re.compile(r"[,\r\n]")


def read_tsv(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Cells end at a tab and a quote means itself, so every line is a row."""
    written = (line for line in lines if line.text)
    header = next(written, None)
    if header is None:
        raise _no_header(shown_as)
    columns = check_header(_cells(header, shown_as), Place(shown_as, header.number))
    rows = (
        row_of(number, _cells(line, shown_as), columns, Place(shown_as, line.number))
        for number, line in enumerate(written, start=1)
    )
    return columns, rows


def _cells(line: Line, shown_as: str) -> list[str]:
    try:
        check_values(line.text, "\t")
    except ValueError as error:
        raise SpecError(
            [Problem(message=f"the line is too long: {error}", place=Place(shown_as, line.number))]
        ) from None
    return line.text.split("\t")


def read_csv(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """As RFC 4180 has it: a cell in double quotes may hold commas, line ends and doubled quotes."""
    records = _Records(lines, shown_as)
    first = next(records, None)
    if first is None:
        raise _no_header(shown_as)
    if isinstance(first, RowFault):
        raise SpecError([first.problem])
    line, names = first
    columns = check_header(names, Place(shown_as, line))
    return columns, _csv_rows(records, columns, shown_as)


def _csv_rows(records: "_Records", columns: tuple[str, ...], shown_as: str) -> Iterator[Row | RowFault]:
    for number, record in enumerate(records, start=1):
        if isinstance(record, RowFault):
            yield record
            return  # behind a broken quote no one knows where the next row begins
        line, cells = record
        yield row_of(number, cells, columns, Place(shown_as, line))


class _Records:
    """The records of comma-separated text with the line on which each begins; blank lines are left out."""

    def __init__(self, lines: Iterator[Line], shown_as: str) -> None:
        csv.field_size_limit(MAX_LINE_BYTES)  # the module's own limit is too small for an image in a cell
        self._shown_as = shown_as
        self._left = MAX_LINE_BYTES
        self._record: list[str] = []
        """The lines of the present record."""
        self._reader = csv.reader(self._texts(lines), strict=True)

    def __iter__(self) -> "_Records":
        return self

    def __next__(self) -> tuple[int, list[str]] | RowFault:
        while True:
            begins = self._reader.line_num + 1
            self._left = MAX_LINE_BYTES
            self._record.clear()
            try:
                cells = next(self._reader)
            except _TooLarge as error:
                place = Place(self._shown_as, begins)
                raise SpecError(
                    [Problem(message=f"the row that begins here is too large: {error}", place=place)]
                ) from None
            except csv.Error:
                place = Place(self._shown_as, begins)
                return RowFault(Problem(message=_words("".join(self._record)), place=place))
            if cells:
                return begins, cells

    def _texts(self, lines: Iterator[Line]) -> Iterator[str]:
        """Yield the lines for the reader; those of one record, which quotes may hold together, have a limit."""
        for line in lines:
            self._left -= len(line.text)
            if self._left < 0:
                raise _TooLarge(f"at most {MAX_LINE_BYTES:,} characters are read")
            try:
                check_values(line.text, ",")
            except ValueError as error:
                raise _TooLarge(str(error)) from None
            text = line.text + "\n"
            self._record.append(text)
            yield text


class _TooLarge(Exception):
    """A record that would fill the memory."""


def _words(record: str) -> str:
    """Return what is wrong with a record that the csv module gave up, by its text and not by the module's words."""
    at = 0
    while True:
        if record.startswith('"', at):
            ends = _end_of_quoted(record, at)
            if ends < 0:
                return "a quoted cell begins in this row and never ends"
            if ends < len(record) and not _CELL_END.match(record, ends):
                return _TEXT_BEHIND
        else:
            found = _CELL_END.search(record, at)
            ends = found.start() if found else len(record)
        if not record.startswith(",", ends):
            break
        at = ends + 1
    if record.startswith("\r", ends):
        return "a carriage return stands in the middle of an unquoted cell"
    return "the row is not comma-separated text"


def _end_of_quoted(record: str, begins: int) -> int:
    """Return where a quoted cell ends, behind its last quote; -1 where it does not."""
    at = begins + 1
    while (at := record.find('"', at)) >= 0:
        if not record.startswith('"', at + 1):
            return at + 1
        at += 2
    return -1


def _no_header(shown_as: str) -> SpecError:
    return SpecError([Problem(message="the table is empty; its first line names the columns", place=Place(shown_as))])
