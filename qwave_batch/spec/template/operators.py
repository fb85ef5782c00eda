"""The operators of templates, each charged to the budget before it is applied."""

import operator
from collections.abc import Callable, ItemsView, KeysView, Mapping
from typing import Any

from jinja2.runtime import Undefined

from qwave_batch.spec.template.cost_estimates import forward, large_integers
from qwave_batch.spec.template.formatting import formatted
from qwave_batch.spec.template.render_budget import (
    ITEM,
    MAX_WIDTH,
    RenderBudget,
    TemplateLimitExceeded,
    check_bits,
    check_length,
)
from qwave_batch.spec.values.text_cells import TextCell
from qwave_batch.spec.values.value_errors import TextInCalculation
from qwave_batch.spec.values.value_messages import type_name

_PLAIN = frozenset({int, float, bool, type(None)})
_MEMBERSHIP = frozenset({"in", "notin"})
_MEMORY = 16  # characters that are compared or copied in the time of looking at one


def applied(budget: RenderBudget, sign: str, left: Any, right: Any) -> Any:
    """Return the result of a binary operator."""
    if type(left) is TextCell or type(right) is TextCell:
        _check_cell(sign, left, right)
    result = BINARY[sign](budget, left, right)
    budget.step()
    if isinstance(result, int):
        check_bits(result.bit_length())
    return result


def _check_cell(sign: str, left: Any, right: Any) -> None:
    """Raise if a cell, which is a string, is in a calculation with a number."""
    for cell, other in ((left, right), (right, left)):
        # * repeats a string, and % formats one
        is_text_meant = (sign == "*" and not getattr(cell, "is_number", False)) or (sign == "%" and "%" in str(left))
        if type(cell) is TextCell and isinstance(other, int | float) and not is_text_meant:
            raise TextInCalculation(cell, sign)


def compared(budget: RenderBudget, left: Any, *operands: Any) -> bool:
    """Return whether a comparison such as ``a < b < c`` holds; ``operands`` alternates between operators and values."""
    for sign, right in zip(operands[::2], operands[1::2], strict=True):
        if not holds(budget, left, sign, right):
            return False
        left = right
    return True


def holds(budget: RenderBudget, left: Any, sign: str, right: Any) -> bool:
    """Return whether one comparison holds."""
    if sign in _MEMBERSHIP:
        return contains(budget, right, left) == (sign == "in")
    if type(left) is str and type(right) is str:
        budget.step(1 + min(len(left), len(right)) // (_MEMORY * 1000))
    elif type(left) in _PLAIN or type(right) in _PLAIN:
        budget.step()
    else:
        budget.weigh(left)
        budget.weigh(right)
    return COMPARING[sign](left, right)


def contains(budget: RenderBudget, whole: Any, part: Any) -> bool:
    """Return whether ``part`` is in a string, list or mapping."""
    if isinstance(whole, str) and isinstance(part, str):
        budget.scan(forward(len(whole), len(part)))
    elif type(part) is str and isinstance(whole, Mapping):
        budget.step()
    elif (type(part) is str or type(part) in _PLAIN) and type(whole) is list:
        # only strings are compared by content, at most the length of the wanted one
        budget.work(len(whole) * (1 + (len(part) // 1000 if type(part) is str else 0)))
    else:
        budget.weigh(part)
        if not isinstance(whole, Mapping):
            budget.weigh(whole)
    return part in whole


def sliced(budget: RenderBudget, value: Any, start: Any, stop: Any, step: Any) -> Any:
    """Return a slice of a string or list, as ``value[start:stop:step]`` does."""
    part = slice(start, stop, step)
    budget.step()
    if isinstance(value, str | list | tuple):
        size = len(range(*part.indices(len(value))))
        budget.make(size if isinstance(value, str) else size * ITEM)
    elif isinstance(value, range):
        return value[part]
    elif not isinstance(value, Undefined):
        raise TypeError(f"{type_name(value)} cannot be sliced")
    return value[part]


def key(budget: RenderBudget, value: Any) -> Any:
    """Return a key or index after charging for it; comparing a nested list takes time."""
    if type(value) is not str and type(value) is not int:
        budget.weigh(value)
    return value


def mapping(budget: RenderBudget, *arguments: Any, **named: Any) -> dict[Any, Any]:
    """Return a mapping, as ``dict()`` does."""
    held = [argument if isinstance(argument, Mapping) else budget.listed(argument) for argument in arguments]
    for argument in held:
        budget.weigh(argument)
        pairs = [list(pair) if isinstance(pair, list | tuple) else pair for pair in argument]
        if large_integers(pairs) > MAX_WIDTH // 10:
            raise TemplateLimitExceeded("it makes a mapping of a thousand very large numbers")
    made = dict(*held, **named)
    budget.charge(made)
    return made


def _add(budget: RenderBudget, left: Any, right: Any) -> Any:
    if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        size = len(left) + len(right)
        check_length(size)
        budget.make(size if isinstance(left, str) else size * ITEM)
    if isinstance(left, str) != isinstance(right, str) and not _is_missing(left, right):
        raise TypeError(f"{type_name(left)} and {type_name(right)} cannot be added; to join strings, use ~")
    return left + right


def _subtract(_: RenderBudget, left: Any, right: Any) -> Any:
    if isinstance(left, KeysView | ItemsView) or isinstance(right, KeysView | ItemsView):
        raise TypeError(f"{type_name(right)} cannot be subtracted from {type_name(left)}")
    return left - right


def _multiply(budget: RenderBudget, left: Any, right: Any) -> Any:
    for many, times in ((left, right), (right, left)):
        if isinstance(many, str | list | tuple) and isinstance(times, int):
            size = len(many) * max(times, 0)
            check_length(size)
            budget.make(size if isinstance(many, str) else size * ITEM)
    if isinstance(left, int) and isinstance(right, int):
        check_bits(left.bit_length() + right.bit_length())
    return left * right


def _power(_: RenderBudget, left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        check_bits(left.bit_length() * max(right, 0))
    return left**right


def _remainder(budget: RenderBudget, left: Any, right: Any) -> Any:
    if isinstance(left, str):
        return formatted(budget, left, *(right if isinstance(right, tuple) else (right,)))
    return left % right


def _is_missing(*values: Any) -> bool:
    return any(isinstance(value, Undefined) for value in values)


def _of_numbers(function: Callable[[Any, Any], Any]) -> Callable[[RenderBudget, Any, Any], Any]:
    return lambda _, left, right: function(left, right)


BINARY: Mapping[str, Callable[[RenderBudget, Any, Any], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _of_numbers(operator.truediv),
    "//": _of_numbers(operator.floordiv),
    "%": _remainder,
    "**": _power,
}

COMPARING: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
}
