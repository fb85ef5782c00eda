"""The environment that templates are rendered in: nothing varies, nothing escapes, nothing runs away."""

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jinja2 import StrictUndefined, TemplateRuntimeError
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from qwave_batch.spec import bounds
from qwave_batch.spec.filters import FILTERS
from qwave_batch.spec.methods import formatted, method_of
from qwave_batch.spec.words import kind_of, text_of


class NameMissing(TemplateRuntimeError):
    """A name or a field that is not there."""

    def __init__(self, name: object, owner: object, *, is_field: bool) -> None:
        self.name, self.owner, self.is_field = name, owner, is_field
        super().__init__(f'"{name}" is not defined')


class Missing(StrictUndefined):
    """Stands for a name that is not there; using it in any way but asking whether it is defined is an error."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        is_refused = exc is not None and issubclass(exc, SecurityError)
        super().__init__(hint, obj, name, exc if is_refused else NameMissing)
        if not is_refused:
            # Undefined raises what it is given, called with its own sentence: facts are kept instead
            self._undefined_exception = partial(_name_missing, name, obj)  # type: ignore[assignment]


def _name_missing(name: object, owner: object, _sentence: str) -> NameMissing:
    return NameMissing(name, owner, is_field=owner is not missing)


class BoundedContext(Context):
    """The names of one rendering, with what it may still do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = bounds.Budget()


class SpecEnvironment(ImmutableSandboxedEnvironment):
    """Jinja without what varies (random, clock, memory addresses) and without what can grow unseen."""

    context_class = BoundedContext
    concat = staticmethod(bounds.concat)
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(undefined=Missing, keep_trailing_newline=True, autoescape=False, finalize=_finalized)
        self.globals = {"range": _range, "dict": dict}
        self.filters = dict(FILTERS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a field of a mapping, else one of the few methods that texts, lists and mappings have."""
        if isinstance(obj, Undefined | LoopContext):
            return super().getattr(obj, attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, tuple) and attribute in getattr(obj, "_fields", ()):  # what groupby gives
            return getattr(obj, attribute)
        method = method_of(obj, attribute)
        return method if method is not None else self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item of a list, text or mapping."""
        try:
            return obj[argument]
        except (TypeError, LookupError):
            if isinstance(argument, str) and not isinstance(obj, Undefined):
                return self.getattr(obj, argument)
        return self.undefined(obj=obj, name=argument)

    def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method or a global, within the bounds."""
        if not callable(called):
            raise TypeError(f"{kind_of(called)} cannot be called")
        budget = _budget(context)
        budget.step()
        result = super().call(context, called, *args, **kwargs)
        budget.charge(result)
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator, within the bounds."""
        result = BINARY[operator](left, right)
        _budget(context).charge(result)
        return result


def _budget(context: Any) -> bounds.Budget:
    held: bounds.Budget = context.budget
    return held


def _finalized(value: Any) -> Any:
    return value if isinstance(value, Undefined) else text_of(value)


def _range(*arguments: int) -> range:
    numbers = range(*arguments)
    if numbers and (len(range(bounds.MAX_STEPS + 1)) <= _length(numbers)):
        raise bounds.TooMuch(f"it asks for a range of more than {bounds.MAX_STEPS:,} numbers")
    return numbers


def _length(numbers: range) -> int:
    return abs(numbers[-1] - numbers[0]) // abs(numbers.step) + 1  # len() itself gives up past 2^63


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        bounds.check_size(len(left) + len(right))
    if isinstance(left, str) != isinstance(right, str):
        raise TypeError(f"{kind_of(left)} and {kind_of(right)} cannot be added; to join texts, use ~")
    return left + right


def _multiply(left: Any, right: Any) -> Any:
    for many, times in ((left, right), (right, left)):
        if isinstance(many, str | list | tuple) and isinstance(times, int):
            bounds.check_size(len(many) * max(times, 0))
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    return left * right


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * max(right, 0))
    return left**right


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        return formatted(left, *(right if isinstance(right, tuple) else (right,)))
    return left % right


def _check_bits(bits: int) -> None:
    if bits > bounds.MAX_INTEGER_BITS:
        raise bounds.TooMuch("it counts to a number with more than a thousand digits")


BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": operator.sub,
    "*": _multiply,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": _remainder,
    "**": _power,
}
