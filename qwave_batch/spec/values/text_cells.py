"""Cells of tables whose cells are all strings (.csv, .tsv, .txt), which know in a template that they are cells.

The string "3" never equals the number 3, and the string "FALSE" counts as true. Authors of tables often expect
otherwise, so a cell raises an error when it is compared with a number or used as a condition.
"""

from collections.abc import Iterator
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_errors import FalseAsCondition, TextCompared
from qwave_batch.spec.values.value_messages import expression_of
from qwave_batch.spec.values.value_warnings import SuspiciousValue, counts_as_true, never_none

_COMPARED_WITH = (int, float)  # bool is an int
_MAX_WARNINGS = 100  # of one rendering
_LONG = 100  # characters that are searched for a word such as false
_FALSE = "false"
_OFTEN_FALSE = frozenset({"no", "off", "0"})


class TextRow(dict[str, Json]):
    """A row of a table whose cells are all strings."""

    warnings: list[SuspiciousValue] | None = None
    """Suspicious uses of its cells in one rendering; None for none."""
    checked_for_empty: set[str] | None = None
    """Columns whose empty cell the template compared with the empty string; None for none."""

    def warn(self, warning: SuspiciousValue) -> None:
        """Note a suspicious use of a cell."""
        if self.warnings is None:
            self.warnings = []
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(warning)

    def take_warnings(self) -> list[SuspiciousValue]:
        """Return the warnings of one rendering, and clear them."""
        found, self.warnings = self.warnings, None
        checked, self.checked_for_empty = self.checked_for_empty, None
        return [each for each in found or () if not (each.is_of_an_empty_cell and checked and each.column in checked)]

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
    """A cell's string, which refuses uses that make no sense for a string."""

    __slots__ = ("column", "row")
    column: str
    row: TextRow

    @classmethod
    def of(cls, text: Any, column: str, row: TextRow) -> Any:
        """Return a string as the cell of a column; any other value unchanged."""
        if not isinstance(text, str):
            return text
        cell = cls(text)
        cell.column = column
        cell.row = row
        return cell

    def like(self, value: Any) -> Any:
        """Return a result of this cell as its cell again: a string, or the strings in a list."""
        if isinstance(value, list):
            return [TextCell.of(item, self.column, self.row) for item in value]
        return TextCell.of(value, self.column, self.row)

    @property
    def expression(self) -> str:
        """The template expression for it."""
        return expression_of("row", self.column)

    def note_empty_check(self) -> None:
        """Note that the template checked whether the empty cell is empty."""
        if self.row.checked_for_empty is None:
            self.row.checked_for_empty = set()
        self.row.checked_for_empty.add(self.column)

    def note_comparison(self, other: object) -> None:
        """Note what the empty cell was compared with."""
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
        return str.__contains__(self, part)  # type: ignore[operator]  # the interpreter refuses anything but a string

    @property
    def is_number(self) -> bool:
        """Whether it is the text of a number."""
        try:
            float(self)
        except ValueError:
            return False
        return True
