"""Tables: files each row of which is a prompt, read one row at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.delimited import read_csv, read_tsv
from qwave_batch.spec.jsonlines import read_jsonl
from qwave_batch.spec.lines import Line, read_lines
from qwave_batch.spec.rows import Columns, Row, RowFault

__all__ = ["FORMATS", "Row", "Table", "open_rows", "open_table"]

MAX_LISTED = 20
_LATER = (".json", ".yaml", ".yml", ".parquet", ".gz")


class Format(Protocol):
    """Makes rows of lines: gives the columns first, then the rows, and a fault in the place of each bad one."""

    def __call__(self, lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
        """Return the columns (None where each row brings its own) and the rows."""
        ...


def _read_txt(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Each line that is not blank is a row with one cell, ``text``."""
    written = (line for line in lines if line.text.strip())
    rows = (
        Row(number=number, cells={"text": line.text}, place=Place(shown_as, line.number))
        for number, line in enumerate(written, start=1)
    )
    return ("text",), rows


FORMATS: Mapping[str, Format] = {".csv": read_csv, ".tsv": read_tsv, ".jsonl": read_jsonl, ".txt": _read_txt}
"""How each kind of file is read, by its suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that is there and whose header, if it has one, was read."""

    path: Path
    shown_as: str
    """What the spec calls it."""
    columns: Columns
    """The columns, or None where each row brings its own."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows in file order, one at a time.

        Raises:
            SpecError: Rows are not what they should be; the first twenty such rows are listed.
        """
        faults: list[Problem] = []
        _, rows = _format(self.path, self.shown_as)(read_lines(self.path, self.shown_as), self.shown_as)
        for row in rows:
            if isinstance(row, RowFault):
                faults.append(row.problem)
                if len(faults) >= MAX_LISTED:
                    break
            elif not faults:
                yield row
        if faults:
            raise SpecError(faults)


def open_table(path: Path, shown_as: str) -> Table:
    """Return the table in a file, its columns read.

    Raises:
        SpecError: The format is not known, or the file has no header as its format wants it.
    """
    lines = read_lines(path, shown_as)
    columns, _ = _format(path, shown_as)(lines, shown_as)
    lines.close()
    return Table(path=path, shown_as=shown_as, columns=columns)


def open_rows(path: Path, shown_as: str) -> Iterator[Row]:
    """Return the rows of the table in a file, streamed."""
    return open_table(path, shown_as).rows()


def _format(path: Path, shown_as: str) -> Format:
    suffix = path.suffix.lower()
    known = FORMATS.get(suffix)
    if known:
        return known
    read = ", ".join(FORMATS)
    message = (
        f"{suffix} tables are not read yet; what is read is {read}"
        if suffix in _LATER
        else f"{shown_as} has {f'the ending {suffix}' if suffix else 'no ending'}, and what is read is {read}"
    )
    raise SpecError([Problem(message=message, place=Place(shown_as), allowed=tuple(FORMATS))])
