"""The extension keywords of catalog schemas: what JSON Schema can't say, each a function. See docs/catalog.md.

Every name starts with ``x-``, so that a validator that does not know them passes over them.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

from qwave_batch.catalog.request_fields import count_at, entries_at

Keyword: TypeAlias = Callable[[Any, Any], str | None]
"""The keyword's value and the instance to what is wrong, or None."""


def _sum(wanted: Any, instance: Any) -> str | None:
    """Hold a list of objects to an exact sum over one of their members."""
    if not isinstance(instance, list | tuple):
        return None
    shares = [item.get(wanted["of"]) for item in instance if isinstance(item, Mapping)]
    numbers = [share for share in shares if _is_number(share)]
    if len(numbers) < len(instance):
        return None  # what is missing or no number is complained of by itself
    # a float counts as the shortest decimal that prints the same: 33.3 + 33.3 + 33.4 is 100
    total = sum((Fraction(str(number)) for number in numbers), start=Fraction(0))
    if total == wanted["is"]:
        return None
    return f"has {wanted['of']}s that add up to {_shown(total, wanted['is'])}, not exactly {wanted['is']}"


def _same_length(names: Any, instance: Any) -> str | None:
    """Hold two lists of an object to the same number of entries."""
    lists = [instance.get(name) for name in names] if isinstance(instance, Mapping) else []
    lengths = [len(value) for value in lists if isinstance(value, list | tuple)]
    if len(lengths) == len(names) and len(set(lengths)) > 1:
        return f"{' and '.join(names)} differ in length: {', '.join(map(str, lengths))}"
    return None


def _total(wanted: Any, instance: Any) -> str | None:
    """Hold lengths of lists and values of numbers, added up, to a maximum."""
    if not isinstance(instance, Mapping):
        return None
    total = sum(entries_at(instance, path) for path in wanted["lengths"])
    total += sum(count_at(instance, path, otherwise) for path, otherwise in wanted["numbers"].items())
    return f"{total} altogether is above the maximum {wanted['maximum']}" if total > wanted["maximum"] else None


def _fits(keyword: Keyword, wanted: Any, instance: Any) -> bool:
    return keyword(wanted, instance) is None


KEYWORDS: Mapping[str, Keyword] = {
    "x-sum": _sum,
    "x-sameLength": _same_length,
    "x-total": _total,
}
"""The keywords that can refuse a request."""

FITTING: Mapping[str, Callable[[Any, Any], bool]] = {
    name: partial(_fits, keyword) for name, keyword in KEYWORDS.items()
}
"""The same keywords as a verdict."""

MESSAGE = "x-message"
"""How to word a value that the schema around it refuses; ``{at}``, ``{value}`` and ``{model}`` are filled in."""

RULE = "x-rule"
"""The request field at fault, and the sentence, when anything below the schema around it fails."""

ANNOTATIONS = frozenset({MESSAGE, RULE})
"""The keywords that only say how a refusal is worded."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(total: Fraction, wanted: float) -> str:
    text = f"{float(total):.15g}"
    return f"almost {text}" if text == str(wanted) else text
