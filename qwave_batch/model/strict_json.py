"""JSON that other people may have written: a key that is there twice and a number that JSON lacks are errors."""

import json
import math
from collections import Counter

from qwave_batch.model.jsontypes import Json

_SHOWN = 60


def unique_fields(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object of these keys and values, for a decoder's ``object_pairs_hook``.

    Raises:
        ValueError: a key is there twice.
    """
    fields = dict(pairs)
    if len(fields) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, _ in pairs if counts[name] > 1)
        raise ValueError(f'duplicate key "{twice[:_SHOWN]}"')
    return fields


def _constant(name: str) -> Json:
    raise ValueError(f"{name} is not a number of JSON")


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:_SHOWN]} is not a finite number")
    return number


STRICT_JSON = json.JSONDecoder(object_pairs_hook=unique_fields, parse_constant=_constant, parse_float=_number)
"""Its ValueErrors say what is wrong; like any decoder's, it raises RecursionError for what is nested too deeply."""
