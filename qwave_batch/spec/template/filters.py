"""The filters of templates: Jinja's, without those that vary or make HTML, and ``slug`` and ``sha256``."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Context

from qwave_batch.spec.template import operators
from qwave_batch.spec.template.number_filters import to_float, to_int
from qwave_batch.spec.template.render_budget import ITEM, RenderBudget, TemplateLimitExceeded, check_width
from qwave_batch.spec.template.text_filters import JOIN, JOIN_TEXTS, TEXT_FILTERS
from qwave_batch.spec.values.text_cells import TextCell, TextRow
from qwave_batch.spec.values.value_errors import EmptyCellKept

__all__ = ["CHARGED", "COMPARED", "EACH", "FILTERS", "FILTER_NAMES", "JOIN_TEXTS", "KEY", "SLICED", "TRACED"]

# internal filters: a template cannot spell a filter name with a space
EACH = "each item"
CHARGED = "charged text"
COMPARED = "compared with"
KEY = "looked up by"
SLICED = "sliced from"
TRACED = "traced as"

_MOST_FIELDS = 64  # in one attribute argument ("a.b,c.d" has four); each is looked up for every item

Cost = Callable[[RenderBudget, Any, tuple[Any, ...], Mapping[str, Any]], Any]
"""Charges the budget for a filter's work before it runs; returns the filter's input."""


def _goes_through(budget: RenderBudget, value: Any, _args: tuple[Any, ...], _named: Mapping[str, Any]) -> Any:
    budget.take(value)
    return value


def _copies(budget: RenderBudget, value: Any, _args: tuple[Any, ...], _named: Mapping[str, Any]) -> Any:
    budget.take(value)
    if isinstance(value, str | list | tuple | Mapping | range):
        budget.make(len(value) * ITEM)
    return value


def _reverses(budget: RenderBudget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    return _goes_through(budget, value, args, named) if isinstance(value, str) else _copies(budget, value, args, named)


def _compares(budget: RenderBudget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Charge for sorting, which compares every item about log2(n) times."""
    items = value if isinstance(value, Mapping) else budget.listed(value)
    keys = named.get("attribute")
    rounds = len(items).bit_length() * (1 + (keys.count(",") if isinstance(keys, str) else 0))
    budget.weigh(items, times=max(rounds, 1))
    budget.make(len(items) * ITEM)
    for given in (*args, *named.values()):  # a default may replace the field of every item
        characters, _ = budget.weigh(given, times=max(rounds * len(items), 1))
        budget.make(characters * len(items))
    return items


def _measures_only(budget: RenderBudget, value: Any, _args: tuple[Any, ...], _named: Mapping[str, Any]) -> Any:
    budget.step()
    return value


def _sizes(budget: RenderBudget, value: Any, _args: tuple[Any, ...], _named: Mapping[str, Any]) -> Any:
    if type(value) is TextCell and len(value) == 0:
        value.note_empty_check()
    budget.step()
    return value


