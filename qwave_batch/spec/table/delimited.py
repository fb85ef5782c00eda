"""Tables with a header line: .csv, with quotes, and .tsv, without."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import PurePath

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.table.csv_quoting import (
    BLANK_BEFORE,
    TAKE_OUT,
    begins_with_blank,
    cells_with_blank,
    is_of_spreadsheets,
    may_have_blank,
    why_broken,
)
from qwave_batch.spec.table.rows import Columns, Header, NeededColumns, Row, RowFault, check_header
from qwave_batch.spec.table.table_file import MAX_LINE_BYTES, Line, check_values

_CALLED = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars (|)"}
_ENDINGS = {",": ".csv", "\t": ".tsv"}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')

_QUOTED_IN_TSV = "a cell is in quotes, which are part of its text in .tsv; spreadsheets quote cells this way"


def skip_separator_line(lines: Iterator[Line], own: str, shown_as: str) -> Iterator[Line]:
    """Return the lines without a first line such as ``sep=;``, which names the separator.

    Raises:
        SpecError: It names another separator than that of the file's format.
    """
    first = next(lines, None)
    if first is None:
        return lines
    says = _SEPARATOR_LINE.fullmatch(first.text)
    if says is None:
        return chain((first,), lines)
    if says[1] != own:
        raise SpecError([_other(says[1], own, SourcePlace(shown_as, first.number))])
    return lines


def check_separator(text: str, names: Sequence[str] | None, own: str, place: SourcePlace) -> None:
    """Raise SpecError for a header of one column that would be several with another separator.

    Args:
        text: The header as it is in the file.
        names: The columns in it; None if it cannot be read.
        own: The separator of the file's format.
        place: The place of the header.
    """
    if names is None:
        header = _QUOTED.sub("", text)
        if own in header:
            return
    elif len(names) == 1:
        header = names[0]
    else:
        return
    counts = {sign: header.count(sign) for sign in _CALLED if sign != own and sign in header}
    if counts:
        raise SpecError([_other(max(counts, key=counts.__getitem__), own, place)])


def _other(found: str, own: str, place: SourcePlace) -> Problem:
    """Return the problem of a file with another separator than its extension means, and what to do."""
    called, ending = _CALLED.get(found, found), _ENDINGS[own]
    if found in _ENDINGS:
        suggestion = f"rename it to {_renamed(PurePath(place.file).name, ending, _ENDINGS[found])}"
    else:
        other, other_ending = next((sign, each) for sign, each in _ENDINGS.items() if sign != own)
        suggestion = f"save it with {_CALLED[own]}, or with {_CALLED[other]} as {other_ending}"
    message = f"the file is separated by {called}, but {ending} means {_CALLED[own]}"
    return Problem(message=message, place=place, suggestion=suggestion)


def _renamed(name: str, ending: str, other: str) -> str:
    at = name.lower().rfind(ending)
    return name[:at] + other + name[at + len(ending) :]


def read_tsv(lines: Iterator[Line], shown_as: str, wanted: NeededColumns) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Return the columns and rows of a .tsv: tabs separate cells and quotes are text, so every line is a row."""
    written = skip_separator_line((line for line in lines if line.text), "\t", shown_as)
    first = next(written, None)
    if first is None:
        raise _no_header(shown_as)
    place = SourcePlace(shown_as, first.number)
    names = _cells(first, shown_as)
    check_separator(first.text, names, "\t", place)
    header = check_header(names, place)
    return header.columns, _tsv_rows(written, header, shown_as, wanted)


def _tsv_rows(lines: Iterator[Line], header: Header, shown_as: str, wanted: NeededColumns) -> Iterator[Row | RowFault]:
    looked_at = header.positions(wanted)
    for number, line in enumerate(lines, start=1):
        cells = _cells(line, shown_as)
        row = header.row(number, cells, shown_as, line.number)
        if '"' in line.text and isinstance(row, Row) and any(is_of_spreadsheets(cells[at]) for at in looked_at):
            yield RowFault(
                Problem(message=_QUOTED_IN_TSV, place=row.place, suggestion="save it as .csv", severity="warning")
            )
        yield row


