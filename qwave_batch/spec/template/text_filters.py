"""Filters that make text; each takes the rendering's budget and charges it before it works."""

import hashlib
import html
import json
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jinja2.filters import do_indent, do_title, do_urlencode

from qwave_batch.model.portable_paths import nfc
from qwave_batch.spec.template.cost_estimates import backward
from qwave_batch.spec.template.formatting import formatted
from qwave_batch.spec.template.methods import joined, replaced
from qwave_batch.spec.template.render_budget import RenderBudget, check_length, check_width, concat
from qwave_batch.spec.values.json_values import as_plain_json
from qwave_batch.spec.values.text_conversion import to_text

# internal filters: a template cannot spell a filter name with a space
JOIN_TEXTS = "join texts"
JOIN = "join items"

_ASCII_BLANKS = re.compile(r"[\t\n\x0b\x0c\r ]")
_HYPHENS = re.compile("-+")
_NOT_IN_A_SLUG = re.compile("[^a-z0-9]+")
_LEEWAY = 5  # characters by which a text may exceed the length
_HASHED = 3  # characters that are scanned in the time of hashing one


def slug(text: str) -> str:
    """Return the text in lower case with letters and digits of every script, and ``-`` in place of all else."""
    if text.isascii():
        return _NOT_IN_A_SLUG.sub("-", text.lower()).strip("-")
    composed = nfc(text).lower()
    kept = "".join(character if _is_kept(character) else "-" for character in composed)
    return re.sub("-+", "-", kept).strip("-")


def _is_kept(character: str) -> bool:
    # a mark is part of the letter before it: Hindi and Thai need them
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _sha256(budget: RenderBudget, value: Any) -> str:
    text = budget.text(value)
    budget.scan(len(text) * _HASHED)
    return hashlib.sha256(text.encode()).hexdigest()


def _slug(budget: RenderBudget, value: Any) -> str:
    text = budget.text(value)
    budget.work(len(text))
    return slug(text)


def _join(budget: RenderBudget, items: Iterable[Any], d: Any = "") -> str:
    return joined(budget, budget.text(d), items)


def _replace(budget: RenderBudget, text: Any, old: Any, new: Any, count: int | None = None) -> str:
    return replaced(budget, budget.text(text), budget.text(old), budget.text(new), count)


def _format(budget: RenderBudget, text: Any, *values: Any) -> str:
    return formatted(budget, budget.text(text), *values)


def _string(budget: RenderBudget, value: Any) -> str:
    return budget.text(value)


def _cased(name: str) -> Callable[..., str]:
    def changed(budget: RenderBudget, value: Any) -> str:
        text = budget.text(value)
        budget.scan(len(text) * (1 if text.isascii() else 30))  # one letter may become three, each looked up
        made: str = getattr(text, name)()
        return made

    return changed


def _title(budget: RenderBudget, value: Any) -> str:
    text = budget.text(value)
    budget.work(len(text))
    return do_title(text)


def _trim(budget: RenderBudget, value: Any, chars: str | None = None) -> str:
    text = budget.text(value)
    budget.scan(backward(len(text), len(chars or "")))
    return text.strip(chars)


