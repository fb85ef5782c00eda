"""The Jinja environment of templates: sandboxed, bounded, and the same on every machine."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jinja2 import StrictUndefined, TemplateRuntimeError, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from qwave_batch.spec.template.filters import FILTERS
from qwave_batch.spec.template.jinja_tests import tests
from qwave_batch.spec.template.methods import Method, method_of
from qwave_batch.spec.template.operators import applied, mapping
from qwave_batch.spec.template.render_budget import MAX_STEPS, RenderBudget, TemplateLimitExceeded, concat
from qwave_batch.spec.template.syntax import WordLimit
from qwave_batch.spec.values.json_values import UnusableCell
from qwave_batch.spec.values.text_cells import field_of
from qwave_batch.spec.values.value_messages import type_name


class NameMissing(TemplateRuntimeError):
    """An undefined name or field."""

    def __init__(self, name: object, owner: object, *, is_field: bool) -> None:
        self.name, self.owner, self.is_field = name, owner, is_field
        super().__init__(f'"{name}" is not defined')


class UndefinedName(StrictUndefined):
    """Stands for an undefined name; any use but a test whether it is defined is an error."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        is_refused = exc is not None and issubclass(exc, SecurityError)
        super().__init__(hint, obj, name, exc if is_refused else NameMissing)
        if not is_refused:
            # Undefined calls its exception with its own message: pass the facts instead
            self._undefined_exception = partial(_name_missing, name, obj)  # type: ignore[assignment]


def _name_missing(name: object, owner: object, _sentence: str) -> NameMissing:
    return NameMissing(name, owner, is_field=owner is not missing)


class BoundedContext(Context):
    """The context of one rendering, with its budget."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = RenderBudget()


@pass_context
def _finalized(context: Any, value: Any) -> Any:
    return value if type(value) is str or isinstance(value, Undefined) else context.budget.text(value)


class SpecEnvironment(ImmutableSandboxedEnvironment):
    """Jinja without anything that varies (random, clock, memory addresses) or grows without a check.

    Nothing is evaluated while a template is compiled, since no budget covers that.
    """

    context_class = BoundedContext
    concat = staticmethod(concat)
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    as_part: Callable[[str], str] | None = None
    """A function for each string before it becomes part of the result; None to use it as it is."""

    def __init__(self, finalize: Callable[..., Any] = _finalized) -> None:
        super().__init__(
            undefined=UndefinedName,
            keep_trailing_newline=True,
            autoescape=False,
            optimized=False,
            finalize=finalize,
            extensions=[WordLimit],
        )
        self.globals = {"range": _range, "dict": dict}
        self.filters: Any = dict(FILTERS)
        self.tests = tests(self.filters)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a field of a mapping, else one of the methods that strings, lists and mappings have."""
        if isinstance(obj, Undefined | LoopContext):
            return super().getattr(obj, attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return _usable(field_of(obj, attribute), attribute)
        if isinstance(obj, tuple) and attribute in getattr(obj, "_fields", ()):  # the result of groupby
            return getattr(obj, attribute)
        method = method_of(obj, attribute)
        return method if method is not None else self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item of a list, string or mapping."""
        try:
            return _usable(field_of(obj, argument), argument)
        except (TypeError, LookupError):
            if isinstance(argument, str) and not isinstance(obj, Undefined):
                return self.getattr(obj, argument)
        return self.undefined(obj=obj, name=argument)

    def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method or a global, within the budget."""
        budget: RenderBudget = context.budget  # type: ignore[attr-defined]  # see context_class
        budget.step()
        if isinstance(called, Method):
            return _usable(called.run(budget, *args, **kwargs), next(iter(args), None))
        if called is dict:
            return mapping(budget, *args, **kwargs)
        if not callable(called):
            raise TypeError(f"{type_name(called)} cannot be called")
        for given in (*args, *kwargs.values()):
            budget.weigh(given)
        result = super().call(context, called, *args, **kwargs)
        budget.charge(result)
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator, within the budget."""
        return applied(context.budget, operator, left, right)  # type: ignore[attr-defined]  # see context_class


def _usable(value: Any, name: object) -> Any:
    """Return a value, or raise for a cell that JSON has no value for."""
    if type(value) is UnusableCell:
        value.fail(name)
    return value


def _range(*arguments: int) -> range:
    numbers = range(*arguments)
    if numbers and (len(range(MAX_STEPS + 1)) <= _length(numbers)):
        raise TemplateLimitExceeded(f"it asks for a range of more than {MAX_STEPS:,} numbers")
    return numbers


def _length(numbers: range) -> int:
    return abs(numbers[-1] - numbers[0]) // abs(numbers.step) + 1  # len() itself gives up past 2^63
