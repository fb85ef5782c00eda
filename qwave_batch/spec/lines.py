r"""The lines of a text file, one at a time: UTF-8, without byte order mark, with ``\n`` for ``\r\n``."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.encoding import decode

MAX_LINE_BYTES = 64_000_000  # an image of 30 MB as a data URI has 40


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file."""

    number: int
    """From 1."""
    text: str
    """Without its end."""


def read_lines(path: Path, shown_as: str) -> Generator[Line]:
    """Yield the lines of a file.

    Raises:
        SpecError: The file can't be read, or a line is no UTF-8.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                yield Line(number, _text(raw, number, shown_as))
    except OSError as error:
        message = f"the file cannot be read: {(error.strerror or 'no reason given').lower()}"
        raise SpecError([Problem(message=message, place=Place(shown_as))]) from error


def _text(raw: bytes, number: int, shown_as: str) -> str:
    if len(raw) > MAX_LINE_BYTES:
        message = f"the line is longer than {MAX_LINE_BYTES:,} bytes"
        raise SpecError([Problem(message=message, place=Place(shown_as, number))])
    if raw.endswith(b"\n"):
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
    if number == 1:
        return decode(raw, shown_as)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return decode(raw, shown_as, first_line=number)
