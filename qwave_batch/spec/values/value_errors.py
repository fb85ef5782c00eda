"""Errors about values that are used where they make no sense, with their messages and suggestions.

The code that raises such an error knows the value, but not its name in the template: the name is found later
(see ``template.tracing``) and passed to ``message`` and ``suggestion``.
"""

from collections.abc import Mapping
from typing import Any

from qwave_batch.spec.values.value_messages import (
    SHOWN_IN_SENTENCE,
    cut_for_message,
    expression_of,
    names_listed,
    quoted,
    type_name,
)

_FEW = 6  # keys of a mapping
_A_VALUE = "a value"


class MisusedValue(Exception):
    """A value that makes no sense where it is used."""

    def __init__(self, value: object) -> None:
        super().__init__("a value is used where it makes no sense")
        self.value = value
        self.whole: object = None
        """The list that the value is an item of, if it is joined."""

    def message(self, name: str | None) -> str:
        """Return what is wrong; ``name`` is the expression for the value in the template, if known."""
        raise NotImplementedError

    def suggestion(self, name: str | None) -> str:
        """Return what to write instead."""
        raise NotImplementedError


class NullInText(MisusedValue):
    """Null in text."""

    def __init__(self, *, through_default: bool = False) -> None:
        super().__init__(None)
        self.through_default = through_default
        """Whether it passed a ``default`` that replaces only undefined names."""

    def message(self, name: str | None) -> str:
        """Say that it is null."""
        return f"{name or _A_VALUE} is null, which cannot be written into text"

    def suggestion(self, name: str | None) -> str:
        """Return how to use another value, or nothing."""
        if self.through_default:
            return "default('x') lets null through: write default('x', true)"
        if not _is_expression(name) or self.whole is not None:
            return "use | default('x', true) for another value, or leave it out (in a list: | select | list)"
        return f"use | default('x', true) for another value, or leave the part out with {{% if {name} %}}"


class MappingInText(MisusedValue):
    """A mapping in text."""

    value: Mapping[Any, Any]

    def message(self, name: str | None) -> str:
        """Say that it is a mapping."""
        keys = names_listed([str(key) for key in self.value], _FEW)
        return f"{name or _A_VALUE} is a mapping (keys: {keys}), which cannot be written into text"

    def suggestion(self, name: str | None) -> str:
        """Return how to use one of its fields, or all as JSON."""
        keys = [key for key in self.value if isinstance(key, str)]
        field = next((key for key in keys if key != "id"), keys[0] if keys else None)
        example = (
            f" ({expression_of(str(name), field)})" if _is_expression(name) and field and self.whole is None else ""
        )
        ways = f"use one of its fields{example}, or | tojson for JSON"
        if (
            len(self.value) == 1
            and field not in {None, "id"}
            and not str(name).startswith("row")
            and isinstance(self.value[field], str | int | float)
        ):
            text = cut_for_message(f"{field}: {self.value[field]}", SHOWN_IN_SENTENCE)
            return f'{ways}; if you meant the string "{text}", put quotes around it'
        return ways


class ListInText(MisusedValue):
    """A list in text."""

    def message(self, name: str | None) -> str:
        """Say that it is a list."""
        return f"{name or _A_VALUE} is a list, which cannot be written into text"

    def suggestion(self, name: str | None) -> str:
        """Return how to use its items, or all as JSON."""
        if self.whole is not None or name is None:
            return "use | join(', ') for its items, or | tojson for JSON"
        example = f" ({name}[0])" if _is_expression(name) else ""
        return f"use {name} | join(', '), one item{example}, or | tojson for JSON"


class PromptInText(MisusedValue):
    """The record of the entry, ``prompt``, in text or as a value."""

    def __init__(self, value: Mapping[str, Any], row: Mapping[str, Any] | None) -> None:
        super().__init__(value)
        self.row = row

    def message(self, name: str | None) -> str:
        """Say what ``prompt`` is."""
        return f"{name or 'prompt'} is this entry itself (prompt.id, prompt.tags, prompt.meta), not a string"

    def suggestion(self, name: str | None) -> str:  # noqa: ARG002  # its name is always prompt
        """Return what was probably meant."""
        if self.row is None:
            return "use prompt.id, or define a variable with another name under vars"
        if "prompt" in self.row:
            return "use row.prompt for the column"
        column = next(iter(self.row), None)
        return (
            f"use prompt.id, or a column of the table, such as {expression_of('row', column)}"
            if column
            else "use prompt.id"
        )


