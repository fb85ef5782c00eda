r"""The lines of a text file, one at a time: UTF-8, without byte order mark, with ``\n`` for ``\r\n``."""

from collections.abc import Iterator
from dataclasses import dataclass

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.encoding import UTF_16_MARKS, decode
from qwave_batch.spec.foreigntext import foreign_problem
from qwave_batch.spec.tablefile import TableFile

MAX_LINE_BYTES = 64_000_000  # an image of 30 MB as a data URI has 40
MAX_VALUES = 1_000_000  # of one row: each of them takes up to thirty times its size in the file
_SMALL = 1_000_000  # characters, which hold no more values than that


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file."""

    number: int
    """From 1."""
    text: str
    """Without its end."""


def read_lines(file: TableFile) -> Iterator[Line]:
    """Yield the lines of a file.

    Raises:
        SpecError: The file can't be read, or a line is no UTF-8, too long, or holds what no line of text holds.
    """
    for number, raw in enumerate(file.lines(MAX_LINE_BYTES + 1), start=1):
        yield Line(number, _text(raw, number, file.shown_as))


def _text(raw: bytes, number: int, shown_as: str) -> str:
    is_long = len(raw) > MAX_LINE_BYTES
    if raw.endswith(b"\n"):
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
    if is_long and b"\r" not in raw:  # with them, all of a file is one line
        message = f"the line is longer than {MAX_LINE_BYTES:,} bytes"
        raise SpecError([Problem(message=message, place=Place(shown_as, number))])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _without_foreign(raw, number, shown_as)
    if number == 1:
        text = text.removeprefix("\ufeff")
    if "\r" in text or "\0" in text or (not text.isascii() and "\ufeff" in text):
        found = foreign_problem(text, lambda _, at: Place(shown_as, number, at + 1))
        raise SpecError([found] if found else [])
    return text


def _without_foreign(raw: bytes, number: int, shown_as: str) -> str:
    """Return a line that is no UTF-8 as text where a NUL in it says more of the file; else raise SpecError."""
    is_marked = number == 1 and raw.startswith(UTF_16_MARKS)
    if b"\0" in raw and not is_marked:
        return raw.decode("utf-8", "replace")
    return decode(raw, shown_as, first_line=number)


def check_values(text: str, signs: str) -> None:
    """Raise ValueError for the text of a row with so many of the ``signs`` that part values that it fills the memory.

    Text within values may hold such signs too, but a million of them only in rows that nobody writes.
    """
    if len(text) > _SMALL and sum(map(text.count, signs)) > MAX_VALUES:
        raise ValueError(f"it holds more than {MAX_VALUES:,} values")
