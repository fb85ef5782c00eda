"""What a YAML parser stumbles over, in words that say what to do.

The two parsers of PyYAML word the same mistake differently, so a rule looks at the text around the place first.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.jsonvalues import MAX_DEPTH

_UNQUOTED_TEMPLATE = re.compile(r"(?:^|[:,\[-])\s*(\{[{%])")
_QUOTE_IT = "put quotes around the whole text"


@dataclass(frozen=True, slots=True)
class _Stumble:
    """Where a parser gave up, and over what."""

    error: yaml.MarkedYAMLError
    text: str
    line: int
    column: int
    """From 0, like the line."""

    @property
    def said(self) -> str:
        return f"{self.error.context or ''} {self.error.problem or ''}"

    @property
    def source(self) -> str:
        """The line of the file."""
        lines = self.text.split("\n", self.line + 1)
        return lines[self.line] if self.line < len(lines) else ""

    @property
    def before(self) -> str:
        return self.source[: self.column]

    @property
    def rest(self) -> str:
        return self.source[self.column :]


@dataclass(frozen=True, slots=True)
class _Words:
    message: str
    suggestion: str | None = None
    at: tuple[int, int] | None = None
    """Line and column from 0 where they are not the parser's."""


def syntax_problem(error: yaml.MarkedYAMLError, text: str, shown_as: str) -> Problem:
    """Return the problem that stops a parser."""
    mark = error.problem_mark or error.context_mark
    stumble = _Stumble(error, text, mark.line if mark else 0, mark.column if mark else 0)
    words = next((found for rule in _RULES if (found := rule(stumble))), _Words(f"not valid YAML: {error.problem}"))
    line, column = words.at or (stumble.line, stumble.column)
    return Problem(message=words.message, place=Place(shown_as, line + 1, column + 1), suggestion=words.suggestion)


def _nested(stumble: _Stumble) -> _Words | None:
    if "nesting depth" not in stumble.said:
        return None
    return _Words(f"it is nested deeper than {MAX_DEPTH} levels")


def _template(stumble: _Stumble) -> _Words | None:
    found = _UNQUOTED_TEMPLATE.search(stumble.source)
    if not found or found.start(1) > stumble.column:
        return None
    return _Words(f"a text that begins with {found[1]} needs quotes", _QUOTE_IT, (stumble.line, found.start(1)))


def _tab(stumble: _Stumble) -> _Words | None:
    if not stumble.rest.startswith("\t"):
        return None
    return _Words("a tab cannot stand here", "indent with spaces")


def _colon(stumble: _Stumble) -> _Words | None:
    if "alues are not allowed" not in stumble.said:
        return None
    if re.search(r":\s", stumble.before):
        return _Words('an unquoted text cannot have ": " in it', _QUOTE_IT)
    return _Words(
        "this key is not in line with the keys it belongs to",
        "indent it like them, or see whether the line before lacks its colon",
    )


def _quote(stumble: _Stumble) -> _Words | None:
    opened = stumble.error.context_mark
    if "unexpected end of stream" not in stumble.said or not opened:
        return None
    return _Words("the quote that opens here is never closed", None, (opened.line, opened.column))


def _bracket(stumble: _Stumble) -> _Words | None:
    opened = stumble.error.context_mark
    if ("flow sequence" not in stumble.said and "flow mapping" not in stumble.said) or not opened:
        return None
    before = f" before line {stumble.line + 1}" if stumble.rest.strip() else ""
    bracket = "[" if "flow sequence" in stumble.said else "{"
    return _Words(
        f"the {bracket} that opens here is not closed, or lacks a comma{before}",
        None,
        (opened.line, opened.column),
    )


def _nothing(stumble: _Stumble) -> _Words | None:
    if "node content" not in stumble.said:
        return None
    rest = stumble.rest.strip()
    return _Words(f"a value is missing before {rest[:1]}" if rest else "the file ends inside of brackets")


def _first_character(stumble: _Stumble) -> _Words | None:
    if "cannot start any token" not in stumble.said:
        return None
    return _Words(f"an unquoted text cannot begin with {stumble.rest[:1]}", _QUOTE_IT)


def _escape(stumble: _Stumble) -> _Words | None:
    if "unknown escape" in stumble.said:
        found = re.search(r"\\.", stumble.source[max(stumble.column - 1, 0) :])
        return _Words(
            f"{found[0] if found else 'this'} is no escape that double quotes know",
            "write \\\\ for a backslash, or use single quotes",
        )
    if "nicode" in stumble.said:
        return _Words(
            "this escape is no character of Unicode",
            'write the character itself, or eight digits for one beyond the first 65,536, such as "\\U0001f600"',
        )
    return None


def _left_over(stumble: _Stumble) -> _Words | None:
    if not re.search(r"expected key|block end|'-' indicator|document start", stumble.said):
        return None
    if stumble.before.strip(" -"):
        rest = stumble.rest.strip()
        shown = rest if len(rest) <= 40 else rest[:39] + "…"  # noqa: PLR2004
        return _Words(f'"{shown}" is left over behind a value that has ended', _QUOTE_IT)
    return _Words("this line is not in line with those it belongs to", "indent it like them")


def _list_on_line(stumble: _Stumble) -> _Words | None:
    if "entries are not allowed" not in stumble.said:
        return None
    return _Words("a list with dashes cannot begin on the line of its key", "begin it on the next line")


def _version(stumble: _Stumble) -> _Words | None:
    if "incompatible" not in stumble.said:
        return None
    return _Words("the file asks for another version of YAML than 1.2", "take its %YAML line out")


_RULES: tuple[Callable[[_Stumble], _Words | None], ...] = (
    _nested,
    _template,
    _tab,
    _colon,
    _quote,
    _escape,
    _bracket,
    _nothing,
    _first_character,
    _list_on_line,
    _left_over,
    _version,
)
"""Asked in turn; the first that knows the mistake words it."""
