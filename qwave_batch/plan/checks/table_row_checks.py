"""Checks the rows of tables while they are read, and warns of rows that their author may not have intended."""

import re
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.model.problem import Problem
from qwave_batch.plan.checks.converted_values import note_converted_cells
from qwave_batch.plan.checks.spellings import Spellings
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.table.rows import Row
from qwave_batch.spec.table.tables import Table

_COMMENT = re.compile(r"\s*(#|//)\1*(?:\s|$)|(#!)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_METHODS = frozenset({"get", "items", "keys", "values"})
_REPEAT = "repeat"


@dataclass(slots=True)
class CommentLines:
    """The rows of one column that become prompts although they look like comments."""

    column: str
    has_others: bool = False
    found: list[Row] = field(default_factory=list)
    """The first few of them."""
    count: int = 0
    _signs: dict[str, None] = field(default_factory=dict)
    """The prefixes of the rows found."""
    _begins: set[str] = field(default_factory=set)
    """The prefixes of rows that only look similar, such as hashtags."""
    _is_indented: bool = False

    def look(self, row: Row) -> None:
        """Check the next row."""
        text: Any = row.cells.get(self.column)
        begins = _COMMENT.match(text)
        if begins is None or (begins[2] and row.place.line > 1):
            self.has_others = True
            self._begins.update(sign for sign in ("#", "//") if text.startswith(sign))
            return
        self.count += 1
        self._signs[begins[1] or begins[2]] = None
        self._is_indented = self._is_indented or text[0].isspace()
        if len(self.found) < 3:  # noqa: PLR2004 - as many as a problem shows
            self.found.append(row)

    def warning(self) -> Problem | None:
        """Return the warning that is due, or None."""
        if not (self.count and self.has_others):
            return None
        signs = [sign for sign in self._signs if sign != "#!" or "#" not in self._signs]
        own = self._expression()
        left_out = " and ".join(f"not {own}.startswith('{self._told_by(sign)}')" for sign in signs)
        return Problem(
            message=f"lines that begin with {' or '.join(signs)} are prompts like all others",
            place=self.found[0].place,
            suggestion=f'leave them out with where: "{{{{ {left_out} }}}}"',
            severity="warning",
            count=self.count,
            rows=tuple(row.place for row in self.found) if self.count > 1 else (),
        )

    def _expression(self) -> str:
        name = self.column
        if _NAME.fullmatch(name) and name not in _METHODS:
            cell = f"row.{name}"
        else:
            cell = "row['{}']".format(name.replace("\\", "\\\\").replace("'", "\\'"))
        return f"{cell}.lstrip()" if self._is_indented else cell

    def _told_by(self, sign: str) -> str:
        return f"{sign} " if sign in self._begins else sign


def comment_lines_of(prompt: CompiledPrompt, table: Table) -> CommentLines | None:
    """Return the check for comment lines in a table of lines, which has one column that a template reads."""
    columns = table.columns
    is_due = columns is not None and len(columns) == 1 and table.is_text and prompt.wanted.is_read(columns[0])
    return CommentLines(columns[0]) if columns and is_due else None


@dataclass(slots=True, kw_only=True)
class RowChecks:
    """The checks of the rows of one spec."""

    problems: ProblemCollector
    spellings: Spellings
    repeat: int
    """How often each job is repeated."""
    _origin: ValuePath = ()
    """The path of the prompt whose table is read."""
    _comments: CommentLines | None = None
    _repeat_users: tuple[ValuePath, ...] = ()
    """The templates of the prompt that use ``repeat``, until they are reported."""

    def begin_table(self, prompt: CompiledPrompt, table: Table) -> None:
        """Go on to the table of a prompt."""
        self._origin = prompt.origin
        self._comments = comment_lines_of(prompt, table)
        self._repeat_users = tuple(prompt.naming(_REPEAT))

    def read_row(self, row: Row) -> None:
        """Check a row that was read, before ``where`` filters it."""
        if row.notes:
            note_converted_cells(row, self._origin, self.spellings, self.problems)

    def use_row(self, row: Row, *, is_kept: bool) -> None:
        """Check a row that ``where`` accepts; one that the sample leaves out is not kept."""
        if self._comments and is_kept:
            self._comments.look(row)
        if self._repeat_users and _REPEAT in row.cells:
            self._note_repeat_column()
            self._repeat_users = ()

    def end_table(self) -> None:
        """Report problems shared by all rows."""
        if self._comments and (warning := self._comments.warning()):
            self.problems.warn_of_table(warning, (*self._origin, "from"))

    def _note_repeat_column(self) -> None:
        """Report templates that use ``repeat`` although the table has a column of that name."""
        for where in self._repeat_users:
            self.problems.add(
                where,
                "repeat is the number of the repetition, from 0, and not the column of that name",
                suggestion="write row.repeat for the column"
                + ("" if self.repeat == 1 else ", or call the column by another name"),
                warning=self.repeat > 1,
            )
