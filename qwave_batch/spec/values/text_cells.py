"""Cells of tables that hold nothing but texts, which know inside of a template that they are cells.

The text "3" is never the number 3, and the text "FALSE" counts as true, whatever who wrote the table means by them. So
a cell says so when it is compared with a number or checked_for_empty for its truth.
"""

from collections.abc import Iterator
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_errors import FalseAsCondition, TextCompared
from qwave_batch.spec.values.value_messages import expression_of
from qwave_batch.spec.values.value_warnings import SuspiciousValue, counts_as_true, never_none

_COMPARED_WITH = (int, float)  # bool is an int
_MAX_WARNINGS = 100  # of one rendering
_LONG = 100  # characters, of which blanks may be around a word
_FALSE = "false"
_OFTEN_FALSE = frozenset({"no", "off", "0"})


class TextRow(dict[str, Json]):
    """A row of a table whose cells are all texts."""

    warnings: list[SuspiciousValue] | None = None
    """What was done with its cells that nobody may have meant; None for nothing."""
    checked_for_empty: set[str] | None = None
    """The columns of empty cells that were checked_for_empty whether they are empty."""

    def warn(self, warning: SuspiciousValue) -> None:
        """Note something."""
        if self.warnings is None:
            self.warnings = []
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(warning)

    def take_warnings(self) -> list[SuspiciousValue]:
        """Return what was noted in one rendering, and forget it."""
        found, self.warnings = self.warnings, None
        checked_for_empty, self.checked_for_empty = self.checked_for_empty, None
        return [
            each
            for each in found or ()
            if not (each.is_of_an_empty_cell and checked_for_empty and each.column in checked_for_empty)
        ]

    def cell(self, column: Any) -> Any:
        """Return a cell as templates see it.

        Raises:
            KeyError: There is no such column.
        """
        cell = TextCell(self[column])
        cell.column = column
        cell.row = self
        return cell

    def marked(self) -> Iterator[tuple[str, Any]]:
        """Yield the columns with their cells as templates see them."""
        for column, text in self.items():
            yield column, TextCell.of(text, column, self)


def field_of(mapping: Any, key: Any) -> Any:
    """Return a field of a mapping as templates see it.

    Raises:
        KeyError: There is no such field.
    """
    return mapping.cell(key) if type(mapping) is TextRow else mapping[key]


class TextCell(str):
    """A cell's text, which refuses what a text can't be meant for."""

    __slots__ = ("column", "row")
    column: str
    row: TextRow

    @classmethod
    def of(cls, text: Any, column: str, row: TextRow) -> Any:
        """Return a text as the cell of a column; any other value as it is."""
        if not isinstance(text, str):
            return text
        cell = cls(text)
        cell.column = column
        cell.row = row
        return cell

    def like(self, value: Any) -> Any:
        """Return what was made of this cell as still its own: a text, or texts in a list."""
        if isinstance(value, list):
            return [TextCell.of(item, self.column, self.row) for item in value]
        return TextCell.of(value, self.column, self.row)

    @property
    def expression(self) -> str:
        """How a template names it."""
        return expression_of("row", self.column)

    def note_empty_check(self) -> None:
        """Note that an empty cell was checked_for_empty whether it is empty."""
        if self.row.checked_for_empty is None:
            self.row.checked_for_empty = set()
        self.row.checked_for_empty.add(self.column)

    def note_comparison(self, other: object) -> None:
        """Note what an empty cell was compared with."""
        if other is None:
            self.row.warn(never_none(self.expression, self.column))
        elif other == "":
            self.note_empty_check()

    def __bool__(self) -> bool:
        if len(self) == 0:
            self.note_empty_check()
            return False
        if len(self) > _LONG:
            return True
        text = self.strip().casefold()
        if text == _FALSE:
            raise FalseAsCondition(self, is_as_written=self.row.get(self.column) == str(self))
        if text in _OFTEN_FALSE:
            self.row.warn(counts_as_true(self.expression, self.column, str(self)))
        return True

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise TextCompared(self, other, "==")
        if len(self) == 0:
            self.note_comparison(other)
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise TextCompared(self, other, "!=")
        if len(self) == 0:
            self.note_comparison(other)
        return str.__ne__(self, other)

    def __lt__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise TextCompared(self, other, "<")
        return str.__lt__(self, other)

    def __le__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise TextCompared(self, other, "<=")
        return str.__le__(self, other)

    def __gt__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise TextCompared(self, other, ">")
        return str.__gt__(self, other)

    def __ge__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise TextCompared(self, other, ">=")
        return str.__ge__(self, other)

    def __contains__(self, part: object) -> bool:
        if isinstance(part, _COMPARED_WITH):
            raise TextCompared(self, part, "in")
        return str.__contains__(self, part)  # type: ignore[operator]  # a text, or the interpreter refuses it

    @property
    def is_number(self) -> bool:
        """Whether it reads as a number."""
        try:
            float(self)
        except ValueError:
            return False
        return True
