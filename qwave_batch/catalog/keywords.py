"""The extension keywords of catalog schemas: checks beyond JSON Schema, each a function. See docs/catalog.md.

Every name starts with ``x-``, so that validators that do not know them ignore them.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any, TypeAlias

from qwave_batch.catalog.request_fields import count_at, entries_at
from qwave_batch.fitting.schema_checks import is_number

Keyword: TypeAlias = Callable[[Any, Any], str | None]
"""Maps the keyword's value and the instance to an error message, or None."""


def _sum(wanted: Any, instance: Any) -> str | None:
    """Check that a list of objects has an exact sum over one of their members."""
    if not isinstance(instance, list | tuple):
        return None
    shares = [item.get(wanted["of"]) for item in instance if isinstance(item, Mapping)]
    numbers = [share for share in shares if is_number(share)]
    if len(numbers) < len(instance):
        return None  # a missing or non-numeric value is reported by another check
    # a float counts as the shortest decimal that prints the same: 33.3 + 33.3 + 33.4 is 100
    total = sum((Fraction(str(number)) for number in numbers), start=Fraction(0))
    if total == wanted["is"]:
        return None
    return f"has {wanted['of']}s that add up to {_shown(total, wanted['is'])}, not exactly {wanted['is']}"


def _same_length(names: Any, instance: Any) -> str | None:
    """Check that two lists of an object have the same number of entries."""
    lists = [instance.get(name) for name in names] if isinstance(instance, Mapping) else []
    lengths = [len(value) for value in lists if isinstance(value, list | tuple)]
    if len(lengths) == len(names) and len(set(lengths)) > 1:
        return f"{' and '.join(names)} differ in length: {', '.join(map(str, lengths))}"
    return None


def _total(wanted: Any, instance: Any) -> str | None:
    """Check that lengths of lists and values of numbers add up to at most a maximum."""
    if not isinstance(instance, Mapping):
        return None
    total = sum(entries_at(instance, path) for path in wanted["lengths"])
    total += sum(count_at(instance, path, otherwise) for path, otherwise in wanted["numbers"].items())
    return f"{total} altogether is above the maximum {wanted['maximum']}" if total > wanted["maximum"] else None


def _product(wanted: Any, instance: Any) -> str | None:
    """Check that some numbers of an object multiply to at most a maximum."""
    numbers: list[Any] = [instance.get(name) for name in wanted["of"]] if isinstance(instance, Mapping) else []
    if not numbers or not all(map(is_number, numbers)):
        return None  # a missing or non-numeric value is reported by another check
    if prod(Fraction(number) for number in numbers) <= wanted["maximum"]:
        return None
    return f"{' x '.join(wanted['of'])} is above the maximum {wanted['maximum']}"


def _fits(keyword: Keyword, wanted: Any, instance: Any) -> bool:
    return keyword(wanted, instance) is None


KEYWORDS: Mapping[str, Keyword] = {
    "x-sum": _sum,
    "x-sameLength": _same_length,
    "x-total": _total,
    "x-product": _product,
}
"""The keywords that can reject a request."""

FITTING: Mapping[str, Callable[[Any, Any], bool]] = {
    name: partial(_fits, keyword) for name, keyword in KEYWORDS.items()
}
"""The same keywords as boolean checks."""

MESSAGE = "x-message"
"""The message for a value that the surrounding schema rejects, with ``{at}``, ``{value}`` and ``{model}`` filled in."""

RULE = "x-rule"
"""The request field at fault, and the message, when anything below the surrounding schema fails."""

SAME_SIZE = "x-sameSizeAs"
"""Of an image: the field whose first image has as many pixels; judged where both are at hand, and not by a schema."""

ANNOTATIONS = frozenset({MESSAGE, RULE, SAME_SIZE})
"""The keywords by which no schema rejects a request."""


def _shown(total: Fraction, wanted: float) -> str:
    text = f"{float(total):.15g}"
    return f"almost {text}" if text == str(wanted) else text
