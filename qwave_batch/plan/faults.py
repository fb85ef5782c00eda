"""Collects complaints while a plan is made, so that all are said at once and the same thing is said once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.spec.document import Marks, Path

SHOWN_CHARACTERS = 120


@dataclass(slots=True)
class Faults:
    """A growing list of problems; the same message at the same place is counted, not repeated."""

    marks: Marks
    spoiled_names: set[str] = field(default_factory=set)
    """Names that templates with a mistake use all the same."""
    _is_muted: bool = False
    _found: dict[tuple[Path, str, str], Problem] = field(default_factory=dict)

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Note nothing for as long as a pass goes on that another one repeats."""
        before, self._is_muted = self._is_muted, True
        try:
            yield
        finally:
            self._is_muted = before

    def add(
        self,
        where: Path,
        message: str,
        *,
        value: Json = None,
        allowed: tuple[Json, ...] = (),
        suggestion: str | None = None,
        warning: bool = False,
    ) -> None:
        """Note a problem with the value at ``where``."""
        if self._is_muted:
            return
        severity = "warning" if warning else "error"
        key = (where, severity, message)
        known = self._found.get(key)
        if known:
            self._found[key] = replace(known, count=known.count + 1)
            return
        self._found[key] = Problem(
            message=message,
            path=self.marks.path_text(where),
            place=self.marks.place(where),
            value=shortened(value),
            allowed=allowed,
            suggestion=suggestion,
            severity="warning" if warning else "error",
        )

    def add_key(self, where: Path, message: str, *, suggestion: str | None = None) -> None:
        """Note a problem with the key at ``where`` and not with its value."""
        self._found.setdefault(
            (where, "error", message),
            Problem(
                message=message,
                path=self.marks.path_text(where),
                place=self.marks.key_place(where),
                value=where[-1] if where else None,
                suggestion=suggestion,
            ),
        )

    def problems(self) -> tuple[Problem, ...]:
        """Return what was found: errors first, each kind in the order of the file."""
        return tuple(sorted(self._found.values(), key=_order))

    def has_errors(self) -> bool:
        """Whether anything found forbids the run."""
        return any(problem.severity == "error" for problem in self._found.values())

    def __len__(self) -> int:
        return len(self._found)


def _order(problem: Problem) -> tuple[bool, str, int, int]:
    place = problem.place
    return (problem.severity != "error", *((place.file, place.line, place.column) if place else ("", 0, 0)))


def shortened(value: Json) -> Json:
    """Return the value, or its beginning when it is a long text."""
    if isinstance(value, str) and len(value) > SHOWN_CHARACTERS:
        return value[: SHOWN_CHARACTERS - 1] + "…"
    return value
