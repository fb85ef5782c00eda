"""What a YAML parser stumbles over, in words that say what to do.

No rule reads what the parser says: its words differ from parser to parser and from release to release. A rule looks at
the text around the two places that the parser names, and at whether its scanner or its grammar gave up.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml
from yaml.scanner import ScannerError

from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.value_messages import cut
from qwave_batch.spec.yaml.nesting import tokens_of

_UNQUOTED_TEMPLATE = re.compile(r"(?:^|[:,\[-])\s*(\{[{%])")
_QUOTE_IT = "put quotes around the whole text"
_MOST_SHOWN = 40
_QUOTED = re.compile(r"""'[^']*(?:''[^']*)*'(?!')|"[^"\\]*(?:\\.[^"\\]*)*\"""", re.DOTALL)
_PROPERTIES = re.compile(r"(?:[&!]\S*\s*)*")
"""An anchor and a tag, which may stand before a value."""
_CUT_OFF = re.compile(r"(?:\S\s+|^\s*)(#(?:[^\W_]|\{\{).*)")
_HALF_ESCAPE = re.compile(r"\\[xuU][0-9A-Fa-f]*$")
_LONGEST_KEY = 1_024
"""YAML looks no further for the colon of a key."""
_LONGEST_FLOW = 20_000
"""Characters that are looked through for the other half of a bracket or a quote."""


@dataclass(frozen=True, slots=True)
class _Stumble:
    """Where a parser gave up, and over what."""

    text: str
    is_scanners: bool
    """Whether a character stands wrong; else a value does."""
    index: int
    """Where it gave up."""
    start: int | None
    """Where that begins which it was reading; None when it does not say."""

    @property
    def opened(self) -> str:
        """The character at the start."""
        return "" if self.start is None else self.text[self.start : self.start + 1]

    @property
    def between(self) -> str:
        """What it had read since the start."""
        return "" if self.start is None else self.text[self.start : self.index]

    @property
    def before(self) -> str:
        """The line as far as it was read."""
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
class _Words:
    message: str
    suggestion: str | None = None
    at: int | None = None
    """Where in the text, if that is not where the parser gave up."""


def syntax_problem(error: yaml.MarkedYAMLError, text: str, shown_as: str) -> Problem:
    """Return the problem that stops a parser."""
    stumble = _stumble(error, text)
    words = next((found for rule in _RULES if (found := rule(stumble))), _Words("from here on it is not valid YAML"))
    at = stumble.index if words.at is None else words.at
    place = SourcePlace(shown_as, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return Problem(message=words.message, place=place, suggestion=words.suggestion)


def _stumble(error: yaml.MarkedYAMLError, text: str) -> _Stumble:
    mark, start = error.problem_mark or error.context_mark, error.context_mark
    index = min(mark.index, len(text)) if mark else 0
    return _Stumble(
        text=text,
        is_scanners=isinstance(error, ScannerError),
        index=index,
        start=start.index if start and start.index <= index else None,
    )


def _template(stumble: _Stumble) -> _Words | None:
    found = _UNQUOTED_TEMPLATE.search(stumble.before + stumble.rest)
    if not found or found.start(1) > len(stumble.before):
        return None
    at = stumble.index - len(stumble.before) + found.start(1)
    return _Words(f"a text that begins with {found[1]} needs quotes", _QUOTE_IT, at)


def _cut_off(stumble: _Stumble) -> _Words | None:
    """Word a text over several lines that a comment ends early."""
    for index in {stumble.index, stumble.index if stumble.start is None else stumble.start}:
        begins = stumble.text.rfind("\n", 0, index) + 1
        ends = len(stumble.text[:begins].rstrip())  # of the line before that is not blank
        before = stumble.text[stumble.text.rfind("\n", 0, ends) + 1 : ends]
        comment = _CUT_OFF.search(before)
        deeper = _indent(stumble.text[begins:]) - _indent(before)
        # a value in line with another one that has ended is the next line of its text
        is_same_text = deeper > 0 or (deeper == 0 and not stumble.is_scanners) or stumble.opened in {"[", "{"}
        if comment and is_same_text and not stumble.text[begins:index].strip():
            line = stumble.text.count("\n", 0, ends) + 1
            shown = cut(comment[1], _MOST_SHOWN)
            return _Words(
                f'the text of line {line} ends before "{shown}": everything from # on is a comment',
                _QUOTE_IT,
                ends - len(before) + comment.start(1),
            )
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _tab(stumble: _Stumble) -> _Words | None:
    if not stumble.rest.startswith("\t"):
        return None
    return _Words("a tab cannot stand here", "indent with spaces")


def _colon(stumble: _Stumble) -> _Words | None:
    if not stumble.is_scanners or stumble.start is not None or not stumble.rest.startswith(":"):
        return None
    if re.search(r":\s", stumble.before):
        return _Words('an unquoted text cannot have ": " in it', _QUOTE_IT)
    return _Words(
        "this key is not in line with the keys it belongs to",
        "indent it like them, or see whether the line before lacks its colon",
    )


def _quote(stumble: _Stumble) -> _Words | None:
    if not stumble.is_scanners or stumble.opened not in {"'", '"'}:
        return None
    is_closed = _QUOTED.match(stumble.between[:_LONGEST_FLOW])
    is_at_end = stumble.rest.startswith(("---", "...")) or stumble.text[stumble.index :].strip() in {"", "\\"}
    if is_closed or not is_at_end:
        return None
    return _Words("the quote that opens here is never closed", None, stumble.start)


def _escape(stumble: _Stumble) -> _Words | None:
    if not stumble.is_scanners or stumble.opened != '"':
        return None
    if _HALF_ESCAPE.search(stumble.before):
        return _Words(
            "this escape is no character of Unicode",
            'write the character itself, or eight digits for one beyond the first 65,536, such as "\\U0001f600"',
        )
    at = stumble.index - stumble.before.endswith("\\")
    escape = stumble.text[at : at + 2]
    if not escape.startswith("\\"):
        return None
    return _Words(
        f"{escape} is no escape that double quotes know", "write \\\\ for a backslash, or use single quotes", at
    )


def _bracket(stumble: _Stumble) -> _Words | None:
    if stumble.is_scanners or stumble.opened not in {"[", "{"} or not stumble.between or _is_closed(stumble.between):
        return None
    before = f" before line {stumble.line}" if stumble.rest.strip() else ""
    return _Words(f"the {stumble.opened} that opens here is not closed, or lacks a comma{before}", None, stumble.start)


def _is_closed(piece: str) -> bool:
    """Whether the bracket that a piece of text begins with has its other half there."""
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


def _tag(stumble: _Stumble) -> _Words | None:
    if stumble.is_scanners or not re.match(r"![\w!<]", stumble.rest):
        return None
    return _Words(f"the tag {stumble.rest.split()[0]} is not known")


def _nothing(stumble: _Stumble) -> _Words | None:
    if stumble.is_scanners or stumble.start is None or not _PROPERTIES.fullmatch(stumble.between):
        return None
    rest = stumble.rest.strip()
    what = "key" if rest.startswith(":") else "value"
    return _Words(f"a {what} is missing before {rest[:1]}" if rest else "the file ends inside of brackets")


def _list_on_line(stumble: _Stumble) -> _Words | None:
    if not stumble.is_scanners or stumble.start is not None or not stumble.rest.startswith("-"):
        return None
    return _Words("a list with dashes cannot begin on the line of its key", "begin it on the next line")


def _first_character(stumble: _Stumble) -> _Words | None:
    if not stumble.is_scanners:
        return None
    begins_here = stumble.start in {None, stumble.index} and stumble.rest.strip()
    if not begins_here and stumble.opened not in set("&*!|>%"):
        return None
    at = stumble.index if stumble.start is None else stumble.start
    return _Words(f"an unquoted text cannot begin with {stumble.text[at]}", _QUOTE_IT, at)


def _no_colon(stumble: _Stumble) -> _Words | None:
    if not stumble.is_scanners or not ("\n" in stumble.between or len(stumble.between) > _LONGEST_KEY):
        return None
    return _Words(
        "a key stands here without its colon",
        'write "key: value", or indent a text like the line before',
        stumble.start,
    )


def _cannot_stand(stumble: _Stumble) -> _Words | None:
    if not stumble.is_scanners:
        return None
    if not stumble.rest.strip():
        return _Words("the file ends too early")
    return _Words(f"an unquoted text cannot have this {stumble.rest.strip()[:1]} in it", _QUOTE_IT)


def _version(stumble: _Stumble) -> _Words | None:
    if stumble.is_scanners or not stumble.rest.startswith("%YAML"):
        return None
    return _Words("the file asks for another version of YAML than 1.2", "take its %YAML line out")


def _left_over(stumble: _Stumble) -> _Words | None:
    if stumble.is_scanners:
        return None
    if stumble.before.strip(" -"):
        rest = stumble.rest.strip()
        shown = rest if len(rest) <= _MOST_SHOWN else rest[: _MOST_SHOWN - 1] + "…"
        return _Words(f'"{shown}" is left over behind a value that has ended', _QUOTE_IT)
    return _Words("this line is not in line with those it belongs to", "indent it like them")


_RULES: tuple[Callable[[_Stumble], _Words | None], ...] = (
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
"""Asked in turn; the first that knows the mistake words it."""
