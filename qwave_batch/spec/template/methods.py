"""The methods of strings, lists and mappings in templates: those that change nothing and give small results."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from qwave_batch.spec.template.cost_estimates import backward, forward
from qwave_batch.spec.template.formatting import format_fields
from qwave_batch.spec.template.render_budget import ITEM, MAX_CHARACTERS, RenderBudget, check_length, check_width
from qwave_batch.spec.values.text_cells import TextCell, TextRow, field_of
from qwave_batch.spec.values.value_errors import MisusedValue

Cost: TypeAlias = Callable[[RenderBudget, Any, tuple[Any, ...]], None]
"""Charges the budget for a method's work, by its value and its arguments."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value; the sandbox calls it with the rendering's budget."""

    value: Any
    function: Callable[..., Any]
    cell: TextCell | None = None
    """The cell that the value comes from."""

    def run(self, budget: RenderBudget, *args: Any, **kwargs: Any) -> Any:
        """Return the method's result, charged to the budget."""
        for given in (*args, *kwargs.values()):
            budget.weigh(given)
        result = self.function(budget, self.value, *args, **kwargs)
        budget.charge(result)
        return result if self.cell is None else self.cell.like(result)

    def __call__(self) -> Any:
        """Raise: only the sandbox calls methods; this makes messages call them functions."""
        raise TypeError("a method of a value can only be called in a template")


def method_of(value: Any, name: str) -> Method | None:
    """Return the method ``name`` of a value, or None if templates have no such method."""
    cell = value if type(value) is TextCell else None
    if isinstance(value, str):
        function, value = _OF_TEXT.get(name), str(value)
    elif isinstance(value, Mapping):
        function = _OF_MAPPING.get(name)
    elif isinstance(value, list | tuple):
        function = _OF_LIST.get(name)
    else:
        return None
    return Method(value, function, cell) if function else None


def joined(budget: RenderBudget, text: str, items: Iterable[object]) -> str:
    """Return the items as text with ``text`` between them."""
    parts: list[str] = []
    size = 0
    for item in items:
        budget.step()
        try:
            part = budget.text(item)
        except MisusedValue as misused:
            misused.whole = items
            raise
        size += len(part) + len(text)
        if size - len(text) > MAX_CHARACTERS:
            check_length(size - len(text))
        parts.append(part)
    return text.join(parts)


def replaced(budget: RenderBudget, text: str, old: str, new: str, count: int | None = None) -> str:
    """Return the text with ``old`` replaced, at most ``count`` times."""
    budget.scan(2 * forward(len(text), len(old)))
    times = text.count(old) if count is None or count < 0 else min(count, text.count(old))
    check_length(len(text) + times * len(new))
    return text.replace(old, new, -1 if count is None else count)


def _plain(name: str, cost: Cost) -> Callable[..., Any]:
    """Return Python's own method, charged before it runs."""

    def run(budget: RenderBudget, value: Any, *args: Any, **kwargs: Any) -> Any:
        cost(budget, value, (*args, *kwargs.values()))
        return getattr(value, name)(*args, **kwargs)

    return run


def _scans(budget: RenderBudget, text: str, _: tuple[Any, ...]) -> None:
    budget.scan(len(text))


def _changes_case(budget: RenderBudget, text: str, _: tuple[Any, ...]) -> None:
    budget.scan(len(text) * (1 if text.isascii() else 30))  # one letter may become three, each looked up


def _looks_forward(budget: RenderBudget, text: str, args: tuple[Any, ...]) -> None:
    budget.scan(forward(len(text), _longest(args)))


def _looks_backward(budget: RenderBudget, text: str, args: tuple[Any, ...]) -> None:
    budget.scan(backward(len(text), min(_longest(args), len(text))))


def _strips(budget: RenderBudget, text: str, args: tuple[Any, ...]) -> None:
    budget.scan(backward(len(text), _longest(args)))


def _cuts(budget: RenderBudget, text: str, args: tuple[Any, ...]) -> None:
    """Charge for splitting a string; the list of a very long one may take more memory than is allowed."""
    if len(text) > MAX_CHARACTERS:
        budget.make(len(text) * ITEM)
    _looks_forward(budget, text, args)


def _cuts_backward(budget: RenderBudget, text: str, args: tuple[Any, ...]) -> None:
    _cuts(budget, text, ())
    _looks_backward(budget, text, args)


def _longest(args: tuple[Any, ...]) -> int:
    return max((len(given) for given in args if isinstance(given, str)), default=1)


def _get(budget: RenderBudget, value: Mapping[Any, Any], key: Any, default: Any = None) -> Any:
    budget.step()
    return field_of(value, key) if key in value else default


def _items(budget: RenderBudget, value: Mapping[Any, Any]) -> Any:
    budget.step()
    return dict(value.marked()).items() if isinstance(value, TextRow) else value.items()


def _values(budget: RenderBudget, value: Mapping[Any, Any]) -> Any:
    budget.step()
    return dict(value.marked()).values() if isinstance(value, TextRow) else value.values()


def _looks_up(budget: RenderBudget, _value: Any, _args: tuple[Any, ...]) -> None:
    budget.step()


def _compares(budget: RenderBudget, value: Any, args: tuple[Any, ...]) -> None:
    if not all(isinstance(given, str | int | None) for given in args):
        budget.weigh(value)
    budget.work(len(value))


def _padded(name: str, budget: RenderBudget, text: str, width: int, *fill: str) -> str:
    check_width(width)
    budget.scan(len(text))
    padded: str = getattr(text, name)(width, *fill)
    return padded


_COSTS: Mapping[Cost, str] = {
    _scans: "endswith isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace istitle isupper removeprefix "
    "removesuffix startswith",
    _changes_case: "capitalize casefold lower swapcase title upper",
    _looks_forward: "count find index partition",
    _looks_backward: "rfind rindex rpartition",
    _strips: "lstrip rstrip strip",
    _cuts: "split splitlines",
    _cuts_backward: "rsplit",
}

_OF_TEXT: Mapping[str, Callable[..., Any]] = {
    **{name: _plain(name, cost) for cost, names in _COSTS.items() for name in names.split()},
    **{name: partial(_padded, name) for name in ("center", "ljust", "rjust", "zfill")},
    "join": joined,
    "replace": replaced,
    "format": format_fields,
}
_OF_MAPPING: Mapping[str, Callable[..., Any]] = {
    "get": _get,
    "items": _items,
    "keys": _plain("keys", _looks_up),
    "values": _values,
}
_OF_LIST = {name: _plain(name, _compares) for name in ("count", "index")}
