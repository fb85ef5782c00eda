"""Cells of tables that hold nothing but texts, which know inside of a template that they are cells.

The text "3" is never the number 3, and the text "FALSE" counts as true, whatever who wrote the table means by them. So
a cell says so when it is compared with a number or asked for its truth.
"""

from collections.abc import Iterator
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.unintended import Doubt, counts_as_true, never_none
from qwave_batch.spec.values.unintended_messages import Compared, FalseAsked, way_of

_COMPARED_WITH = (int, float)  # bool is an int
_MOST_DOUBTS = 100  # of one rendering
_LONG = 100  # characters, of which blanks may be around a word
_FALSE = "false"
_OFTEN_FALSE = frozenset({"no", "off", "0"})


class TextCells(dict[str, Json]):
    """A row of a table whose cells are all texts."""

    doubts: list[Doubt] | None = None
    """What was done with its cells that nobody may have meant; None for nothing."""
    asked: set[str] | None = None
    """The columns of empty cells that were asked whether they are empty."""

    def doubt(self, doubt: Doubt) -> None:
        """Note something."""
        if self.doubts is None:
            self.doubts = []
        if len(self.doubts) < _MOST_DOUBTS:
            self.doubts.append(doubt)

    def take_doubts(self) -> list[Doubt]:
        """Return what was noted in one rendering, and forget it."""
        found, self.doubts = self.doubts, None
        asked, self.asked = self.asked, None
        return [doubt for doubt in found or () if not (doubt.is_of_an_empty_cell and asked and doubt.column in asked)]

    def cell(self, column: Any) -> Any:
        """Return a cell as templates see it.

        Raises:
            KeyError: There is no such column.
        """
        cell = Cell(self[column])
        cell.column = column
        cell.row = self
        return cell

    def marked(self) -> Iterator[tuple[str, Any]]:
        """Yield the columns with their cells as templates see them."""
        for column, text in self.items():
            yield column, Cell.of(text, column, self)


def field_of(mapping: Any, key: Any) -> Any:
    """Return a field of a mapping as templates see it.

    Raises:
        KeyError: There is no such field.
    """
    return mapping.cell(key) if type(mapping) is TextCells else mapping[key]


class Cell(str):
    """A cell's text, which refuses what a text can't be meant for."""

    __slots__ = ("column", "row")
    column: str
    row: TextCells

    @classmethod
    def of(cls, text: Any, column: str, row: TextCells) -> Any:
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
            return [Cell.of(item, self.column, self.row) for item in value]
        return Cell.of(value, self.column, self.row)

    @property
    def way(self) -> str:
        """How a template names it."""
        return way_of("row", self.column)

    def is_asked_for_text(self) -> None:
        """Note that an empty cell was asked whether it is empty."""
        if self.row.asked is None:
            self.row.asked = set()
        self.row.asked.add(self.column)

    def is_asked_for(self, other: object) -> None:
        """Note what an empty cell was compared with."""
        if other is None:
            self.row.doubt(never_none(self.way, self.column))
        elif other == "":
            self.is_asked_for_text()

    def __bool__(self) -> bool:
        if len(self) == 0:
            self.is_asked_for_text()
            return False
        if len(self) > _LONG:
            return True
        text = self.strip().casefold()
        if text == _FALSE:
            raise FalseAsked(self, is_as_written=self.row.get(self.column) == str(self))
        if text in _OFTEN_FALSE:
            self.row.doubt(counts_as_true(self.way, self.column, str(self)))
        return True

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise Compared(self, other, "==")
        if len(self) == 0:
            self.is_asked_for(other)
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise Compared(self, other, "!=")
        if len(self) == 0:
            self.is_asked_for(other)
        return str.__ne__(self, other)

    def __lt__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise Compared(self, other, "<")
        return str.__lt__(self, other)

    def __le__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise Compared(self, other, "<=")
        return str.__le__(self, other)

    def __gt__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise Compared(self, other, ">")
        return str.__gt__(self, other)

    def __ge__(self, other: Any) -> bool:
        if isinstance(other, _COMPARED_WITH):
            raise Compared(self, other, ">=")
        return str.__ge__(self, other)

    def __contains__(self, part: object) -> bool:
        if isinstance(part, _COMPARED_WITH):
            raise Compared(self, part, "in")
        return str.__contains__(self, part)  # type: ignore[operator]  # a text, or the interpreter refuses it

    @property
    def is_number(self) -> bool:
        """Whether it reads as a number."""
        try:
            float(self)
        except ValueError:
            return False
        return True
