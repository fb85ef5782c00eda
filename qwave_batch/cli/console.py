"""The streams a command talks through: results to stdout, talk to stderr."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TextIO

from qwave_batch import lazy
from qwave_batch.cli.drawing.stream_width import is_ci
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import bounded, safe
from qwave_batch.cli.streams import is_reader_gone, is_silent, words_may_be_lost
from qwave_batch.model.jsontypes import Json

_STEERING = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|(?<=#)#(?=\\[|vso\\[|teamcity\\[)", re.IGNORECASE
)
"""In JSON: what it lets stand for itself and a terminal obeys, and the sign of commands to a CI."""


@dataclass(slots=True, kw_only=True)
class Console:
    """The streams of a command for output and questions."""

    stdout: TextIO
    stderr: TextIO
    stdin: TextIO | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = 600.0
    """How long a question waits for its answer."""
    unprintable: OSError | None = None
    """Why stdout can't be written; what is printed after that is dropped."""

    @property
    def out(self) -> Terminal:
        """How to draw on stdout."""
        return Terminal.of(self.stdout, self.environ)

    @property
    def err(self) -> Terminal:
        """How to draw on stderr: without colour also if stdout is not a terminal."""
        terminal = Terminal.of(self.stderr, self.environ)
        return terminal if self.stdout.isatty() else replace(terminal, has_colour=False)

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to answer a question: never in a CI, terminal or not."""
        is_open = self.stdin is not None and not self.stdin.closed and self.stdin.isatty()
        return is_open and self.stderr.isatty() and not is_ci(self.environ)

    @property
    def lost(self) -> OSError | None:
        """Why what was asked for could not be printed; None too where the reader of stdout has seen enough."""
        return None if self.unprintable is None or is_reader_gone(self.unprintable) else self.unprintable

    def print(self, lines: Iterable[str]) -> None:
        """Print what was asked for: lines to stdout."""
        self.write("".join(f"{line}\n" for line in lines))

    def write(self, text: str) -> None:
        """Write to stdout as it is, such as what steers a terminal."""
        if self.unprintable is not None:
            return
        try:
            self.stdout.write(text)
            self.stdout.flush()
        except OSError as error:
            self.unprintable = error

    def print_json(self, value: Json, *, on_one_line: bool = False) -> None:
        """Print one JSON value to stdout, in plain ASCII when the stream has nothing else.

        Characters that could control a terminal or a CI are written as JSON's own escapes, which mean the same.
        """
        indent = None if on_one_line else 2
        text = json.dumps(value, ensure_ascii=not self.out.has_unicode, indent=indent)
        self.print([_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)])

    def say(self, *lines: str) -> None:
        """Print lines of talk to stderr; when they can't be written, that is nobody's loss."""
        with words_may_be_lost():
            for line in lines:
                self.stderr.write(line + "\n")
            self.stderr.flush()

    def confirm(self, question: str) -> bool:
        """Ask a yes-or-no question on the terminal; the end of input means no, and so does no answer in ten minutes.

        Only to be called when ``can_ask``.
        """
        with words_may_be_lost():
            self.stderr.write(f"{question} No answer in {self.patience_s / 60:g} minutes is a no. [y/N] ")
            self.stderr.flush()
        answer = self._answer()
        if answer is None:
            self.say("", "no answer: that is a no")
        return (answer or "").strip().casefold() in {"y", "yes"}

    def _answer(self) -> str | None:
        """Return a line that was typed, empty at the end of input; None when there was none in time."""
        if self.stdin is None:
            return ""
        try:
            if is_silent(self.stdin, self.patience_s):
                return None
            return self.stdin.readline()
        except (OSError, ValueError):  # the terminal was closed meanwhile
            return ""


def bug_sentence(error: Exception, console: Console) -> str:
    """Return what is said of a bug; where it is asked for, the way to it is shown on stderr."""
    if console.environ.get("QWAVE_BATCH_DEBUG"):
        console.say(*map(safe, "".join(lazy.traceback.format_exception(error)).splitlines()))
    return (
        f"this is a bug in qwave-batch, please report it: {bounded(f'{type(error).__name__}: {error}')} "
        "(with QWAVE_BATCH_DEBUG=1 it shows where, and nothing is lost by running again)"
    )
