"""The tests of templates (``is odd``, ``is none``, ...): Jinja's, with those that compare counted and bounded."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.tests import TESTS as JINJA_TESTS

from qwave_batch.spec.template.operators import holds
from qwave_batch.spec.values.text_cells import TextCell
from qwave_batch.spec.values.value_errors import TextCompared
from qwave_batch.spec.values.value_messages import type_name

_COMPARING: Mapping[str, str] = {
    "eq": "eq equalto ==",
    "ne": "ne !=",
    "gt": "gt greaterthan >",
    "gteq": "ge >=",
    "lt": "lt lessthan <",
    "lteq": "le <=",
    "in": "in",
}


def _comparing(sign: str) -> Callable[..., bool]:
    @pass_context
    def compares(context: Any, value: Any, other: Any) -> bool:
        return holds(context.budget, value, sign, other)

    return compares


def _rest(value: Any, by: Any) -> Any:
    # % formats strings, to any width
    for number in (value, by):
        if isinstance(number, str | list | tuple | Mapping):
            raise TypeError(f"{type_name(number)} cannot be divided")
    return value % by


def _is_same(value: Any, other: Any) -> bool:
    if isinstance(value, TextCell) and isinstance(other, bool):
        raise TextCompared(value, other, "is")
    if isinstance(value, TextCell) and isinstance(other, TextCell):
        return str(value) == str(other)  # each access to a cell makes a new object
    return value is other


def _is_none(value: Any) -> bool:
    if type(value) is TextCell and len(value) == 0:
        value.note_comparison(None)
    return value is None


def _is_true(value: Any) -> bool:
    return _is_same(value, other=True)


def _is_false(value: Any) -> bool:
    return _is_same(value, other=False)


def _is_odd(value: Any) -> bool:
    return bool(_rest(value, 2) == 1)


def _is_even(value: Any) -> bool:
    return bool(_rest(value, 2) == 0)


def _is_divisible_by(value: Any, num: Any) -> bool:
    return bool(_rest(value, num) == 0)


@pass_context
def _is_lower(context: Any, value: Any) -> bool:
    context.budget.take(value)
    return isinstance(value, str) and value.islower()


@pass_context
def _is_upper(context: Any, value: Any) -> bool:
    context.budget.take(value)
    return isinstance(value, str) and value.isupper()


def _named(names: Mapping[str, Any]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in names


def tests(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tests of an environment that has these filters."""
    held: dict[str, Any] = {
        **JINJA_TESTS,
        "odd": _is_odd,
        "even": _is_even,
        "divisibleby": _is_divisible_by,
        "true": _is_true,
        "false": _is_false,
        "none": _is_none,
        "sameas": _is_same,
        "lower": _is_lower,
        "upper": _is_upper,
        "filter": _named(filters),
        **{name: _comparing(sign) for sign, names in _COMPARING.items() for name in names.split()},
    }
    return {**held, "test": _named(held)}