class NotANumber(MisusedValue):
    """A value that ``int`` or ``float`` cannot convert."""

    def __init__(self, value: object, filter_name: str) -> None:
        super().__init__(value)
        self.filter_name = filter_name

    def message(self, name: str | None) -> str:
        """Say what it is instead."""
        called = name or _A_VALUE
        number = "whole number" if self.filter_name == "int" else "number"
        if isinstance(self.value, str):
            is_empty = not self.value.strip()
            return (
                f"{called} is empty, which is not a {number}"
                if is_empty
                else (f"{called} is the string {quoted(self.value)}, which is not a {number}")
            )
        return f"{called} is {type_name(self.value)}, which is not a {number}"

    def suggestion(self, name: str | None) -> str:
        """Return how to give a default."""
        zero = "0" if self.filter_name == "int" else "0.0"
        before = f"{name} " if name else ""
        others = f"| {self.filter_name}(none) for no value"
        others += "" if name else f", in map map('{self.filter_name}', {zero})"
        return f"say which value to use instead: {before}| {self.filter_name}({zero}) for {zero}, {others}"


class TextCompared(MisusedValue):
    """A cell, which is a string, compared with a number."""

    def __init__(self, cell: str, other: float, sign: str) -> None:
        super().__init__(cell)
        self.other, self.sign = other, sign

    def message(self, name: str | None) -> str:
        """Say that it is a string."""
        what = "true or false" if isinstance(self.other, bool) else "a number"
        is_what = f"the string {quoted(str(self.value))}" if str(self.value) else "the empty string"
        return f"{name or _A_VALUE} is {is_what} (cells of .csv, .tsv and .txt are strings) but is compared with {what}"

    def suggestion(self, name: str | None) -> str:
        """Return how to compare it."""
        called = name or "it"
        if isinstance(self.other, bool):
            return f"compare it with a string: {called} | lower == '{str(self.other).lower()}'"
        number = "int" if isinstance(self.other, int) else "float"
        as_number = f"{called} | {number}" if _is_number(str(self.value)) else f"{called} | {number}(0)"
        return f"write '{self.other}', or {as_number}" if self.sign in {"==", "!=", "in"} else f"write {as_number}"


class TextInCalculation(MisusedValue):
    """A cell, which is a string, in a calculation with a number."""

    def __init__(self, cell: str, sign: str) -> None:
        super().__init__(cell)
        self.sign = sign

    def message(self, name: str | None) -> str:
        """Say that it is a string."""
        is_what = f"the string {quoted(str(self.value))}" if str(self.value) else "the empty string"
        said = f"{name or _A_VALUE} is {is_what} (cells of .csv, .tsv and .txt are strings)"
        return f"{said} but is used with {self.sign} and a number"

    def suggestion(self, name: str | None) -> str:
        """Return how to calculate with it."""
        number = f"{name or 'it'} | int" if _is_number(str(self.value)) else f"{name or 'it'} | int(0)"
        return f"write ({number}) to calculate; to join strings, use ~" if self.sign == "+" else f"write ({number})"


class EmptyCellKept(MisusedValue):
    """An empty cell that ``default`` keeps, since it replaces only undefined names."""

    def __init__(self, cell: str, instead: object) -> None:
        super().__init__(cell)
        self.instead = instead

    def message(self, name: str | None) -> str:
        """Say that it is empty and kept."""
        is_what = "contains only whitespace" if str(self.value) else "is empty"
        return f"{name or _A_VALUE} {is_what}, and {self._written()} keeps it: default replaces only missing values"

    def suggestion(self, name: str | None) -> str:
        """Return how to replace it, or keep it on purpose."""
        trimmed = "trim | " if str(self.value) else ""
        return f"write {name or 'it'} | {trimmed}{self._written('true')}, or {self._written('false')} to keep it empty"

    def _written(self, flag: str | None = None) -> str:
        instead = self.instead
        match instead:
            case str():
                shown = f"'{cut_for_message(str(instead), SHOWN_IN_SENTENCE)}'"
            case bool():
                shown = str(instead).lower()
            case int() | float():
                shown = str(instead)
            case _:
                shown = "..."
        return f"default({shown}, {flag})" if flag else f"default({shown})"


class FalseAsCondition(MisusedValue):
    """A cell with the text "false", used as a condition."""

    def __init__(self, cell: str, *, is_as_written: bool) -> None:
        super().__init__(cell)
        self.is_as_written = is_as_written
        """Whether the table has exactly this text, so that the template did not change it."""

    def message(self, name: str | None) -> str:
        """Say that it counts as true."""
        return f"{name or _A_VALUE} is the string {quoted(str(self.value))}, which counts as true"

    def suggestion(self, name: str | None) -> str:
        """Return the right condition."""
        called, text = name or "it", str(self.value)
        if not self.is_as_written or text != text.strip():
            return f"write {called} | trim | lower == 'false'"
        return f"write {called} == '{text}' (or {called} | lower == 'false')"


def _is_expression(name: str | None) -> bool:
    """Whether a name is an expression that can be followed by a field."""
    return name is not None and not any(sign in name for sign in ("(...)", " "))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