def _cells(line: Line, shown_as: str) -> list[str]:
    try:
        check_values(line.text, "\t")
    except ValueError as error:
        raise SpecError(
            [Problem(message=f"the line is too long: {error}", place=SourcePlace(shown_as, line.number))]
        ) from None
    return line.text.split("\t")


def read_csv(lines: Iterator[Line], shown_as: str, wanted: NeededColumns) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Return the columns and rows of a .csv as in RFC 4180: quoted cells may have commas, line breaks and quotes."""
    records = _Records(skip_separator_line(lines, ",", shown_as), shown_as)
    first = next(records, None)
    if first is None:
        raise _no_header(shown_as)
    names = None if isinstance(first, RowFault) else first
    place = SourcePlace(shown_as, records.begins)
    check_separator(records.text, names, ",", place)
    if isinstance(first, RowFault):
        raise SpecError([first.problem])
    if records.may_have_blank and any(cells_with_blank(records.text)):
        raise SpecError([Problem(message=BLANK_BEFORE, place=place, suggestion=TAKE_OUT)])
    header = check_header(first, place)
    return header.columns, _csv_rows(records, header, shown_as, wanted)


def _csv_rows(records: "_Records", header: Header, shown_as: str, wanted: NeededColumns) -> Iterator[Row | RowFault]:
    looked_at = header.positions(wanted)
    for number, cells in enumerate(records, start=1):
        if isinstance(cells, RowFault):
            yield cells
            return  # after a broken quote the start of the next row is unknown
        row = header.row(number, cells, shown_as, records.begins)
        if records.may_have_blank:
            if isinstance(row, Row):
                odd = cells_with_blank(records.text)
                is_odd = any(odd[at] for at in looked_at)
            else:
                is_odd = begins_with_blank(records.text)
            if is_odd:
                place = SourcePlace(shown_as, records.begins)
                row = RowFault(Problem(message=BLANK_BEFORE, place=place, suggestion=TAKE_OUT))
        yield row


class _Records:
    """The records of comma-separated text, without blank lines."""

    def __init__(self, lines: Iterator[Line], shown_as: str) -> None:
        csv.field_size_limit(MAX_LINE_BYTES)  # the default limit is too small for an image in a cell
        self._shown_as = shown_as
        self._left = MAX_LINE_BYTES
        self.may_have_blank = False
        """Whether a cell of the current record may have a space before its quote."""
        self._record: list[str] = []
        """The lines of the current record."""
        self.begins = 1
        """The number of the first line of the current record."""
        self._reader = csv.reader(self._texts(lines), strict=True)

    @property
    def text(self) -> str:
        """The current record as it is in the file."""
        return "".join(self._record)

    def __iter__(self) -> "_Records":
        return self

    def __next__(self) -> list[str] | RowFault:
        while True:
            self._left = MAX_LINE_BYTES
            self.may_have_blank = False
            self._record.clear()
            try:
                cells = next(self._reader)
            except _RecordTooLarge as error:
                message = f"the row that starts here is too large: {error}"
                raise SpecError([Problem(message=message, place=SourcePlace(self._shown_as, self.begins))]) from None
            except csv.Error:
                message, suggestion = why_broken(self.text)
                place = SourcePlace(self._shown_as, self.begins)
                return RowFault(Problem(message=message, place=place, suggestion=suggestion))
            if cells:
                return cells

    def _texts(self, lines: Iterator[Line]) -> Iterator[str]:
        """Yield the lines for the reader; raise if one record, which quotes may extend over lines, is too large."""
        for line in lines:
            if not self._record:
                self.begins = line.number
            self._left -= len(line.text)
            if self._left < 0:
                raise _RecordTooLarge(f"at most {MAX_LINE_BYTES:,} characters are read")
            try:
                check_values(line.text, ",")
            except ValueError as error:
                raise _RecordTooLarge(str(error)) from None
            if may_have_blank(line.text):
                self.may_have_blank = True
            text = line.text + "\n"
            self._record.append(text)
            yield text


class _RecordTooLarge(Exception):
    """A record that is too large for memory."""


def _no_header(shown_as: str) -> SpecError:
    return SpecError(
        [Problem(message="the table is empty; its first line must name the columns", place=SourcePlace(shown_as))]
    )
