"""How one JSON value becomes that of a field: by the field's type, checked and never converted in silence."""

import math
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from qwave_batch import lazy
from qwave_batch.model.jsontypes import Json, JsonObject


class ValueFault(Exception):
    """Why a value can't be read."""


class WrongType(ValueFault):
    """It is not of its field's type."""


# nearly every value is of the exact type, which is the quicker check


def read_string(value: object, _: object) -> str:
    """Return a string; raise WrongType."""
    if type(value) is str or isinstance(value, str):
        return value
    raise WrongType


def read_bool(value: object, _: object) -> bool:
    """Return true or false; raise WrongType."""
    if isinstance(value, bool):
        return value
    raise WrongType


def read_exact_integer(value: object, _: object) -> int:
    """Return an integer of 0 or more; raise WrongType."""
    if type(value) is int and value >= 0:
        return value
    raise WrongType


def read_integer(value: object, _: object) -> int:
    """Return an integer of 0 or more, also one written as 3.0; raise WrongType."""
    if type(value) is float and value.is_integer() and value >= 0:  # as other programs write whole numbers
        return int(value)
    return read_exact_integer(value, None)


def read_float(value: object, _: object) -> int | float:
    """Return a finite number; raise WrongType."""
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return value
    raise WrongType


def read_mapping(value: object, _: object) -> Mapping[str, Json]:
    """Return an object; raise WrongType."""
    if type(value) is dict or isinstance(value, Mapping):
        return value
    raise WrongType


def read_strings(value: object, _: object) -> tuple[str, ...]:
    """Return a list of strings; raise WrongType."""
    if isinstance(value, list | tuple):
        if not value:
            return ()
        if all(isinstance(each, str) for each in value):
            return tuple(value)
    raise WrongType


def as_it_is(value: Json) -> Json:
    """Return the value itself."""
    return value


def is_json_object_type(kind: Any) -> bool:
    """Whether a field is any JSON object."""
    return bool(kind == JsonObject)


def is_optional_type(kind: Any) -> bool:
    """Whether a field is ``X | None``."""
    return get_origin(kind) in {Union, UnionType} and len(get_args(kind)) == _PAIR and NoneType in get_args(kind)


def reader_of_optional(kind: Any, converter: "lazy.cattrs.Converter") -> Callable[[Any, Any], Any]:
    """Return the reader of ``X | None``."""
    (inner,) = (choice for choice in get_args(kind) if choice is not NoneType)
    read = converter.get_structure_hook(inner)  # once, and not for each value as the converter's own does
    return lambda value, _: None if value is None else read(value, inner)


def writer_of_optional(kind: Any, converter: "lazy.cattrs.Converter") -> Callable[[Any], Any]:
    """Return the writer of ``X | None``."""
    (inner,) = (choice for choice in get_args(kind) if choice is not NoneType)
    if inner in _WRITTEN_AS_THEY_ARE or get_origin(inner) is Literal:
        return lazy.cattrs.fns.identity  # which cattrs does not even call
    write = converter.get_unstructure_hook(inner)
    return lambda value: None if value is None else write(value)


def is_strings_type(kind: Any) -> bool:
    """Whether a field is a tuple of strings."""
    return bool(kind == tuple[str, ...])


def is_objects_type(kind: Any) -> bool:
    """Whether a field is a tuple of dataclasses."""
    return get_origin(kind) is tuple and len(get_args(kind)) == _PAIR and is_dataclass(get_args(kind)[0])


def expected_message(kind: Any) -> str:
    """Return the values that a type has in JSON, in words."""
    choices = get_args(kind)
    if get_origin(kind) in {Union, UnionType}:
        return " or ".join("null" if choice is NoneType else expected_message(choice) for choice in choices)
    if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, StrEnum)):
        allowed = choices or tuple(member.value for member in kind)
        return f"one of {', '.join(map(str, allowed))}"
    if is_strings_type(kind):
        return "a list of strings"
    return _WORDS.get(kind, "a list of objects" if is_objects_type(kind) else "an object")


_WORDS: Mapping[Any, str] = {
    str: "a string",
    int: "a non-negative integer",
    float: "a finite number",
    bool: "true or false",
}
_WRITTEN_AS_THEY_ARE = frozenset({str, int, float, bool})
_PAIR = 2  # the item's type and the dots of tuple[X, ...]
