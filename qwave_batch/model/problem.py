"""One complaint about what a user wrote: where, what was found, what was expected, what to do."""

from dataclasses import dataclass
from typing import Literal

from qwave_batch.model.jsontypes import Json


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a text file; line and column count from 1."""

    file: str
    """The file as the user named it, or as found relative to the spec."""
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
    place: Place | None = None
    value: Json = None
    """The offending value as the user wrote it, cut short when it is long."""
    allowed: tuple[Json, ...] = ()
    """What was allowed, in the catalog's order; empty when it can't be listed."""
    suggestion: str | None = None
    """The nearest valid value or the next step, when there is one."""
    severity: Literal["error", "warning"] = "error"
    count: int = 1
    """How many jobs or rows have this same problem."""

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
        }

    def __str__(self) -> str:
        where = "  ".join(part for part in (str(self.place) if self.place else "", self.path) if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.count > 1:
            text += f" ({self.count:,} times)"
        return f"{text}; {self.suggestion}" if self.suggestion else text
