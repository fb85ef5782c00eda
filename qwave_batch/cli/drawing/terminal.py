"""The capabilities of one stream: its width, colour, and characters beyond ASCII."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO, TypeAlias

from qwave_batch.cli.drawing.stream_width import PLAIN_WIDTH, is_drawn_for_people, width_of_stream
from qwave_batch.cli.drawing.text import safe

Colour: TypeAlias = Literal["red", "yellow", "green", "dim", "bold"]

_CODES: Mapping[Colour, str] = {"red": "31", "yellow": "33", "green": "32", "dim": "2", "bold": "1"}
CLEAR = "\r\x1b[K"
"""Clears the terminal line of the cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How to draw on one stream."""

    width: int = PLAIN_WIDTH
    """Columns."""
    is_terminal: bool = False
    has_colour: bool = False
    has_unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> "Terminal":
        """Return what ``stream`` can show; ``COLUMNS``, ``NO_COLOR``, ``TERM`` and ``CI`` are heeded."""
        is_terminal = is_drawn_for_people(stream, environ)
        return cls(
            width=width_of_stream(stream, environ),
            is_terminal=is_terminal,
            has_colour=is_terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb",
            has_unicode=_speaks_unicode(stream),
        )

    def paint(self, text: str, colour: Colour) -> str:
        """Return ``text`` in ``colour`` where the stream has colour, else as it is."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.has_colour else text

    def shown(self, text: str) -> str:
        """Return foreign ``text`` as it may be printed here: one line, nothing that steers the terminal."""
        clean = safe(text)
        return clean if self.has_unicode else clean.encode("ascii", "backslashreplace").decode("ascii")

    @property
    def mark(self) -> str:
        """The sign that something was cut."""
        return "…" if self.has_unicode else "..."

    @property
    def rule(self) -> str:
        """The character that a line under a table's head is drawn with."""
        return "─" if self.has_unicode else "-"


def over(lines: int) -> str:
    """Return what takes the cursor of a terminal up so many lines and clears all from there."""
    return f"\x1b[{lines}A\x1b[J" if lines else ""


def _speaks_unicode(stream: TextIO) -> bool:
    """Whether the stream's encoding has box characters; a stream of text without one (StringIO) has all."""
    encoding = getattr(stream, "encoding", None)
    if not encoding:
        return True
    try:
        "─█…".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
