"""Formats text, ``"%03d" % 7`` and ``"{:>8}".format(name)``, after a check of the size of the result."""

import re
from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any

from qwave_batch.spec.template.render_budget import RenderBudget, TemplateLimitExceeded, check_length
from qwave_batch.spec.values.value_messages import quoted

_CONVERSION = re.compile(r"%(?:\((?P<name>[^)]*)\))?[#0\- +]*[0-9]*(?:\.[0-9]*)?[hlL]?(?P<kind>.)", re.DOTALL)
_OF_TEXT = frozenset("sra")
_NUMBER = re.compile(r"[0-9]+", re.ASCII)
_MOST_DIGITS = 9  # a longer width is too large in any case
_LARGEST = 10**_MOST_DIGITS
_ESCAPED = 10  # "\U0001f600": how much longer one character can become where it is quoted


def formatted(budget: RenderBudget, text: str, *values: object) -> str:
    """Return printf-style formatting: ``"%03d" % 7``."""
    if "*" in text:
        raise TemplateLimitExceeded("a width of * is not supported; write the number")
    fields = text.count("%")
    budget.step(fields)
    _check_size(budget, text, text, fields, values)
    made = text % _as_written(budget, text, values)
    check_length(len(made))
    budget.make(len(made))
    return made


def _as_written(budget: RenderBudget, text: str, values: tuple[object, ...]) -> object:
    """Return the values to format, as text wherever the conversion asks for text."""
    conversions = [found for found in _CONVERSION.finditer(text) if found["kind"] != "%"]
    if len(values) == 1 and isinstance(values[0], Mapping) and any(found["name"] is not None for found in conversions):
        fields = values[0]
        named = {found["name"]: found["kind"] for found in conversions if found["name"] in fields}
        return {name: _converted(budget, fields[name], kind) for name, kind in named.items()}
    kinds = [found["kind"] for found in conversions] + ["s"] * len(values)
    return tuple([_converted(budget, value, kind) for value, kind in zip(values, kinds, strict=False)])


def _converted(budget: RenderBudget, value: object, kind: str) -> object:
    if kind not in _OF_TEXT and type(value) in {int, float}:
        return value  # the conversion formats it
    as_text = budget.text(value)
    if kind in _OF_TEXT:
        return as_text
    if isinstance(value, str):
        raise TypeError(f"%{kind} needs a number, but {quoted(as_text)} is a string; add | int after it")
    return value


def format_fields(budget: RenderBudget, text: str, *values: object, **named: object) -> str:
    """Return the text with its ``{}`` fields replaced."""
    fields = text.count("{")
    budget.scan(len(text))
    budget.step(fields * 5)  # each of them is parsed, looked up and formatted by Python
    widths: list[str] = []
    for _, _, spec, _ in Formatter().parse(text):
        if spec and "{" in spec:
            raise TemplateLimitExceeded("a width cannot be a field itself; write the number")
        widths.append(spec or "")
    _check_size(budget, text, " ".join(widths), fields, (*values, *named.values()))
    made = _FieldFormatter(budget).vformat(text, values, named)
    check_length(len(made))
    return made


def texts_by_percent(text: str) -> frozenset[int | str]:
    """Return the positions or names of the values that ``"%s, %03d" % ...`` writes as text; it formats the others.

    Either way a number loses its spelling, but a formatted number has a spelling that the author chose.
    """
    conversions = [found for found in _CONVERSION.finditer(text) if found["kind"] != "%"]
    kinds = {
        number if found["name"] is None else found["name"]: found["kind"] for number, found in enumerate(conversions)
    }
    return frozenset(slot for slot, kind in kinds.items() if kind in _OF_TEXT)


def texts_by_fields(text: str) -> frozenset[int | str]:
    """Return the positions or names of the values that ``"{}, {:03d}".format(...)`` writes as text."""
    found = set[int | str]()
    number = 0
    try:
        for _, name, spec, conversion in Formatter().parse(text):
            if name is None:
                continue
            slot = number if not name else int(name) if name.isdecimal() else name
            number += not name
            if conversion or not spec:
                found.add(slot)
    except ValueError:
        return frozenset()  # rendering the template reports it
    return frozenset(found)


def _check_size(budget: RenderBudget, text: str, widths: str, fields: int, values: Iterable[object]) -> None:
    """Raise TemplateLimitExceeded if the text could grow too large, by an upper bound of its fields."""
    padding = sum(min(int(digits[:_MOST_DIGITS]), _LARGEST) for digits in _NUMBER.findall(widths))
    longest = 0
    for value in values:
        if isinstance(value, int | float):
            length = len(str(value)) if isinstance(value, float) else value.bit_length() // 3
        else:
            characters, items = budget.weigh(value)
            length = characters + 4 * items
            if not isinstance(value, str) or _may_quote(text):
                length *= _ESCAPED
        longest = max(longest, length)
    check_length(len(text) + padding + fields * longest)


def _may_quote(text: str) -> bool:
    return "!" in text or "r" in text or "a" in text


class _FieldFormatter(Formatter):
    """``str.format`` without access to items or attributes of values."""

    def __init__(self, budget: RenderBudget) -> None:
        self._budget = budget

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion is not None:
            value = self._budget.text(value)
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            value = self._budget.text(value)
        elif not format_spec:
            return self._budget.text(value)
        return super().format_field(value, format_spec)

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        if "." in field_name or "[" in field_name:
            raise TypeError(f'format supports plain fields only, found "{field_name}"')
        found: tuple[Any, str] = super().get_field(field_name, args, kwargs)
        return found
