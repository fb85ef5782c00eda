"""The filters ``int`` and ``float``: without a default, a value that is not a number is an error instead of 0."""

import math
from typing import Any

from jinja2 import Undefined
from jinja2.filters import do_float, do_int

from qwave_batch.spec.template.render_budget import RenderBudget
from qwave_batch.spec.values.text_cells import TextCell
from qwave_batch.spec.values.value_errors import NotANumber
from qwave_batch.spec.values.value_warnings import loses_its_fraction


def to_int(budget: RenderBudget, value: Any, *default: Any, **named: Any) -> Any:
    """Return an integer; with a default, the default for a value that is not a number, as in Jinja.

    Raises:
        NotANumber: The value is not a number, and there is no default.
    """
    budget.take(value)
    if default or "default" in named:
        try:
            return do_int(value, *default, **named)
        except OverflowError:  # infinity
            return default[0] if default else named["default"]
    return _whole(_defined(value), **named)


def to_float(budget: RenderBudget, value: Any, *default: Any, **named: Any) -> Any:
    """Return a float; with a default, the default for a value that is not a number, as in Jinja.

    Raises:
        NotANumber: The value is not a number, and there is no default.
    """
    budget.take(value)
    if default or "default" in named:
        return do_float(value, *default, **named)
    return _finite(_defined(value), "float")


def _whole(value: Any, base: int = 10) -> int:
    if isinstance(value, str):
        try:
            return int(value, base)
        except ValueError:
            pass
    number = _finite(value, "int") if not isinstance(value, int) else value
    whole = int(number)
    if whole != number and isinstance(value, TextCell):
        value.row.warn(loses_its_fraction(value.expression, str(value), whole))
    return whole


def _finite(value: Any, filter_name: str) -> float:
    if not isinstance(value, str | int | float):
        raise NotANumber(value, filter_name)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise NotANumber(value, filter_name) from None
    if not math.isfinite(number):
        raise NotANumber(value, filter_name)
    return number


def _defined(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # raises: it stands for a name that is missing
    return value