def _wordcount(budget: RenderBudget, value: Any) -> int:
    text = budget.text(value)
    budget.work(len(text) // 5)
    return sum(1 for _ in re.finditer(r"\w+", text))


def _truncate(  # as the filter is called
    budget: RenderBudget,
    value: Any,
    length: int = 255,
    killwords: bool = False,  # noqa: FBT001, FBT002
    end: str = "...",
    leeway: int | None = None,
) -> str:
    text = budget.text(value)
    budget.scan(len(text))
    leeway = _LEEWAY if leeway is None else leeway
    if length < len(end) or leeway < 0:
        raise ValueError(f"truncate needs a length of at least {len(end)} and a leeway of at least 0")
    if len(text) <= length + leeway:
        return text
    cut = text[: length - len(end)]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _center(budget: RenderBudget, text: Any, width: int = 80) -> str:
    check_width(width)
    return budget.text(text).center(width)


def _indent(
    budget: RenderBudget,
    text: Any,
    width: int | str = 4,
    first: bool = False,  # noqa: FBT001, FBT002  # as the filter is called
    blank: bool = False,  # noqa: FBT001, FBT002
) -> str:
    check_width(width)
    whole = budget.text(text)
    lines = len(whole.splitlines()) + 1
    budget.work(lines * 2 + len(whole) // 100)
    check_length(len(whole) + lines * (width if isinstance(width, int) else len(width)))
    return do_indent(whole, width, first, blank)


def _tojson(budget: RenderBudget, value: Any, indent: int | None = None) -> str:
    if not isinstance(indent, int | None):
        raise TypeError("the indent must be a number of spaces")
    check_width(indent)
    characters, items = budget.weigh(value, times=2)
    check_length(characters + items * (1 + (indent or 0) * _depth(value)))
    made = json.dumps(as_plain_json(value), ensure_ascii=False, indent=indent)
    check_length(len(made))
    return made


def _depth(value: Any) -> int:
    """Return the depth of nesting of a value that was weighed before."""
    if isinstance(value, Mapping):
        value = value.values()
    elif isinstance(value, str) or not isinstance(value, Sequence):
        return 0
    return 1 + max(map(_depth, value), default=0)


def _wordwrap(budget: RenderBudget, text: Any, width: int = 79, break_long_words: bool = True) -> str:  # noqa: FBT001, FBT002
    whole = budget.text(text)
    budget.work(len(whole) * 3)
    # the standard library scans a run of hyphens from each of them, and copies the rest of a long word for each line
    hyphens = max((len(run) for run in _HYPHENS.findall(whole)), default=0)
    longest = max(map(len, _ASCII_BLANKS.split(whole)))  # the only separators of words there
    budget.scan(len(whole) * (hyphens + longest // max(width, 1) // 10))
    return "\n".join(
        "\n".join(
            textwrap.wrap(
                line,
                width=width,
                expand_tabs=False,
                replace_whitespace=False,
                break_long_words=break_long_words,
                break_on_hyphens=True,
            )
        )
        for line in whole.splitlines()
    )


def _striptags(budget: RenderBudget, value: Any) -> str:
    """Return the text without HTML tags and comments, with whitespace collapsed and entities decoded."""
    text = budget.text(value)
    budget.scan(len(text))
    budget.work(5 * (text.count("<") + text.count("&")) + text.count(" "))
    kept: list[str] = []
    done = 0
    while (start := text.find("<", done)) != -1:
        closing = "-->" if text.startswith("<!--", start) else ">"
        end = text.find(closing, start + (4 if closing == "-->" else 0))
        if end == -1:
            break
        kept.append(text[done:start])
        done = end + len(closing)
    return html.unescape(" ".join("".join([*kept, text[done:]]).split()))


def _urlencode(budget: RenderBudget, value: Any) -> str:
    characters, items = budget.weigh(value)
    budget.work(characters * 2 + items * 5)
    check_length(characters + items)
    made: str = do_urlencode(_in_texts(value))
    check_length(len(made))
    return made


def _in_texts(value: Any) -> Any:
    """Return the input of a query with its values as text: a mapping, a list of pairs, or one string."""
    if isinstance(value, Mapping):
        return {to_text(name): to_text(given) for name, given in value.items()}
    if isinstance(value, list | tuple):
        return [[to_text(part) for part in pair] if isinstance(pair, list | tuple) else to_text(pair) for pair in value]
    return to_text(value)


def _join_texts(budget: RenderBudget, parts: list[Any]) -> str:
    return concat([budget.text(part) for part in parts])


TEXT_FILTERS: Mapping[str, Callable[..., Any]] = {
    "capitalize": _cased("capitalize"),
    "center": _center,
    "format": _format,
    "indent": _indent,
    "lower": _cased("lower"),
    "replace": _replace,
    "sha256": _sha256,
    "slug": _slug,
    "string": _string,
    "striptags": _striptags,
    "title": _title,
    "tojson": _tojson,
    "trim": _trim,
    "truncate": _truncate,
    "upper": _cased("upper"),
    "urlencode": _urlencode,
    "wordcount": _wordcount,
    "wordwrap": _wordwrap,
    JOIN: _join,
    JOIN_TEXTS: _join_texts,
}
