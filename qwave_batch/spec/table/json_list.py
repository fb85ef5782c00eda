"""Tables that are one JSON list of objects (.json), read one object at a time, however long the list is."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.table.json_rows import VALUE_SIGNS, decoded, object_row, unread_row
from qwave_batch.spec.table.rows import Columns, Row, RowFault
from qwave_batch.spec.table.table_file import MAX_LINE_BYTES, check_values
from qwave_batch.spec.values.value_messages import cut_for_message

_BLANKS = re.compile(r"[ \t\n\r]*")
_OBJECTS = re.compile(r"\[[ \t\n\r]*[{\]]")
_NEAR_END = 16  # characters, within which a number, a word or an escape may be cut off


def read_json_list(pieces: Iterator[str], shown_as: str) -> tuple[Columns, Iterator[Row | RowFault]]:
    """Return the rows of a .json: each item of its list is an object, whose keys name the cells."""
    return None, _rows(_Text(pieces, shown_as))


@dataclass(slots=True)
class _Text:
    """The part of the file that is in memory."""

    pieces: Iterator[str]
    shown_as: str
    held: str = ""
    position: int = 0
    """Index into ``held``; the text before it is done."""
    is_whole: bool = False
    """Whether ``held`` reaches the end of the file."""
    _seen: int = 0
    """The index up to which lines were counted."""
    _line: int = 1
    """The line at ``_seen``; the column likewise."""
    _column: int = 1

    def grow(self) -> None:
        """Read at least as much again as is left, so that a long item is not parsed too many times."""
        self.place(self.position)
        self.held, self.position, self._seen = self.held[self.position :], 0, 0
        parts, wanted = [self.held], min(len(self.held) or 1, max(1, MAX_LINE_BYTES + 1 - len(self.held)))
        while wanted > 0:
            piece = next(self.pieces, None)
            if piece is None:
                self.is_whole = True
                break
            parts.append(piece)
            wanted -= len(piece)
        self.held = "".join(parts)

    def place(self, position: int) -> SourcePlace:
        """Return the place of an index of ``held``; indexes must not decrease from call to call."""
        lines = self.held.count("\n", self._seen, position)
        if lines:
            self._line += lines
            self._column = position - self.held.rindex("\n", self._seen, position)
        else:
            self._column += position - self._seen
        self._seen = position
        return SourcePlace(self.shown_as, self._line, self._column)

    def next_sign(self) -> str:
        """Return the next character that is not whitespace, or an empty string at the end of the file."""
        while True:
            found = _BLANKS.match(self.held, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self.held) or self.is_whole:
                return self.held[self.position : self.position + 1]
            self.grow()

    def next_value(self) -> Any:
        """Return the value that starts here, and move past it.

        Raises:
            ValueError: It is not JSON, or JSON readers disagree about it.
            RecursionError: It is nested too deeply.
        """
        while True:
            try:
                value, self.position = decoded(self.held, self.position)
            except json.JSONDecodeError as error:
                if self.is_whole or not self._is_cut(error):
                    raise
                if len(self.held) - self.position > MAX_LINE_BYTES:
                    raise ValueError(f"it is longer than {MAX_LINE_BYTES:,} characters") from None
                check_values(self.held[self.position :], VALUE_SIGNS)  # all of it belongs to this one value
                self.grow()
            else:
                return value

    def _is_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the value may be valid but is not complete yet."""
        if error.pos >= len(self.held) - _NEAR_END:
            return True
        if not self.held.startswith('"', error.pos):
            return False
        try:
            decoded(self.held, error.pos)
        except json.JSONDecodeError:  # the string that starts there has no end yet
            return True
        return False


def _rows(text: _Text) -> Iterator[Row | RowFault]:
    """Yield the rows; a row that cannot be parsed is the last, since the start of the next one is unknown."""
    if text.next_sign() != "[":
        yield _not_a_list(text)
        return
    text.position += 1
    number, is_over = 0, text.next_sign() == "]"
    while not is_over:
        number += 1
        place = text.place(text.position)
        try:
            value = text.next_value()
        except (ValueError, RecursionError) as error:
            yield unread_row(number, error, text.place(error.pos) if isinstance(error, json.JSONDecodeError) else place)
            return
        yield object_row(number, value, place, each="each item of the list must be one JSON object")
        match text.next_sign():
            case ",":
                text.position += 1
                text.next_sign()
            case "]":
                is_over = True
            case sign:
                yield _fault(text, f"{'a comma is missing' if sign else 'the list does not end'} after row {number}")
                return
    text.position += 1
    if text.next_sign():
        yield _fault(text, "there is other data after the end of the list")


def _not_a_list(text: _Text) -> RowFault:
    place = text.place(text.position)
    if text.next_sign() != "{":
        message = "the file is not a list of objects" if text.next_sign() else "the file is empty"
        return RowFault(Problem(message=message, place=place))
    key = _list_within(text)
    if key is not None:
        message = f'the file is one object that has its list under "{cut_for_message(key)}"'
        return RowFault(Problem(message=message, place=place, suggestion="keep only that list in the file"))
    if _is_all(text):
        message = "the file is one object, not a list of objects"
        return RowFault(Problem(message=message, place=place, suggestion="put [ before it and ] after it"))
    message = "the file is not a list of objects; if each line is an object, name it .jsonl"
    return RowFault(Problem(message=message, place=place))


def _list_within(text: _Text) -> str | None:
    """Return the first key of the object that starts here whose value is a list of objects; None without one."""
    try:
        text.position += 1
        while text.next_sign() == '"':
            key = text.next_value()
            if text.next_sign() != ":":
                return None
            text.position += 1
            if text.next_sign() == "[" and _begins_list(text):
                return str(key)
            text.next_value()
            if text.next_sign() != ",":
                return None
            text.position += 1
    except (ValueError, RecursionError, SpecError):
        return None
    return None


def _is_all(text: _Text) -> bool:
    """Whether the file ends after the object that was searched."""
    if text.next_sign() != "}":
        return False
    text.position += 1
    return not text.next_sign()


def _begins_list(text: _Text) -> bool:
    """Whether the list that starts here is empty or starts with an object."""
    if len(text.held) - text.position < _NEAR_END and not text.is_whole:
        text.grow()
    return _OBJECTS.match(text.held, text.position) is not None


def _fault(text: _Text, message: str) -> RowFault:
    return RowFault(Problem(message=message, place=text.place(text.position)))
