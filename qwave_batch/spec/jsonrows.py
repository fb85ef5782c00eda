"""Rows of tables that are JSON objects: read strictly, or what is wrong with them."""

import json
from collections import Counter
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.jsonvalues import check_leaves
from qwave_batch.spec.rows import Row, RowFault
from qwave_batch.spec.words import cut, kind_of


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, _ in pairs if counts[name] > 1)
        raise ValueError(f'the key "{cut(twice)}" stands there twice')
    return fields


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
"""Reads JSON and refuses what JSON readers disagree about."""

VALUE_SIGNS = ",[{"
"""Characters of JSON that stand before values, one each."""


def object_row(number: int, value: Any, place: Place, *, each: str) -> Row | RowFault:
    """Return the row that a value is, or what is wrong with it; ``each`` says what was expected."""
    if not isinstance(value, dict):
        return RowFault(Problem(message=f"row {number} is {kind_of(value)}; {each}", place=place))
    try:
        check_leaves(value)
    except (ValueError, RecursionError) as error:
        return unread_row(number, error, place)
    return Row(number=number, cells=value, place=place)


def unread_row(number: int, error: ValueError | RecursionError, place: Place) -> RowFault:
    """Return the fault of a row that can't be read; ``place`` is where, or where the row begins."""
    if isinstance(error, json.JSONDecodeError):
        said = f"is no JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    elif isinstance(error, RecursionError):
        said = "cannot be read: it is nested too deeply"
    elif "integer string conversion" in str(error):
        said = "cannot be read: a number in it is past 2^53-1, the largest integer that JSON readers agree on"
    else:
        said = f"cannot be read: {error}"
    return RowFault(Problem(message=f"row {number} {said}", place=place))
