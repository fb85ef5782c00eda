"""The filters of templates: Jinja's, without those that vary or speak HTML, and ``slug`` and ``sha256``."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import pass_context, pass_environment
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Context

from qwave_batch.spec import bounds
from qwave_batch.spec.methods import formatted, joined, replaced
from qwave_batch.spec.naming import slug
from qwave_batch.spec.words import plain, text_of

EACH = "each item"  # no template can spell a name with a space
JOIN_TEXTS = "join texts"

_TAKEN_FROM_JINJA = (
    "abs",
    "batch",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "filesizeformat",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "striptags",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
)
_OF_TEXT = frozenset({"capitalize", "lower", "striptags", "title", "trim", "truncate", "upper", "wordcount"})
"""Filters of jinja's that make a text of whatever they are given, a function's address in memory included."""
_WIDTHS: Mapping[str, tuple[int, str]] = {"batch": (0, "linecount"), "slice": (0, "slices"), "round": (0, "precision")}
"""Filters with an argument that asks for size: its place and its name."""


def _sha256(value: Any) -> str:
    return hashlib.sha256(text_of(value).encode()).hexdigest()


def _slug(value: Any) -> str:
    return slug(text_of(value))


@pass_context
def _join(context: Context, items: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    if attribute is not None:
        items = JINJA_FILTERS["map"](context, items, attribute=attribute)
    return joined(text_of(d), items)


def _replace(text: Any, old: Any, new: Any, count: int | None = None) -> str:
    return replaced(text_of(text), text_of(old), text_of(new), count)


def _format(text: Any, *values: Any) -> str:
    return formatted(text_of(text), *values)


def _center(text: Any, width: int = 80) -> str:
    bounds.check_width(width)
    return text_of(text).center(width)


def _indent(text: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002
    bounds.check_width(width)
    whole = text_of(text)
    bounds.check_size(len(whole) + (whole.count("\n") + 1) * (width if isinstance(width, int) else len(width)))
    indented: str = JINJA_FILTERS["indent"](whole, width, first, blank)
    return indented


def _sum(items: Iterable[Any], attribute: str | None = None, start: float = 0) -> float:
    for item in items:
        start += item[attribute] if attribute is not None else item
    return start


def _tojson(value: Any, indent: int | None = None) -> str:
    bounds.check_width(indent)
    return json.dumps(plain(value), ensure_ascii=False, indent=indent)


@pass_environment
def _wordwrap(environment: Any, text: Any, width: int = 79, break_long_words: bool = True) -> str:  # noqa: FBT001, FBT002
    wrapped: str = JINJA_FILTERS["wordwrap"](environment, text_of(text), width, break_long_words)
    return wrapped


def _join_texts(parts: list[Any]) -> str:
    return bounds.concat([text_of(part) for part in parts])


def _each(items: Iterable[Any]) -> Iterator[Any]:
    yield from items  # counted like every filter's items, which is why loops go through here


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the filter with what it makes counted against the rendering's budget."""
    wants: str | None = getattr(getattr(function, "jinja_pass_arg", None), "name", None)
    place, argument = _WIDTHS.get(name, (0, ""))

    @pass_context
    @functools.wraps(function)
    def bounded(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if argument:
            bounds.check_width(kwargs.get(argument, args[place] if len(args) > place else None))
        if name in _OF_TEXT:
            value = text_of(value)
        elif name == "urlencode":
            value = plain(value)
        match wants:
            case None:
                result = function(value, *args, **kwargs)
            case "context":
                result = function(context, value, *args, **kwargs)
            case "eval_context":
                result = function(context.eval_ctx, value, *args, **kwargs)
            case _:
                result = function(context.environment, value, *args, **kwargs)
        if isinstance(result, Iterator):
            return context.budget.counted(result)
        context.budget.charge(result)
        return result

    return bounded


def _filters() -> Iterator[tuple[str, Callable[..., Any]]]:
    yield from ((name, JINJA_FILTERS[name]) for name in _TAKEN_FROM_JINJA)
    yield from _OWN.items()


_OWN: Mapping[str, Callable[..., Any]] = {
    "center": _center,
    "format": _format,
    "indent": _indent,
    "join": _join,
    "replace": _replace,
    "sha256": _sha256,
    "slug": _slug,
    "string": text_of,
    "sum": _sum,
    "tojson": _tojson,
    "wordwrap": _wordwrap,
    EACH: _each,
    JOIN_TEXTS: _join_texts,
}

FILTERS: Mapping[str, Callable[..., Any]] = {name: _bounded(name, function) for name, function in _filters()}
FILTER_NAMES = tuple(sorted(name for name in FILTERS if " " not in name))
