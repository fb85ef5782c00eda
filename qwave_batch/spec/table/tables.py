"""Opens tables by their extension, and reads their rows one at a time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypeAlias

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec import table
from qwave_batch.spec.inputs.file_access import InputFile
from qwave_batch.spec.table.rows import Columns, NeededColumns, Row, RowFault
from qwave_batch.spec.table.table_file import GZIP_SUFFIX, Line, TableFile, open_table_file, read_table_lines
from qwave_batch.spec.values.text_cells import TextRow

__all__ = ["FORMATS", "Row", "Table", "open_rows", "open_table"]

MAX_LISTED = 20
ALL_COLUMNS = NeededColumns()

Format: TypeAlias = Callable[[TableFile, NeededColumns], tuple[Columns, Iterator[Row | RowFault]]]
"""Reads a file: returns the columns (None if each row has its own) and the rows, with a fault in place of each bad row.
Cells of columns that are not needed may be left out, and mistakes in them are ignored.
"""

_PARQUET = ".parquet"


def _read_txt(lines: Iterator[Line], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Return the rows of a .txt: each line that is not blank is a row with one cell, ``text``."""
    written = (line for line in lines if line.text.strip())
    rows = (
        Row(number=number, cells=TextRow(text=line.text), file=shown_as, line=line.number)
        for number, line in enumerate(written, start=1)
    )
    return ("text",), rows


def _read_parquet(file: TableFile, wanted: NeededColumns) -> tuple[Columns, Iterator[Row | RowFault]]:
    return table.parquet.read_parquet(file, wanted)


FORMATS: Mapping[str, Format] = {
    ".csv": lambda file, wanted: table.delimited.read_csv(read_table_lines(file), file.shown_as, wanted),
    ".tsv": lambda file, wanted: table.delimited.read_tsv(read_table_lines(file), file.shown_as, wanted),
    ".jsonl": lambda file, _: table.json_rows.read_jsonl(read_table_lines(file), file.shown_as),
    ".json": lambda file, _: table.json_list.read_json_list(file.pieces(), file.shown_as),
    ".txt": lambda file, _: _read_txt(read_table_lines(file), file.shown_as),
    ".yaml": lambda file, _: table.json_rows.read_yaml_table(file),
    ".yml": lambda file, _: table.json_rows.read_yaml_table(file),
    _PARQUET: _read_parquet,
}
"""The format of each kind of file, by its suffix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that exists and whose header, if it has one, was read."""

    file: InputFile
    shown_as: str
    """Its name in messages; its extension decides the format, whatever file a link leads to."""
    columns: Columns
    """The columns, or None if each row has its own."""

    @property
    def is_text(self) -> bool:
        """Whether the cells are strings as they are in the file."""
        return self.columns is not None and not self.shown_as.lower().endswith(_PARQUET)

    @property
    def has_header(self) -> bool:
        """Whether a line of the file names the columns."""
        return self.is_text and ".txt" not in PurePath(self.shown_as.lower()).suffixes[-2:]

    @property
    def path(self) -> Path:
        """Its path, symlinks resolved."""
        return self.file.path

    def rows(
        self, wanted: NeededColumns = ALL_COLUMNS, *, warn: Callable[[Problem], None] = lambda _: None
    ) -> Iterator[Row]:
        """Yield the rows in file order, one at a time.

        Args:
            wanted: The columns that are needed.
            warn: Called with a warning about the row that comes next.

        Raises:
            SpecError: Some rows are not valid; the first twenty are listed.
        """
        faults: list[Problem] = []
        try:
            with open_table_file(self.file, self.shown_as) as file:
                _, rows = _format(self.shown_as)(file, wanted)
                for row in rows:
                    if isinstance(row, RowFault):
                        if row.problem.severity == "warning":
                            warn(row.problem)
                            continue
                        faults.append(row.problem)
                        if len(faults) >= MAX_LISTED:
                            break
                    elif not faults:
                        yield row
        except SpecError as error:
            raise SpecError([*faults, *error.problems]) from None
        if faults:
            raise SpecError(faults)


def open_table(path: Path | InputFile, shown_as: str) -> Table:
    """Return the table in a file, with its columns read; a ``Path`` is one that the program itself chose.

    Raises:
        SpecError: The format is unknown, or the file lacks the header that its format needs.
        MissingExtra: The library for the format is not installed.
    """
    read = _format(shown_as)
    source = path if isinstance(path, InputFile) else InputFile.at(path)
    with open_table_file(source, shown_as) as file:
        file.check_name()
        columns, _ = read(file, ALL_COLUMNS)
    return Table(file=source, shown_as=shown_as, columns=columns)


def open_rows(path: Path | InputFile, shown_as: str) -> Iterator[Row]:
    """Return the rows of the table in a file, streamed."""
    return open_table(path, shown_as).rows()


def _format(name: str) -> Format:
    whole = PurePath(name.lower())
    is_gzip = whole.suffix == GZIP_SUFFIX
    suffix = (PurePath(whole.stem) if is_gzip else whole).suffix
    known = FORMATS.get(suffix)
    if known and not (is_gzip and suffix == _PARQUET):
        return known
    suggestion = None
    if is_gzip and suffix == _PARQUET:
        found, suggestion = "is Parquet inside gzip", "unpack it; Parquet is already compressed"
    elif is_gzip and not suffix:
        found, suggestion = "does not say what is in the gzip file", f"rename it, for example to table.csv{GZIP_SUFFIX}"
    else:
        found = f"has the extension {suffix}" if suffix else "has no extension"
    read = ", ".join(FORMATS)
    message = f"{name} {found}; supported are {read}, all but the last also with {GZIP_SUFFIX}"
    raise SpecError([Problem(message=message, place=SourcePlace(name), allowed=tuple(FORMATS), suggestion=suggestion)])
