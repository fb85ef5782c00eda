"""Lines of a table that look like comments, and are prompts like all others."""

import re
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.model.problem import Problem
from qwave_batch.spec.table.rows import Row

_COMMENT = re.compile(r"\s*(#|//)\1*(?:\s|$)|(#!)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_METHODS = frozenset({"get", "items", "keys", "values"})


@dataclass(slots=True)
class CommentLines:
    """The rows of one column that make prompts: those that begin as comments do, and whether others do not."""

    column: str
    has_others: bool = False
    found: list[Row] = field(default_factory=list)
    """The first few of them."""
    count: int = 0
    _signs: dict[str, None] = field(default_factory=dict)
    """How the rows found begin."""
    _begins: set[str] = field(default_factory=set)
    """How others begin that only look like them, such as hashtags."""
    _is_indented: bool = False

    def look(self, row: Row) -> None:
        """Look at the next row."""
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
