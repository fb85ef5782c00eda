"""Problems of a spec: for people, as annotations of a CI, as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import bounded, safe, wrap
from qwave_batch.cli.next_steps import worded
from qwave_batch.model.problem import Problem

_INDENT = "    "
_PLACES_SHOWN = 4
_MESSAGES_SHOWN = 100
_ANNOTATIONS = 100  # GitHub shows far fewer of a step


def draw_problems(problems: Sequence[Problem], terminal: Terminal) -> list[str]:
    """Return lines that name every problem, file by file, and count them at the end.

    A problem that occurs at many places is printed once, with the first few of them.
    """
    lines: list[str] = []
    alike = _alike(map(worded, problems))
    for _, group in groupby(alike[:_MESSAGES_SHOWN], key=lambda of_one: _file(of_one[0])):
        for of_one in group:
            lines += _draw_problem(of_one, terminal)
        lines.append("")
    if len(alike) > _MESSAGES_SHOWN:
        hidden = sum(map(len, alike[_MESSAGES_SHOWN:]))
        lines += [*wrap(f"and {count(hidden, 'more problem')}, which --format json lists", terminal.width), ""]
    return [*lines, _total(problems)] if problems else []


def draw_annotations(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield a GitHub Actions workflow command for each problem, up to a hundred of them."""
    yield from (_annotation(worded(problem)) for problem in islice(problems, _ANNOTATIONS))
    hidden = len(problems) - _ANNOTATIONS
    if hidden > 0:
        yield f"::notice title=spec::and {count(hidden, 'more problem')}, which --format json lists"


def _alike(problems: Iterable[Problem]) -> list[list[Problem]]:
    """Return the problems of each file together, those that say the same as one."""
    found: dict[object, list[Problem]] = {}
    for problem in problems:
        said = (_file(problem), problem.severity, problem.message, problem.suggestion, str(problem.allowed))
        found.setdefault(said, []).append(problem)
    return sorted(found.values(), key=lambda of_one: _file(of_one[0]))


def _file(problem: Problem) -> str:
    return problem.place.file if problem.place else ""


def _draw_problem(alike: Sequence[Problem], terminal: Terminal) -> list[str]:
    problem = alike[0]
    where = "  ".join(part for part in (str(problem.place) if problem.place else "", problem.path) if part)
    label = "warning" if problem.severity == "warning" else "" if where else "error"
    head = ": ".join(part for part in (terminal.shown(bounded(where)), label) if part)
    extent = f" ({problem.extent})" if problem.extent else ""
    lines = wrap(f"{head}: {terminal.shown(bounded(problem.message) + extent)}", terminal.width, hang=_INDENT)
    lines[0] = lines[0].replace(head, terminal.paint(head, "red" if problem.severity == "error" else "yellow"), 1)
    details = [
        _also(alike[1:]),
        f"allowed: {problem.choices}" if problem.choices else "",
        problem.suggestion or "",
    ]
    for detail in filter(None, details):
        lines += wrap(terminal.shown(bounded(detail)), terminal.width, indent=_INDENT)
    return lines


def _also(others: Sequence[Problem]) -> str:
    places = [f"{other.place.line}:{other.place.column}" for other in others if other.place]
    shown = ", ".join(places[:_PLACES_SHOWN])
    hidden = len(places) - _PLACES_SHOWN
    more = f" and {hidden:,} more {'place' if hidden == 1 else 'places'}" if hidden > 0 else ""
    return f"also at {shown}{more}" if places else ""


def _total(problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    parts = [count(errors, "problem")] if errors else []
    parts += [count(warnings, "warning")] if warnings else []
    return ", ".join(parts)


def _annotation(problem: Problem) -> str:
    place = problem.place
    is_file = place and not place.file.startswith("--")  # an override stands in no file
    where = f"file={_property(place.file)},line={place.line},col={place.column}," if place and is_file else ""
    details = [
        f"{problem.message} ({problem.extent})" if problem.extent else problem.message,
        f"allowed: {problem.choices}" if problem.choices else "",
        problem.suggestion or "",
    ]
    title = _property(problem.path or "spec")
    return f"::{problem.severity} {where}title={title}::{_data('; '.join(filter(None, details)))}"


def _data(text: str) -> str:
    """Return a text as the data of a command: its lines stay apart, and what could steer a terminal is shown."""
    return "%0A".join(safe(line).replace("%", "%25") for line in bounded(text).split("\n"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
