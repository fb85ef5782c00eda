"""The rows of tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.cells import TextCells
from qwave_batch.spec.marks import Path, Written

Columns: TypeAlias = tuple[str, ...] | None
MAX_COLUMNS = 10_000
_SHOWN = 120
MAX_NAME = 1_000  # characters of a column's name; it is told in errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table."""

    number: int
    """From 1; the header and blank lines are not counted."""
    cells: Mapping[str, Json]
    """Column name to cell; strings, except in formats that know more types."""
    place: Place
    """Where the row begins in its file."""
    remarkable: tuple[tuple[Path, Written], ...] = ()
    """The cells, and values in cells, that may not stand there as their author means them."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What stands in the place of a row that can't be read."""

    problem: Problem


def check_header(names: Sequence[str], place: Place) -> tuple[str, ...]:
    """Return the columns that a header names.

    Raises:
        SpecError: A name is missing or stands there twice.
    """
    if len(names) > MAX_COLUMNS:
        message = f"the header has {len(names):,} columns; at most {MAX_COLUMNS:,} are read"
        raise SpecError([Problem(message=message, place=place)])
    problems = [
        Problem(message=f"column {number} of the header has {_fault_of(name)}", place=place)
        for number, name in enumerate(names, start=1)
        if _fault_of(name)
    ]
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not _fault_of(name) and name in seen:
            message = f'the header names "{name}" twice, in columns {seen[name]} and {number}'
            problems.append(Problem(message=message, place=place, value=name))
        seen.setdefault(name, number)
    if problems:
        raise SpecError(problems)
    return tuple(names)


def _fault_of(name: str) -> str:
    if not name.strip():
        return "no name"
    return "" if len(name) <= MAX_NAME else f"a name of {len(name):,} characters; is this line the header?"


def row_of(number: int, cells: Sequence[str], columns: Sequence[str], place: Place) -> Row | RowFault:
    """Return the row with its cells named, or what is wrong when there are too many or too few of them."""
    if len(cells) == len(columns):
        return Row(number=number, cells=TextCells(zip(columns, cells, strict=True)), place=place)
    cells_word = "cell" if len(cells) == 1 else "cells"
    columns_word = "column" if len(columns) == 1 else "columns"
    message = f"row {number} has {len(cells)} {cells_word}, and the header has {len(columns)} {columns_word}"
    return RowFault(Problem(message=message, place=place, value=[cell[:_SHOWN] for cell in cells[:10]]))
