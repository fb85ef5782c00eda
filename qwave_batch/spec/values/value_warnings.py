"""What a template does that its author may not mean: told as a warning, and done all the same."""

from collections.abc import Callable
from dataclasses import dataclass

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_messages import quoted

_FEW = frozenset({"", "0", "1"})


@dataclass(frozen=True, slots=True)
class SuspiciousValue:
    """One such thing, in words."""

    message: str
    suggestion: str
    of: str
    """What it is said of: of the same thing at the same place it is said once, and counted."""
    column: str | None = None
    only: Callable[[Json], bool] | None = None
    """It is said only where all cells of the column are like this."""
    is_of_an_empty_cell: bool = False
    """It is not said where the same template asks as well whether the cell is empty."""


def counts_as_true(way: str, column: str, text: str) -> SuspiciousValue:
    """Return that a cell which reads like no was asked whether it is true."""
    return SuspiciousValue(
        f"{way} is the text {quoted(text)}, which counts as true",
        f"write {way} == '{text}' to ask for that text, or {way} != '' to ask whether there is any",
        way,
        column,
        _is_few if text.strip() == "0" else None,
    )


def never_none(way: str, column: str) -> SuspiciousValue:
    """Return that an empty cell was asked whether it is none."""
    return SuspiciousValue(
        f"{way} is empty, a text of no letters, and is compared with none, which no cell of .csv, .tsv or .txt is",
        f"write {way} == '' or {way} != '' to ask whether there is any text",
        f"none {way}",
        column,
        is_of_an_empty_cell=True,
    )


def loses_its_fraction(way: str, text: str, number: int) -> SuspiciousValue:
    """Return that ``int`` cuts a cell's number."""
    return SuspiciousValue(
        f"{way} is the text {quoted(text)}, which int cuts to {number}",
        f"write {way} | float | round | int to round it",
        way,
    )


def whole_with_a_fraction(way: str, column: str, number: float) -> SuspiciousValue:
    """Return that a whole number is written into a text with a point and a zero."""
    return SuspiciousValue(
        f"{way} is {number}, a whole number with a fraction, and is written into a text",
        f"{way} | int writes {int(number)}",
        way,
        column,
        _has_no_fraction,
    )


def _is_few(cell: Json) -> bool:
    """Whether a cell is one of a column that says yes and no with numbers."""
    return isinstance(cell, str) and cell.strip() in _FEW


def _has_no_fraction(cell: Json) -> bool:
    return not isinstance(cell, float) or cell.is_integer()
