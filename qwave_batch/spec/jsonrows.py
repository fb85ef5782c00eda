"""Rows of tables that are JSON objects: read strictly, or what is wrong with them."""

import json
from collections import Counter
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.jsonvalues import check_leaves, with_unusable
from qwave_batch.spec.rows import Row, RowFault
from qwave_batch.spec.unusable import Unusable
from qwave_batch.spec.words import cut, kind_of


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, _ in pairs if counts[name] > 1)
        raise ValueError(f'the key "{cut(twice)}" stands there twice')
    return fields


def _integer(digits: str) -> Any:
    try:
        return int(digits)
    except ValueError:  # more digits than Python makes a number of
        return Unusable(digits, "it is past 2^53-1, the largest integer that JSON readers agree on")


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
"""Reads JSON and refuses what JSON readers disagree about, integers past 2^53-1 apart."""

_OF_ROWS = json.JSONDecoder(object_pairs_hook=_object)
_OF_LONG_NUMBERS = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)


def decoded(text: str, at: int = 0) -> tuple[Any, int]:
    """Return the JSON value that begins at a place of the text, and where it ends.

    Raises:
        ValueError: It is no JSON, or has a key twice.
        RecursionError: It is nested too deeply.
    """
    try:
        return _OF_ROWS.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return _OF_LONG_NUMBERS.raw_decode(text, at)


VALUE_SIGNS = ",[{"
"""Characters of JSON that stand before values, one each."""


def object_row(number: int, value: Any, place: Place, *, each: str) -> Row | RowFault:
    """Return the row that a value is, or what is wrong with it; ``each`` says what was expected."""
    if not isinstance(value, dict):
        return RowFault(Problem(message=f"row {number} is {kind_of(value)}; {each}", place=place))
    try:
        check_leaves(value)
    except (ValueError, RecursionError):
        try:
            value = with_unusable(value)
        except (ValueError, RecursionError) as error:
            return unread_row(number, error, place)
    return Row(number=number, cells=value, place=place)


def unread_row(number: int, error: ValueError | RecursionError, place: Place) -> RowFault:
    """Return the fault of a row that can't be read; ``place`` is where, or where the row begins."""
    if isinstance(error, json.JSONDecodeError):
        said = f"is no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    elif isinstance(error, RecursionError):
        said = "cannot be read: it is nested too deeply"
    else:
        said = f"cannot be read: {error}"
    return RowFault(Problem(message=f"row {number} {said}", place=place))