def _stands_in(budget: RenderBudget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Charge for ``default``, which replaces an empty cell only if its second argument is true."""
    if type(value) is TextCell and len(args) <= 1 and "boolean" not in named and not str(value).strip():
        instead = args[0] if args else named.get("default_value", "")
        is_number = isinstance(instead, int | float) and instead is not False
        if is_number or (isinstance(instead, str | list | tuple | Mapping) and len(instead)):
            raise EmptyCellKept(value, instead)
    budget.step()
    return value


def _makes_parts(budget: RenderBudget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    """Charge for ``batch`` and ``slice``, whose first argument is a number of items."""
    given = (*args, *named.values())
    check_width(given[0] if given else None)
    return _copies(budget, value, args, named)


def _rounds(budget: RenderBudget, value: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    precision = args[0] if args else named.get("precision")
    check_width(precision)
    budget.step(10)
    return _measures_only(budget, value, args, named)


_FROM_JINJA: Mapping[Cost, str] = {
    _goes_through: "abs filesizeformat items map reject rejectattr select selectattr",
    _measures_only: "first last",
    _sizes: "count length",
    _stands_in: "d default",
    _copies: "list",
    _reverses: "reverse",
    _makes_parts: "batch slice",
    _compares: "dictsort groupby max min sort unique",
    _rounds: "round",
}
_ATTRIBUTE: Mapping[str, int] = {
    "groupby": 0, "join": 1, "map": 99, "max": 1, "min": 1, "rejectattr": 0, "selectattr": 0, "sort": 2, "unique": 1,
}  # fmt: skip
"""Position of the argument that names fields of the items, by filter."""


def _bounded(name: str, function: Callable[..., Any], cost: Cost) -> Callable[..., Any]:
    """Return a Jinja filter that charges the rendering's budget for its work and its result."""
    wants: str | None = getattr(getattr(function, "jinja_pass_arg", None), "name", None)
    place = _ATTRIBUTE.get(name)

    @pass_context
    @functools.wraps(function)
    def bounded(context: Any, value: Any, *args: Any, **named: Any) -> Any:
        budget: RenderBudget = context.budget
        if type(value) is TextRow:
            value = dict(value.marked())
        if place is not None:
            _check_attribute(named.get("attribute", args[place] if len(args) > place else None))
        value = cost(budget, value, args, named)
        match wants:
            case None:
                result = function(value, *args, **named)
            case "context":
                result = function(context, value, *args, **named)
            case "eval_context":
                result = function(context.eval_ctx, value, *args, **named)
            case _:
                result = function(context.environment, value, *args, **named)
        return _counted(budget, result)

    return bounded


def _given_budget(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter of our own, which charges for its work itself, so that its result is charged too."""

    @pass_context
    @functools.wraps(function)
    def bounded(context: Any, value: Any, *args: Any, **named: Any) -> Any:
        result = _counted(context.budget, function(context.budget, value, *args, **named))
        return value.like(result) if type(value) is TextCell else result

    return bounded


def _counted(budget: RenderBudget, result: Any) -> Any:
    if isinstance(result, Iterator):
        return budget.counted(result)
    budget.charge(result)
    return result


def _check_attribute(attribute: Any) -> None:
    if isinstance(attribute, str) and attribute.count(".") + attribute.count(",") >= _MOST_FIELDS:
        raise TemplateLimitExceeded(f"it names more than {_MOST_FIELDS} fields of an item")


@pass_context
def _join(context: Context, items: Any, d: Any = "", attribute: str | int | None = None) -> str:
    if attribute is not None:
        items = FILTERS["map"](context, items, attribute=attribute)
    text: str = FILTERS[JOIN](context, items, d)
    return text


def _sum(budget: RenderBudget, items: Iterable[Any], attribute: str | None = None, start: Any = 0) -> Any:
    for item in items:
        start = operators.applied(budget, "+", start, item[attribute] if attribute is not None else item)
    return start


def _each(_: RenderBudget, items: Iterable[Any]) -> Iterator[Any]:
    yield from items  # loops go through this filter so that their items are counted


def _charged(_: RenderBudget, text: str) -> str:
    return text  # text of blocks goes through this filter so that it is counted


@pass_context
def _compared(context: Any, left: Any, sign: str, right: Any, *more: Any) -> bool:
    if more:
        return operators.compared(context.budget, left, sign, right, *more)
    return operators.holds(context.budget, left, sign, right)


@pass_context
def _traced(context: Any, value: Any, name: str, lets_null: bool) -> Any:  # noqa: FBT001  # a template calls it
    context.budget.named.append((name, lets_null, value))
    return value


@pass_context
def _key(context: Any, value: Any) -> Any:
    return operators.key(context.budget, value)


@pass_context
def _sliced(context: Any, value: Any, start: Any, stop: Any, step: Any) -> Any:
    return operators.sliced(context.budget, value, start, stop, step)


_COSTS = {name: cost for cost, names in _FROM_JINJA.items() for name in names.split()}

FILTERS: Mapping[str, Callable[..., Any]] = {
    **{name: _bounded(name, JINJA_FILTERS[name], cost) for name, cost in _COSTS.items()},
    **{name: _given_budget(function) for name, function in TEXT_FILTERS.items()},
    "join": _join,
    "sum": _given_budget(_sum),
    EACH: _given_budget(_each),
    CHARGED: _given_budget(_charged),
    COMPARED: _compared,
    KEY: _key,
    TRACED: _traced,
    "float": _given_budget(to_float),
    "int": _given_budget(to_int),
    SLICED: _sliced,
}
FILTER_NAMES = tuple(sorted(name for name in FILTERS if " " not in name))
