"""Problems of a spec: for people, as annotations of a CI, as JSON."""

import json
from collections.abc import Iterable, Sequence
from itertools import groupby

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem

_INDENT = "    "
_ALLOWED_SHOWN = 20


def draw_problems(problems: Sequence[Problem], terminal: Terminal) -> list[str]:
    """Return lines that name every problem, file by file, and count them at the end."""
    lines: list[str] = []
    for _, group in groupby(sorted(problems, key=_by_file), key=_by_file):
        for problem in group:
            lines += _draw_problem(problem, terminal)
        lines.append("")
    return [*lines, _total(problems)] if problems else []


def draw_annotations(problems: Iterable[Problem]) -> list[str]:
    """Return a GitHub Actions workflow command for each problem."""
    return [_annotation(problem) for problem in problems]


def _by_file(problem: Problem) -> str:
    return problem.place.file if problem.place else ""


def _draw_problem(problem: Problem, terminal: Terminal) -> list[str]:
    where = "  ".join(part for part in (str(problem.place) if problem.place else "", problem.path) if part)
    label = "warning" if problem.severity == "warning" else "" if where else "error"
    head = ": ".join(part for part in (terminal.shown(where), label) if part)
    times = f" ({count(problem.count, 'time')})" if problem.count > 1 else ""
    lines = wrap(f"{head}: {terminal.shown(problem.message)}{times}", terminal.width, hang=_INDENT)
    lines[0] = lines[0].replace(head, terminal.paint(head, "red" if problem.severity == "error" else "yellow"), 1)
    if problem.allowed:
        lines += wrap("allowed: " + terminal.shown(_listed(problem.allowed)), terminal.width, indent=_INDENT)
    if problem.suggestion:
        lines += wrap(terminal.shown(problem.suggestion), terminal.width, indent=_INDENT)
    return lines


def _listed(allowed: Sequence[Json]) -> str:
    shown = ", ".join(_value(value) for value in allowed[:_ALLOWED_SHOWN])
    more = len(allowed) - _ALLOWED_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _value(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _total(problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    parts = [count(errors, "problem")] if errors else []
    parts += [count(warnings, "warning")] if warnings else []
    return ", ".join(parts)


def _annotation(problem: Problem) -> str:
    place = problem.place
    where = f"file={_property(place.file)},line={place.line},col={place.column}," if place else ""
    text = problem.message if not problem.suggestion else f"{problem.message}; {problem.suggestion}"
    if problem.allowed:
        text += f" (allowed: {_listed(problem.allowed)})"
    title = _property(problem.path or "spec")
    return f"::{problem.severity} {where}title={title}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
