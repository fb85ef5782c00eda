"""Collects problems while a plan is made, so that all are reported together and each is reported once."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice
from qwave_batch.model.problem import MOST_PROBLEMS, TOO_MANY, Problem, SourcePlace
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.table.rows import NeededColumns, Row
from qwave_batch.spec.table.tables import Table
from qwave_batch.spec.template.render_budget import RenderAllowance
from qwave_batch.spec.template.templates import TemplateFault
from qwave_batch.spec.values.value_messages import cut_for_message
from qwave_batch.spec.values.value_warnings import SuspiciousValue
from qwave_batch.spec.yaml.source_map import SourceMap


@dataclass(slots=True)
class Columns:
    """Remembers which columns of the tables of a spec hold only cells of some kind."""

    _held: dict[tuple[str, str, Callable[[Json], bool]], bool] = field(default_factory=dict)

    def are_all(self, table: Table, column: str, is_such: Callable[[Json], bool]) -> bool:
        """Return whether all cells of a column are of that kind, as far as the table can be read."""
        key = (table.shown_as, column, is_such)
        if key not in self._held:
            self._held[key] = _are_all(table, column, is_such)
        return self._held[key]


def _are_all(table: Table, column: str, is_such: Callable[[Json], bool]) -> bool:
    try:
        return all(
            is_such(row.cells[column])
            for row in table.rows(NeededColumns(columns=frozenset({column})))
            if column in row.cells
        )
    except SpecError:
        return True  # unreadable rows are reported elsewhere


SHOWN_CHARACTERS = 120
MESSAGE_CHARACTERS = 5000
MESSAGES_AT_A_PLACE = 10
"""A value from a table can be wrong in as many ways as the table has rows; at most this many are reported."""
ROWS_SHOWN = 3


@dataclass(slots=True)
class ProblemCollector:
    """A list of problems no longer than the spec: the same message at the same place is counted, not repeated.

    At most ``MESSAGES_AT_A_PLACE`` messages are kept for a place; the others are counted in one more message.
    """

    source_map: SourceMap
    spoiled_names: set[str] = field(default_factory=set)
    """Names that templates with a mistake use anyway."""
    row: Row | None = None
    """The current row of a table, which is named in the problems found there."""
    table: Table | None = None
    """The table of the row."""
    allowance: RenderAllowance = field(default_factory=RenderAllowance)
    """The limits shared by all templates of the plan."""
    of_reading: list[Problem] = field(default_factory=list)
    """The warnings that no other mistake in the spec can cause, since they follow from the file alone."""
    _is_muted: bool = False
    _found: dict[tuple[ValuePath, str, str], Problem] = field(default_factory=dict)
    _messages: Counter[ValuePath] = field(default_factory=Counter)
    _of_tables: dict[tuple[str, str], ValuePath] = field(default_factory=dict)
    """The path at which a table was first reported: further entries that read it are not reported again."""
    _beyond: dict[ValuePath, Problem] = field(default_factory=dict)
    _doubts: dict[tuple[ValuePath, str], SuspiciousValue] = field(default_factory=dict)
    _firsts: dict[tuple[ValuePath, str], TemplateFault] = field(default_factory=dict)
    _columns: Columns = field(default_factory=Columns)

    def __post_init__(self) -> None:
        self.allowance.warn = self.doubt

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Report nothing during a pass that another one repeats."""
        before, self._is_muted = self._is_muted, True
        try:
            yield
        finally:
            self._is_muted = before

    def add(  # noqa: PLR0913 - the facts of a problem, all by name
        self,
        where: ValuePath,
        message: str,
        *,
        value: Json = None,
        allowed: tuple[Json, ...] = (),
        suggestion: str | None = None,
        next_step: Advice | None = None,
        warning: bool = False,
    ) -> None:
        """Report a problem with the value at ``where``."""
        if self._is_muted:
            return
        message = cut_for_message(message, MESSAGE_CHARACTERS)
        severity = "warning" if warning else "error"
        key = (where, severity, message)
        if known := self._found.get(key):
            self._found[key] = self._once_more(known)
        elif self._messages[where] < MESSAGES_AT_A_PLACE:
            if not warning:  # the number of warnings is bounded by the spec, which still runs
                self._check_number()
            self._messages[where] += 1
            self._found[key] = Problem(
                message=message,
                path=self.source_map.path_text(where),
                place=self.source_map.place(where),
                value=value_shortened(value),
                allowed=allowed,
                suggestion=suggestion,
                next_step=next_step,
                severity="warning" if warning else "error",
                rows=self._row_place(),
            )
        elif beyond := self._beyond.get(where):
            self._beyond[where] = replace(beyond, count=beyond.count + 1)
        else:
            self._beyond[where] = Problem(
                message="more like these",
                path=self.source_map.path_text(where),
                place=self.source_map.place(where),
                severity="warning" if warning else "error",
                rows=self._row_place(),
            )

    def add_template(self, fault: TemplateFault, *, value: Json = None) -> None:
        """Report a template that does not parse or cannot be rendered.

        Raises:
            SpecError: With everything reported, if the templates have used up the limits of the plan.
        """
        if self.allowance.is_spent:
            self._is_muted = False
        first = self._firsts.setdefault((fault.where, fault.of), fault) if fault.of else fault
        self.add(first.where, first.message, value=value, allowed=first.allowed, suggestion=first.suggestion)
        if self.allowance.is_spent:
            raise SpecError(self.found())

    def warn_of_table(self, warning: Problem, where: ValuePath) -> None:
        """Report a warning about a row of the table named at ``where``; repetitions for other rows are counted."""
        if self._is_muted or warning.place is None:
            return
        first = self._of_tables.setdefault((warning.place.file, warning.message), where)
        if first != where:
            return
        key = (where, "warning", f"{warning.place.file}: {warning.message}")
        known = self._found.get(key)
        if known is None:
            self._check_number()
            self._found[key] = replace(warning, path=self.source_map.path_text(where))
            return
        rows = known.rows or ((known.place,) if known.place else ())
        if len(rows) < ROWS_SHOWN:
            rows = (*rows, warning.place)
        self._found[key] = replace(known, count=known.count + 1, rows=rows)

    def doubt(self, where: ValuePath, doubt: SuspiciousValue) -> None:
        """Report as a warning a suspicious use of a value in a template."""
        if self._is_muted or not self._is_due(doubt):
            return
        first = self._doubts.setdefault((where, doubt.of), doubt)
        self.add(where, first.message, suggestion=first.suggestion, warning=True)

    def _is_due(self, doubt: SuspiciousValue) -> bool:
        if self.table is None or doubt.column is None or doubt.only is None:
            return True
        return self._columns.are_all(self.table, doubt.column, doubt.only)

    def take(self, problems: Iterable[Problem], where: ValuePath) -> None:
        """Add problems found elsewhere, in a file named at ``where``."""
        if not self._is_muted:
            path = self.source_map.path_text(where)
            self._found.update(
                {
                    ((*where, str(found.place)), found.severity, found.message): replace(found, path=path)
                    for found in problems
                }
            )

    def take_warnings(self, warnings: Iterable[Problem]) -> None:
        """Report notes on how the spec is written, with their own paths."""
        for found in warnings:
            self._check_number()
            self._found.setdefault(
                ((str(found.place) if found.place else found.path,), "warning", found.message), found
            )
            self.of_reading.append(found)

    def add_key(
        self,
        where: ValuePath,
        message: str,
        *,
        suggestion: str | None = None,
        next_step: Advice | None = None,
        warning: bool = False,
    ) -> None:
        """Report a problem with the key at ``where`` rather than with its value."""
        self._check_number()
        severity: Literal["error", "warning"] = "warning" if warning else "error"
        self._found.setdefault(
            (where, severity, message),
            Problem(
                message=message,
                path=self.source_map.path_text(where),
                place=self.source_map.key_place(where),
                value=where[-1] if where else None,
                suggestion=suggestion,
                next_step=next_step,
                severity=severity,
            ),
        )

    def found(self) -> tuple[Problem, ...]:
        """Return the problems found: errors first, each kind in the order of the file."""
        return in_order((*self._found.values(), *self._beyond.values()))

    def has_errors(self) -> bool:
        """Whether any problem is an error."""
        return any(problem.severity == "error" for problem in self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def _check_number(self) -> None:
        """Stop if there are more problems than anybody reads: finding the rest may take minutes."""
        if len(self._found) >= MOST_PROBLEMS:
            raise SpecError([*self.found(), TOO_MANY])

    def _once_more(self, known: Problem) -> Problem:
        rows = known.rows if len(known.rows) >= ROWS_SHOWN else tuple(dict.fromkeys((*known.rows, *self._row_place())))
        return replace(known, count=known.count + 1, rows=rows)

    def _row_place(self) -> tuple[SourcePlace, ...]:
        return (self.row.place,) if self.row else ()


def in_order(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems with the errors first, each kind in the order of the file."""
    return tuple(sorted(found, key=_order))


def _order(problem: Problem) -> tuple[bool, str, int, int]:
    place = problem.place
    return (problem.severity != "error", *((place.file, place.line, place.column) if place else ("", 0, 0)))


def value_shortened(value: Json) -> Json:
    """Return the value, shortened if it is a long text."""
    if isinstance(value, str) and len(value) > SHOWN_CHARACTERS:
        return value[: SHOWN_CHARACTERS - 1] + "…"
    return value
