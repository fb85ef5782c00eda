"""The methods that texts, lists and mappings have inside of a template: those that change nothing and stay small."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from string import Formatter
from typing import Any

from qwave_batch.spec import bounds
from qwave_batch.spec.words import text_of

_TEXT = frozenset(
    {
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isspace",
        "istitle",
        "isupper",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
    }
)
_MAPPING = frozenset({"get", "items", "keys", "values"})
_LIST = frozenset({"count", "index"})
_NUMBER_IN_SPEC = re.compile(r"\d+")
_NESTED_FIELD = re.compile(r":[^{}]*\{")


def method_of(value: Any, name: str) -> Callable[..., Any] | None:
    """Return the method ``name`` of a value, or None when templates have no such method."""
    if isinstance(value, str):
        if name in _BOUNDED:
            return partial(_BOUNDED[name], str(value))
        allowed = _TEXT
    elif isinstance(value, Mapping):
        allowed = _MAPPING
    elif isinstance(value, list | tuple):
        allowed = _LIST
    else:
        return None
    return getattr(value, name) if name in allowed else None


def joined(text: str, items: Iterable[object]) -> str:
    """Return the items as texts with ``text`` between them."""
    parts = [text_of(item) for item in items]
    bounds.check_size(sum(map(len, parts)) + len(text) * len(parts))
    return text.join(parts)


def replaced(text: str, old: str, new: str, count: int | None = None) -> str:
    """Return the text with ``old`` replaced, at most ``count`` times."""
    times = text.count(old) if count is None or count < 0 else min(count, text.count(old))
    bounds.check_size(len(text) + times * len(new))
    return text.replace(old, new, -1 if count is None else count)


def formatted(text: str, *values: object) -> str:
    """Return printf-style formatting: ``"%03d" % 7``."""
    if "*" in text:
        raise bounds.TooMuch("a width of * is not available; write the number")
    _check_format(text, "%", values)
    if len(values) == 1 and isinstance(values[0], Mapping):
        return text % values[0]
    return text % values


def _format(text: str, *values: object, **named: object) -> str:
    if _NESTED_FIELD.search(text):
        raise bounds.TooMuch("a width that is a field itself is not available; write the number")
    _check_format(text, "{", (*values, *named.values()))
    return _FieldFormatter().vformat(text, values, named)


def _check_format(text: str, opening: str, values: Iterable[object]) -> None:
    widths = sum(min(int(digits[:9]), 10**9) for digits in _NUMBER_IN_SPEC.findall(text))
    longest = max((len(text_of(value)) for value in values), default=0)
    bounds.check_size(len(text) + widths + text.count(opening) * longest)


class _FieldFormatter(Formatter):
    """``str.format`` that sees fields and items of values and none of their attributes."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        if "." in field_name or "[" in field_name:
            raise TypeError(f'format() takes plain fields only, and "{field_name}" is none')
        found: tuple[Any, str] = super().get_field(field_name, args, kwargs)
        return found


def _padded(method: str, text: str, width: int, *fill: str) -> str:
    bounds.check_width(width)
    padded: str = getattr(text, method)(width, *fill)
    return padded


_BOUNDED: Mapping[str, Callable[..., str]] = {
    "join": joined,
    "replace": replaced,
    "format": _format,
    **{name: partial(_padded, name) for name in ("center", "ljust", "rjust", "zfill")},
}
