"""Warnings about values that a template may use by mistake; the template is rendered all the same."""

from collections.abc import Callable
from dataclasses import dataclass

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_messages import quoted

_FEW = frozenset({"", "0", "1"})


@dataclass(frozen=True, slots=True)
class SuspiciousValue:
    """One suspicious use of a value, with its message."""

    message: str
    suggestion: str
    of: str
    """The subject: warnings with the same subject and place are reported once, with a count."""
    column: str | None = None
    only: Callable[[Json], bool] | None = None
    """The warning applies only if all cells of the column satisfy this."""
    is_of_an_empty_cell: bool = False
    """The warning does not apply if the template also checks whether the cell is empty."""


def counts_as_true(way: str, column: str, text: str) -> SuspiciousValue:
    """Warn that a cell such as "no" is used as a condition."""
    return SuspiciousValue(
        f"{way} is the string {quoted(text)}, which counts as true",
        f"write {way} == '{text}' to test for that string, or {way} != '' to test for any text",
        way,
        column,
        _is_few if text.strip() == "0" else None,
    )


def never_none(way: str, column: str) -> SuspiciousValue:
    """Warn that an empty cell is compared with none."""
    return SuspiciousValue(
        f"{way} is the empty string and is compared with none, but no cell of .csv, .tsv or .txt is none",
        f"write {way} == '' or {way} != '' to test for text",
        f"none {way}",
        column,
        is_of_an_empty_cell=True,
    )


def loses_its_fraction(way: str, text: str, number: int) -> SuspiciousValue:
    """Warn that ``int`` cuts the fraction off a cell's number."""
    return SuspiciousValue(
        f"{way} is the string {quoted(text)}, which int cuts to {number}",
        f"write {way} | float | round | int to round it",
        way,
    )


def whole_with_a_fraction(way: str, column: str, number: float) -> SuspiciousValue:
    """Warn that a whole number is written into text with a fraction, as in 1.0."""
    return SuspiciousValue(
        f"{way} is {number}, a whole number that is written into text with its fraction",
        f"use {way} | int to write {int(number)}",
        way,
        column,
        _has_no_fraction,
    )


def _is_few(cell: Json) -> bool:
    """Whether a cell may belong to a column that means yes and no by 1 and 0."""
    return isinstance(cell, str) and cell.strip() in _FEW


def _has_no_fraction(cell: Json) -> bool:
    return not isinstance(cell, float) or cell.is_integer()
