"""The capabilities of one stream: its width, colour, and characters beyond ASCII."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO, TypeAlias

from qwave_batch.cli.drawing.text import safe

_NO = frozenset({"", "0", "false", "no"})
_OF_SINGLE_ONES = (
    "APPVEYOR", "BITBUCKET_BUILD_NUMBER", "BUILDKITE", "CIRCLECI", "CIRRUS_CI", "CODEBUILD_BUILD_ID",
    "CONTINUOUS_INTEGRATION", "DRONE", "GITEA_ACTIONS", "GITHUB_ACTIONS", "GITLAB_CI", "GO_PIPELINE_NAME", "HUDSON_URL",
    "JENKINS_URL", "SEMAPHORE", "TEAMCITY_VERSION", "TF_BUILD", "TRAVIS", "WOODPECKER", "bamboo_buildKey",
)  # fmt: skip
"""Variables that single CI systems set, some of them instead of ``CI``."""

Colour: TypeAlias = Literal["red", "yellow", "green", "dim", "bold"]

_CODES: Mapping[Colour, str] = {"red": "31", "yellow": "33", "green": "32", "dim": "2", "bold": "1"}
_NARROWEST = 40
CLEAR = "\r\x1b[K"
"""Clears the terminal line of the cursor."""
_PLAIN_WIDTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How to draw on one stream."""

    width: int = _PLAIN_WIDTH
    """Columns."""
    is_terminal: bool = False
    has_colour: bool = False
    has_unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> "Terminal":
        """Return what ``stream`` can show; ``COLUMNS``, ``NO_COLOR``, ``TERM`` and ``CI`` are heeded."""
        is_terminal = stream.isatty() and not is_ci(environ)
        return cls(
            width=max(_NARROWEST, _width(stream, environ, is_terminal=is_terminal)),
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


def _width(stream: TextIO, environ: Mapping[str, str], *, is_terminal: bool) -> int:
    columns = environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns)
    return (columns_of(stream) if is_terminal else None) or _PLAIN_WIDTH


def columns_of(stream: TextIO) -> int | None:
    """Return the current width of a stream's terminal; None when it has no width, or is not a terminal."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


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


def is_ci(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment is a CI's; ``CI`` decides if it is set, even to false."""
    said = environ.get("CI", "").strip().casefold()
    if said:
        return said not in _NO
    return any(environ.get(name, "").strip().casefold() not in _NO for name in _OF_SINGLE_ONES)
