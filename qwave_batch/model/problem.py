"""One complaint about what a user wrote: where, what was found, what was expected, what to do."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Literal

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice

MOST_PROBLEMS = 10_000
"""So many are told apart; nobody reads more, and to find and word them all could take minutes."""
_CHOICES_SHOWN = 20
_IDLE_CHARACTERS = 100


@dataclass(frozen=True, slots=True, order=True)
class SourcePlace:
    """A place in a text file; line and column count from 1."""

    file: str
    """The file as the user named it; one that a spec names, as found from the same folder as the spec."""
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One complaint. A list of problems is a value: the command line prints it, the API returns it."""

    message: str
    """A sentence without a full stop: what was found and what is wrong with it."""
    path: str = ""
    """The place inside the spec, such as ``matrix.seed[2]``; empty for the whole file."""
    place: SourcePlace | None = None
    value: Json = None
    """The offending value as the user wrote it, cut short when it is long."""
    allowed: tuple[Json, ...] = ()
    """The allowed values, in the catalog's order; empty if they cannot be listed."""
    suggestion: str | None = None
    """The nearest valid value or what to write instead, when there is one."""
    next_step: Advice | None = None
    """An action outside the file, worded only by the command line."""
    severity: Literal["error", "warning"] = "error"
    count: int = 1
    """How many jobs or rows have this same problem."""
    rows: tuple[SourcePlace, ...] = ()
    """The first few rows of tables that bring it, where rows do."""

    @property
    def choices(self) -> str:
        """The allowed values, in words; empty if the message names them or a suggestion replaces a long list."""
        listed = listed_choices(self.allowed, len(self.allowed))
        if listed in self.message or (
            self.suggestion and (listed in self.suggestion or len(listed) > _IDLE_CHARACTERS)
        ):
            return ""
        return listed_choices(self.allowed, _CHOICES_SHOWN)

    @property
    def extent(self) -> str:
        """How often it is there and in which rows, in words; empty for a problem that is there once, in no row."""
        by_file = groupby(self.rows, key=lambda row: row.file)
        rows = [f"{file}, {_lines([row.line for row in of_file])}" for file, of_file in by_file]
        if self.count == 1:
            return f"in {rows[0]}" if rows else ""
        return f"{self.count:,} times{', first in ' if rows else ''}{' and '.join(rows)}"

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``validate --format json`` prints."""
        return {
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
            "path": self.path,
            "message": self.message,
            "value": self.value,
            "allowed": list(self.allowed),
            "suggestion": self.suggestion,
            "severity": self.severity,
            "count": self.count,
            "rows": [str(row) for row in self.rows],
        }

    def __str__(self) -> str:
        where = "  ".join(part for part in (str(self.place) if self.place else "", self.path) if part)
        text = f"{where}: {self.message}" if where else self.message
        parts = [
            f"{text} ({self.extent})" if self.extent else text,
            f"allowed: {self.choices}" if self.choices else "",
            self.suggestion or "",
        ]
        return "; ".join(filter(None, parts))


def first_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return the first problems, and one that says that there are more where that is so."""
    found = list(islice(problems, MOST_PROBLEMS + 1))
    return [*found[:MOST_PROBLEMS], TOO_MANY] if len(found) > MOST_PROBLEMS else found


TOO_MANY = Problem(message="there are too many problems; the rest was not looked for")


def listed_choices(allowed: Sequence[Json], most: int) -> str:
    """Return at most so many values as a list in words."""
    shown = ", ".join(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in allowed[:most]
    )
    return f"{shown} and {len(allowed) - most:,} more" if len(allowed) > most else shown


def _lines(lines: Sequence[int]) -> str:
    *others, last = (f"{line:,}" for line in lines)
    return f"lines {', '.join(others)} and {last}" if others else f"line {last}"
