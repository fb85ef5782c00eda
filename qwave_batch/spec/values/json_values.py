"""The values that JSON can hold, and that every reader of JSON reads alike."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateRuntimeError, Undefined
from jinja2.utils import missing

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_messages import kind_of, way_to_a_value

MAX_INTEGER = 2**53 - 1  # beyond it JSON readers disagree about which number is meant
MAX_DEPTH = 64  # of anything a spec or a table holds; whoever works on it may recurse
_SHOWN_DIGITS = 30


class UnusableCellError(TemplateRuntimeError):
    """A template reads a cell that JSON has no value for; it says which and why."""


class UnusableCell(StrictUndefined):
    """Stands for such a cell; whatever a template does with it is an error."""

    __slots__ = ("form", "reason")

    def __init__(self, form: str, reason: str) -> None:
        super().__init__(f"a cell of the row cannot be used: {reason}", missing, None, UnusableCellError)
        self.form = form
        """A text that stays the same, to tell rows apart by."""
        self.reason = reason
        """Why, as a sentence of its own."""

    def fail(self, name: object) -> NoReturn:
        """Raise UnusableCellError for the cell called ``name``."""
        raise UnusableCellError(f'"{name}" cannot be used: {self.reason}')


def as_json(value: object) -> Json:
    """Return what a single expression came to as a JSON value of its own, which shares nothing with the scope.

    Raises:
        TypeError, ValueError: It is nothing that JSON can hold.
    """
    if isinstance(value, Undefined):
        str(value)  # raises: it stands for a name that is missing
    whole = plain(value)
    check_leaves(whole)
    if isinstance(whole, str):
        check_text(whole)
    return whole  # type: ignore[return-value]  # plain() gives JSON's types only


def plain(value: object) -> object:
    """Return lists and mappings of any kind as those that JSON knows.

    Raises:
        TypeError: There is something in the value that JSON does not know.
    """
    match value:
        case str():
            return str(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
        case Undefined():
            return str(value)  # raises: it stands for what is missing, or cannot be used
        case _:
            raise TypeError(f"{kind_of(value)} cannot stand in a spec; {way_to_a_value(value)}")


def _key(key: object) -> str:
    if isinstance(key, str):
        return str(key)
    raise TypeError(f"a mapping's keys are texts, and {kind_of(key)} is none")


def with_unusable(value: object, depth: int = 0) -> Any:
    """Return a value of a table with ``UnusableCell`` for each number in it that is none in JSON.

    Raises:
        ValueError, RecursionError: There is something else in it that JSON readers disagree about.
    """
    usable = _set_aside(value)
    check_leaves(usable, depth)
    return usable


def _set_aside(value: object) -> object:
    match value:
        case Mapping():
            return {key: _set_aside(item) for key, item in value.items()}
        case list():
            return [_set_aside(item) for item in value]
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
    """Return a value of a table with a text for each ``UnusableCell`` in it, the same on every machine."""
    if isinstance(value, Mapping):
        return {key: stable_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [stable_form(item) for item in value]
    form: Json = value.form if isinstance(value, UnusableCell) else value
    return form


def check_leaves(value: object, depth: int = 0) -> None:
    """Raise ValueError when a text or number in the value is one that JSON readers disagree about."""
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    items: Iterable[Any]
    if type(value) is dict:  # told sooner than by its abstract kind: this is asked of every row of every table
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
        case list():  # of a class of its own
            for item in value:
                check_leaves(item, depth + 1)
        case Mapping():
            for key, item in value.items():
                _check_characters(key)
                check_leaves(item, depth + 1)


def check_number(number: float) -> None:
    """Raise ValueError for an integer past 2^53-1, and for infinity and not-a-number."""
    if isinstance(number, int):
        if abs(number) > MAX_INTEGER:
            raise ValueError(f"{_shown(number)} is past 2^53-1, the largest integer that JSON readers agree on")
    elif not math.isfinite(number):
        raise ValueError(f"{_digits(number)} is no JSON number")


def check_text(text: str) -> None:
    """Raise ValueError for a text with a NUL or a lone surrogate in it."""
    if "\0" in text:
        raise ValueError("a NUL character (U+0000) cannot stand in a text")
    _check_characters(text)


def is_whole(text: str) -> bool:
    """Whether there is neither a NUL nor a lone surrogate in the text."""
    return "\0" not in text and (text.isascii() or _is_unicode(text))


def _check_characters(text: str) -> None:
    """Raise ValueError for a text with a lone surrogate in it; a NUL may stand in a cell that nobody sends."""
    if not (text.isascii() or _is_unicode(text)):
        raise ValueError("half of a surrogate pair is no character of Unicode")


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
    """Return a number as JSON's writers write it, also one that is none in JSON."""
    return json.dumps(number)
