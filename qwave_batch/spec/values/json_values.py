"""Values that JSON can hold and that every JSON reader reads alike: limits, checks and conversion."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateRuntimeError, Undefined
from jinja2.utils import missing

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_messages import how_to_get_value, type_name

MAX_INTEGER = 2**53 - 1  # JSON readers disagree about larger integers
MAX_DEPTH = 64  # levels of nesting in a spec or table, so that code may recurse
_SHOWN_DIGITS = 30


class UnusableCellError(TemplateRuntimeError):
    """A template reads a cell that JSON has no value for; the message says which and why."""


class UnusableCell(StrictUndefined):
    """Stands for a cell that JSON has no value for; any use of it in a template is an error."""

    __slots__ = ("form", "reason")

    def __init__(self, form: str, reason: str) -> None:
        super().__init__(f"a cell of the row cannot be used: {reason}", missing, None, UnusableCellError)
        self.form = form
        """A string that stays the same on every machine, for hashes of rows."""
        self.reason = reason
        """Why, as a sentence of its own."""

    def fail(self, name: object) -> NoReturn:
        """Raise UnusableCellError for the cell called ``name``."""
        raise UnusableCellError(f'"{name}" cannot be used: {self.reason}')


def as_json(value: object) -> Json:
    """Return the result of a single expression as a JSON value that shares nothing with the scope.

    Raises:
        TypeError, ValueError: JSON cannot hold it.
    """
    if isinstance(value, Undefined):
        str(value)  # raises: it stands for a missing name
    whole = as_plain_json(value)
    check_leaves(whole)
    if isinstance(whole, str):
        check_text(whole)
    return whole  # type: ignore[return-value]  # plain() gives JSON's types only


def as_plain_json(value: object) -> object:
    """Return a value with lists and mappings of any kind turned into ``list`` and ``dict``.

    Raises:
        TypeError: JSON has no type for a value in it.
    """
    match value:
        case str():
            return str(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_key(key): as_plain_json(item) for key, item in value.items()}
        case Sequence():
            return [as_plain_json(item) for item in value]
        case Undefined():
            return str(value)  # raises: it stands for a missing name or an unusable cell
        case _:
            raise TypeError(f"{type_name(value)} cannot be used as a value; {how_to_get_value(value)}")


def _key(key: object) -> str:
    if isinstance(key, str):
        return str(key)
    raise TypeError(f"keys must be strings, found {type_name(key)}")


def with_unusable(value: object, depth: int = 0) -> Any:
    """Return a value of a table with ``UnusableCell`` in place of each number that JSON does not allow.

    Raises:
        ValueError, RecursionError: It has another value that JSON readers disagree about.
    """
    usable = _with_placeholders(value)
    check_leaves(usable, depth)
    return usable


def _with_placeholders(value: object) -> object:
    match value:
        case Mapping():
            return {key: _with_placeholders(item) for key, item in value.items()}
        case list():
            return [_with_placeholders(item) for item in value]
        case bool():
            return value
        case int() | float():
            try:
                check_number(value)
            except ValueError as error:
                return UnusableCell(_digits(value), str(error))
            return value
        case _:
            return value


def stable_form(value: Any) -> Json:
    """Return a value of a table with a string in place of each ``UnusableCell``, the same on every machine."""
    if isinstance(value, Mapping):
        return {key: stable_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [stable_form(item) for item in value]
    form: Json = value.form if isinstance(value, UnusableCell) else value
    return form


def check_leaves(value: object, depth: int = 0) -> None:
    """Raise ValueError if the value has a string or number that JSON readers disagree about."""
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    items: Iterable[Any]
    if type(value) is dict:  # faster than isinstance: this runs for every row of every table
        items = value.values()
        for key in value:
            if not key.isascii():
                _check_characters(key)
    elif type(value) is list:
        items = value
    else:
        _check_leaf(value, depth)
        return
    for item in items:
        kind = type(item)
        if not ((kind is str and item.isascii()) or (kind is int and -MAX_INTEGER <= item <= MAX_INTEGER)):
            check_leaves(item, depth + 1)


def _check_leaf(value: object, depth: int) -> None:
    match value:
        case str():
            _check_characters(value)
        case bool():
            pass
        case int() | float():
            check_number(value)
        case list():  # a subclass of list
            for item in value:
                check_leaves(item, depth + 1)
        case Mapping():
            for key, item in value.items():
                _check_characters(key)
                check_leaves(item, depth + 1)


def check_number(number: float) -> None:
    """Raise ValueError for an integer past 2^53-1, infinity and NaN."""
    if isinstance(number, int):
        if abs(number) > MAX_INTEGER:
            raise ValueError(f"{_shown(number)} is past 2^53-1, the largest integer that JSON readers agree on")
    elif not math.isfinite(number):
        raise ValueError(f"{_digits(number)} is not a JSON number")


def check_text(text: str) -> None:
    """Raise ValueError for a string with a NUL or a lone surrogate."""
    if "\0" in text:
        raise ValueError("a NUL character (U+0000) is not allowed in a string")
    _check_characters(text)


def is_whole(text: str) -> bool:
    """Whether the string has neither a NUL nor a lone surrogate."""
    return "\0" not in text and (text.isascii() or _is_unicode(text))


def _check_characters(text: str) -> None:
    """Raise ValueError for a string with a lone surrogate; a NUL is allowed in cells that are not sent."""
    if not (text.isascii() or _is_unicode(text)):
        raise ValueError("half of a surrogate pair is not a Unicode character")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(number: int) -> str:
    digits = str(number)
    return digits if len(digits) <= _SHOWN_DIGITS else f"a number of {len(digits)} digits"


def _digits(number: float) -> str:
    """Return a number as JSON writers write it, including NaN and infinity."""
    return json.dumps(number)
