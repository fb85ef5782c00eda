"""Rows of tables, and headers that name their cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.text_cells import TextRow
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceNote

Columns: TypeAlias = tuple[str, ...] | None
MAX_COLUMNS = 10_000
_SHOWN = 120
MAX_NAME = 1_000  # characters of a column's name, which errors show


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededColumns:
    """The columns of a table that are needed; cells of other columns may be left out, with their mistakes."""

    columns: frozenset[str] | None = None
    """The columns that templates read; None for all."""
    are_rows_hashed: bool = False
    """Whether the ids of rows are hashes of all cells."""

    def is_read(self, name: str) -> bool:
        """Whether a template reads the column."""
        return self.columns is None or name in self.columns


@dataclass(slots=True, kw_only=True)  # not frozen: making one takes a third of the time, and tables have many
class Row:
    """One row of a table."""

    number: int
    """From 1; the header and blank lines are not counted."""
    cells: Mapping[str, Json]
    """Cells by column name; strings, except in formats with more types."""
    file: str
    """The table, as the user named it."""
    line: int = 1
    """The line where the row starts."""
    column: int = 1
    notes: tuple[tuple[ValuePath, SourceNote], ...] = ()
    """Notes on cells, and values in cells, whose spelling may not be what their author means."""

    @property
    def place(self) -> SourcePlace:
        """The place where the row starts."""
        return SourcePlace(self.file, self.line, self.column)


@dataclass(frozen=True, slots=True)
class RowFault:
    """Replaces a row that cannot be read; with a warning, it comes before a row that can."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table whose rows are lists of cells."""

    names: tuple[str, ...]
    """Names of all columns, in order; the cells of a column with a blank name are left out."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that have a name."""
        return tuple(name for name in self.names if name.strip())

    def positions(self, wanted: NeededColumns) -> tuple[int, ...]:
        """Return the positions of the columns that templates read."""
        return tuple(at for at, name in enumerate(self.names) if name.strip() and wanted.is_read(name))

    def row(self, number: int, cells: Sequence[str], file: str, line: int) -> Row | RowFault:
        """Return the row with its cells named, or a fault if there are too many or too few."""
        if len(cells) == len(self.names):
            held = TextRow(zip(self.names, cells, strict=False))  # the lengths are equal, see above
            if "" in held:
                del held[""]
            return Row(number=number, cells=held, file=file, line=line)
        cells_word = "cell" if len(cells) == 1 else "cells"
        columns_word = "column" if len(self.names) == 1 else "columns"
        message = f"row {number} has {len(cells)} {cells_word}, but the header has {len(self.names)} {columns_word}"
        return RowFault(
            Problem(message=message, place=SourcePlace(file, line), value=[cell[:_SHOWN] for cell in cells[:10]])
        )


def check_header(names: Sequence[str], place: SourcePlace) -> Header:
    """Return the header with these names.

    Raises:
        SpecError: A name is duplicate or too long, or no column has a name.
    """
    if len(names) > MAX_COLUMNS:
        message = f"the header has {len(names):,} columns; at most {MAX_COLUMNS:,} are read"
        raise SpecError([Problem(message=message, place=place)])
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if len(name) > MAX_NAME:
            message = f"column {number} of the header has a name of {len(name):,} characters; is this line the header?"
            problems.append(Problem(message=message, place=place))
        elif name.strip() and name in seen:
            message = f'the header names "{name}" twice, in columns {seen[name]} and {number}'
            problems.append(Problem(message=message, place=place, value=name))
        seen.setdefault(name, number)
    if not any(map(str.strip, names)):
        problems.append(Problem(message="no column in the header has a name", place=place))
    if problems:
        raise SpecError(problems)
    return Header(tuple(name if name.strip() else "" for name in names))
