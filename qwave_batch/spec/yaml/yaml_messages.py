"""Messages for YAML syntax errors that say what to do.

No rule reads the parser's own message, which differs from parser to parser and from release to release. A rule looks at
the text around the two places that the parser reports, and at whether its scanner or its grammar gave up.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml
from yaml.scanner import ScannerError

from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.value_messages import cut_for_message
from qwave_batch.spec.yaml.nesting import tokens_of

_UNQUOTED_TEMPLATE = re.compile(r"(?:^|[:,\[-])\s*(\{[{%])")
_QUOTE_IT = "put quotes around the whole string"
_MOST_SHOWN = 40
_QUOTED = re.compile(r"""'[^']*(?:''[^']*)*'(?!')|"[^"\\]*(?:\\.[^"\\]*)*\"""", re.DOTALL)
_PROPERTIES = re.compile(r"(?:[&!]\S*\s*)*")
"""An anchor and a tag, which may precede a value."""
_CUT_OFF = re.compile(r"(?:\S\s+|^\s*)(#(?:[^\W_]|\{\{).*)")
_HALF_ESCAPE = re.compile(r"\\[xuU][0-9A-Fa-f]*$")
_LONGEST_KEY = 1_024
"""Characters in which YAML looks for the colon of a key."""
_LONGEST_FLOW = 20_000
"""Characters that are searched for a closing bracket or quote."""


@dataclass(frozen=True, slots=True)
class _SyntaxMistake:
    """The place where a parser gave up, and the text around it."""

    text: str
    is_of_scanner: bool
    """Whether the scanner gave up, over a character; else the grammar did, over a value."""
    index: int
    """The index at which it gave up."""
    start: int | None
    """The index at which the current construct starts; None if the parser does not report it."""

    @property
    def opened(self) -> str:
        """The character at the start."""
        return "" if self.start is None else self.text[self.start : self.start + 1]

    @property
    def between(self) -> str:
        """The text since the start."""
        return "" if self.start is None else self.text[self.start : self.index]

    @property
    def before(self) -> str:
        """The line before the index."""
        return self.text[self.text.rfind("\n", 0, self.index) + 1 : self.index]

    @property
    def rest(self) -> str:
        """The rest of the line."""
        end = self.text.find("\n", self.index)
        return self.text[self.index : None if end < 0 else end]

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.index) + 1


@dataclass(frozen=True, slots=True)
class _Explanation:
    message: str
    suggestion: str | None = None
    at: int | None = None
    """The index of the mistake, if it is not where the parser gave up."""


def syntax_problem(error: yaml.MarkedYAMLError, text: str, shown_as: str) -> Problem:
    """Return the problem for a parser's error."""
    mistake = _mistake_of(error, text)
    found = next(
        (each for rule in _RULES if (each := rule(mistake))), _Explanation("the YAML is not valid from here on")
    )
    at = mistake.index if found.at is None else found.at
    place = SourcePlace(shown_as, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return Problem(message=found.message, place=place, suggestion=found.suggestion)


def _mistake_of(error: yaml.MarkedYAMLError, text: str) -> _SyntaxMistake:
    mark, start = error.problem_mark or error.context_mark, error.context_mark
    index = min(mark.index, len(text)) if mark else 0
    return _SyntaxMistake(
        text=text,
        is_of_scanner=isinstance(error, ScannerError),
        index=index,
        start=start.index if start and start.index <= index else None,
    )


def _template(mistake: _SyntaxMistake) -> _Explanation | None:
    found = _UNQUOTED_TEMPLATE.search(mistake.before + mistake.rest)
    if not found or found.start(1) > len(mistake.before):
        return None
    at = mistake.index - len(mistake.before) + found.start(1)
    return _Explanation(f"a string that begins with {found[1]} needs quotes", _QUOTE_IT, at)


def _cut_off(mistake: _SyntaxMistake) -> _Explanation | None:
    """Explain a string over several lines that a comment ends early."""
    for index in {mistake.index, mistake.index if mistake.start is None else mistake.start}:
        begins = mistake.text.rfind("\n", 0, index) + 1
        ends = len(mistake.text[:begins].rstrip())  # the end of the previous line that is not blank
        before = mistake.text[mistake.text.rfind("\n", 0, ends) + 1 : ends]
        comment = _CUT_OFF.search(before)
        deeper = _indent(mistake.text[begins:]) - _indent(before)
        # a value that is aligned with one that has ended is the next line of its text
        is_same_text = deeper > 0 or (deeper == 0 and not mistake.is_of_scanner) or mistake.opened in {"[", "{"}
        if comment and is_same_text and not mistake.text[begins:index].strip():
            line = mistake.text.count("\n", 0, ends) + 1
            shown = cut_for_message(comment[1], _MOST_SHOWN)
            return _Explanation(
                f'the string on line {line} ends before "{shown}": everything from # on is a comment',
                _QUOTE_IT,
                ends - len(before) + comment.start(1),
            )
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _tab(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.rest.startswith("\t"):
        return None
    return _Explanation("a tab is not allowed here", "indent with spaces")


def _colon(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.is_of_scanner or mistake.start is not None or not mistake.rest.startswith(":"):
        return None
    if re.search(r":\s", mistake.before):
        return _Explanation('an unquoted string cannot contain ": "', _QUOTE_IT)
    return _Explanation(
        "this key is not aligned with the keys that it belongs to",
        "align it with them, or check whether the line before is missing its colon",
    )


def _quote(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.is_of_scanner or mistake.opened not in {"'", '"'}:
        return None
    is_closed = _QUOTED.match(mistake.between[:_LONGEST_FLOW])
    is_at_end = mistake.rest.startswith(("---", "...")) or mistake.text[mistake.index :].strip() in {"", "\\"}
    if is_closed or not is_at_end:
        return None
    return _Explanation("the quote opened here is never closed", None, mistake.start)


def _escape(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.is_of_scanner or mistake.opened != '"':
        return None
    if _HALF_ESCAPE.search(mistake.before):
        return _Explanation(
            "this escape is not a Unicode character",
            'write the character itself, or use eight digits for a character above U+FFFF, such as "\\U0001f600"',
        )
    at = mistake.index - mistake.before.endswith("\\")
    escape = mistake.text[at : at + 2]
    if not escape.startswith("\\"):
        return None
    return _Explanation(
        f"{escape} is not a valid escape in double quotes", "write \\\\ for a backslash, or use single quotes", at
    )


def _bracket(mistake: _SyntaxMistake) -> _Explanation | None:
    if mistake.is_of_scanner or mistake.opened not in {"[", "{"} or not mistake.between or _is_closed(mistake.between):
        return None
    before = f" before line {mistake.line}" if mistake.rest.strip() else ""
    return _Explanation(
        f"the {mistake.opened} opened here is not closed, or a comma is missing{before}", None, mistake.start
    )


def _is_closed(piece: str) -> bool:
    """Whether the bracket at the start of a piece of text is closed in it."""
    if len(piece) > _LONGEST_FLOW:
        return False
    open_brackets = 0
    for token in tokens_of(piece):
        if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
            open_brackets += 1
        elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
            open_brackets -= 1
            if not open_brackets:
                return True
    return False


def _tag(mistake: _SyntaxMistake) -> _Explanation | None:
    if mistake.is_of_scanner or not re.match(r"![\w!<]", mistake.rest):
        return None
    return _Explanation(f"unknown tag {mistake.rest.split()[0]}")


def _nothing(mistake: _SyntaxMistake) -> _Explanation | None:
    if mistake.is_of_scanner or mistake.start is None or not _PROPERTIES.fullmatch(mistake.between):
        return None
    rest = mistake.rest.strip()
    what = "key" if rest.startswith(":") else "value"
    return _Explanation(f"a {what} is missing before {rest[:1]}" if rest else "the file ends inside brackets")


def _list_on_line(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.is_of_scanner or mistake.start is not None or not mistake.rest.startswith("-"):
        return None
    return _Explanation("a list with dashes cannot start on the same line as its key", "start it on the next line")


def _first_character(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.is_of_scanner:
        return None
    begins_here = mistake.start in {None, mistake.index} and mistake.rest.strip()
    if not begins_here and mistake.opened not in set("&*!|>%"):
        return None
    at = mistake.index if mistake.start is None else mistake.start
    return _Explanation(f"an unquoted string cannot begin with {mistake.text[at]}", _QUOTE_IT, at)


def _no_colon(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.is_of_scanner or not ("\n" in mistake.between or len(mistake.between) > _LONGEST_KEY):
        return None
    return _Explanation(
        "this key has no colon after it",
        'write "key: value", or indent the text like the line before',
        mistake.start,
    )


def _cannot_stand(mistake: _SyntaxMistake) -> _Explanation | None:
    if not mistake.is_of_scanner:
        return None
    if not mistake.rest.strip():
        return _Explanation("the file ends too early")
    return _Explanation(f"an unquoted string cannot contain this {mistake.rest.strip()[:1]}", _QUOTE_IT)


def _version(mistake: _SyntaxMistake) -> _Explanation | None:
    if mistake.is_of_scanner or not mistake.rest.startswith("%YAML"):
        return None
    return _Explanation("the file asks for a YAML version other than 1.2", "remove its %YAML line")


def _left_over(mistake: _SyntaxMistake) -> _Explanation | None:
    if mistake.is_of_scanner:
        return None
    if mistake.before.strip(" -"):
        rest = mistake.rest.strip()
        shown = rest if len(rest) <= _MOST_SHOWN else rest[: _MOST_SHOWN - 1] + "…"
        return _Explanation(f'unexpected "{shown}" after the end of a value', _QUOTE_IT)
    return _Explanation("this line is not aligned with the lines that it belongs to", "align it with them")


_RULES: tuple[Callable[[_SyntaxMistake], _Explanation | None], ...] = (
    _template,
    _cut_off,
    _tab,
    _colon,
    _quote,
    _escape,
    _bracket,
    _tag,
    _nothing,
    _list_on_line,
    _first_character,
    _no_colon,
    _cannot_stand,
    _version,
    _left_over,
)
"""Tried in order; the first rule that recognises the mistake explains it."""
