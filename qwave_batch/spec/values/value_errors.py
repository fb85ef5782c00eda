"""Values that stand where nobody can mean them: what is wrong, and the ways out, in words.

Whoever meets such a value knows what it is, and not what the template calls it: the name is found when it is told.
"""

from collections.abc import Mapping
from typing import Any

from qwave_batch.spec.values.value_messages import SHOWN_IN_SENTENCE, cut, expression_of, kind_of, names_listed, quoted

_FEW = 6  # keys of a mapping
_A_VALUE = "a value"


class MisusedValue(Exception):
    """A value that can't be meant where it stands."""

    def __init__(self, value: object) -> None:
        super().__init__("a value stands where it can't be meant")
        self.value = value
        self.whole: object = None
        """What the value is an item of, where it is joined."""

    def message(self, name: str | None) -> str:
        """Return what is wrong; ``name`` is what the template calls the value."""
        raise NotImplementedError

    def suggestion(self, name: str | None) -> str:
        """Return what to write instead."""
        raise NotImplementedError


class NullInText(MisusedValue):
    """Null where a text is made."""

    def __init__(self, *, through_default: bool = False) -> None:
        super().__init__(None)
        self.through_default = through_default
        """Whether it came through a ``default`` that takes the place of missing names only."""

    def message(self, name: str | None) -> str:
        """Return that it is null."""
        return f"{name or _A_VALUE} is null and is written into a text"

    def suggestion(self, name: str | None) -> str:
        """Return how to write something else, or nothing."""
        if self.through_default:
            return "default('x') lets null through: write default('x', true)"
        if not _is_way(name) or self.whole is not None:
            return "give another value with | default('x', true), or leave it out, of a list with | select | list"
        return f"give another value with | default('x', true), or leave the part out with {{% if {name} %}}"


class MappingInText(MisusedValue):
    """A mapping where a text is made."""

    value: Mapping[Any, Any]

    def message(self, name: str | None) -> str:
        """Return that it is a mapping."""
        keys = names_listed([str(key) for key in self.value], _FEW)
        return f"{name or _A_VALUE} is a mapping (of {keys}) and is written into a text"

    def suggestion(self, name: str | None) -> str:
        """Return how to write a part of it, or all as JSON."""
        keys = [key for key in self.value if isinstance(key, str)]
        field = next((key for key in keys if key != "id"), keys[0] if keys else None)
        example = f" ({expression_of(str(name), field)})" if _is_way(name) and field and self.whole is None else ""
        ways = f"write a field of it{example}, or | tojson where JSON is meant"
        if (
            len(self.value) == 1
            and field not in {None, "id"}
            and not str(name).startswith("row")
            and isinstance(self.value[field], str | int | float)
        ):
            text = cut(f"{field}: {self.value[field]}", SHOWN_IN_SENTENCE)
            return f'{ways}; where the text "{text}" is meant, put quotes around it'
        return ways


class ListInText(MisusedValue):
    """A list where a text is made."""

    def message(self, name: str | None) -> str:
        """Return that it is a list."""
        return f"{name or _A_VALUE} is a list and is written into a text"

    def suggestion(self, name: str | None) -> str:
        """Return how to write its items, or all as JSON."""
        if self.whole is not None or name is None:
            return "write its items with | join(', '), or | tojson where JSON is meant"
        example = f" ({name}[0])" if _is_way(name) else ""
        return f"write {name} | join(', '), one item of it{example}, or | tojson where JSON is meant"


class PromptInText(MisusedValue):
    """The entry's own record, ``prompt``, where a text or a value is made."""

    def __init__(self, value: Mapping[str, Any], row: Mapping[str, Any] | None) -> None:
        super().__init__(value)
        self.row = row

    def message(self, name: str | None) -> str:
        """Return what ``prompt`` is."""
        return f"{name or 'prompt'} is this entry itself (prompt.id, prompt.tags, prompt.meta), and no text"

    def suggestion(self, name: str | None) -> str:  # noqa: ARG002  # it is always called so
        """Return what was meant."""
        if self.row is None:
            return "write prompt.id, or give a variable of another name under vars"
        if "prompt" in self.row:
            return "the column is row.prompt"
        column = next(iter(self.row), None)
        return (
            f"write prompt.id, or a column of the table, such as {expression_of('row', column)}"
            if column
            else "write prompt.id"
        )


class NotANumber(MisusedValue):
    """What ``int`` or ``float`` can make no number of."""

    def __init__(self, value: object, filter_name: str) -> None:
        super().__init__(value)
        self.filter_name = filter_name

    def message(self, name: str | None) -> str:
        """Return what it is instead."""
        called = name or _A_VALUE
        number = "whole number" if self.filter_name == "int" else "number"
        if isinstance(self.value, str):
            is_empty = not self.value.strip()
            return (
                f"{called} is empty, which is no {number}"
                if is_empty
                else (f"{called} is the text {quoted(self.value)}, which is no {number}")
            )
        return f"{called} is {kind_of(self.value)}, which is no {number}"

    def suggestion(self, name: str | None) -> str:
        """Return how to take another value."""
        zero = "0" if self.filter_name == "int" else "0.0"
        before = f"{name} " if name else ""
        others = f"| {self.filter_name}(none) for no value"
        others += "" if name else f", in map map('{self.filter_name}', {zero})"
        return f"say which value to take instead: {before}| {self.filter_name}({zero}) for {zero}, {others}"


class TextCompared(MisusedValue):
    """A cell that is a text, compared with a number."""

    def __init__(self, cell: str, other: float, sign: str) -> None:
        super().__init__(cell)
        self.other, self.sign = other, sign

    def message(self, name: str | None) -> str:
        """Return that it is a text."""
        what = "true or false" if isinstance(self.other, bool) else "a number"
        is_what = f"the text {quoted(str(self.value))}" if str(self.value) else "empty, a text of no letters"
        return f"{name or _A_VALUE} is {is_what} (cells of .csv, .tsv and .txt are texts) and is compared with {what}"

    def suggestion(self, name: str | None) -> str:
        """Return how to compare it."""
        called = name or "it"
        if isinstance(self.other, bool):
            return f"compare it with a text: {called} | lower == '{str(self.other).lower()}'"
        number = "int" if isinstance(self.other, int) else "float"
        as_number = f"{called} | {number}" if _is_number(str(self.value)) else f"{called} | {number}(0)"
        return f"write '{self.other}', or {as_number}" if self.sign in {"==", "!=", "in"} else f"write {as_number}"


class TextInCalculation(MisusedValue):
    """A cell that is a text, in a calculation with a number."""

    def __init__(self, cell: str, sign: str) -> None:
        super().__init__(cell)
        self.sign = sign

    def message(self, name: str | None) -> str:
        """Return that it is a text."""
        is_what = f"the text {quoted(str(self.value))}" if str(self.value) else "empty, a text of no letters"
        said = f"{name or _A_VALUE} is {is_what} (cells of .csv, .tsv and .txt are texts)"
        return f"{said} and stands beside {self.sign} with a number"

    def suggestion(self, name: str | None) -> str:
        """Return how to calculate with it."""
        number = f"{name or 'it'} | int" if _is_number(str(self.value)) else f"{name or 'it'} | int(0)"
        return f"write ({number}) to calculate; to join texts, use ~" if self.sign == "+" else f"write ({number})"


class EmptyCellKept(MisusedValue):
    """An empty cell that ``default`` lets pass, since a text of no letters is there."""

    def __init__(self, cell: str, instead: object) -> None:
        super().__init__(cell)
        self.instead = instead

    def message(self, name: str | None) -> str:
        """Return that it is there, and empty."""
        is_what = "holds nothing but blanks" if str(self.value) else "is empty"
        return (
            f"{name or _A_VALUE} {is_what}, and {self._written()} lets it pass: it takes the place of what is missing"
        )

    def suggestion(self, name: str | None) -> str:
        """Return how to have it replaced, or kept."""
        trimmed = "trim | " if str(self.value) else ""
        return f"write {name or 'it'} | {trimmed}{self._written('true')}, or {self._written('false')} to keep it empty"

    def _written(self, flag: str | None = None) -> str:
        instead = self.instead
        match instead:
            case str():
                shown = f"'{cut(str(instead), SHOWN_IN_SENTENCE)}'"
            case bool():
                shown = str(instead).lower()
            case int() | float():
                shown = str(instead)
            case _:
                shown = "..."
        return f"default({shown}, {flag})" if flag else f"default({shown})"


class FalseAsCondition(MisusedValue):
    """A cell that reads false, asked whether it is true."""

    def __init__(self, cell: str, *, is_as_written: bool) -> None:
        super().__init__(cell)
        self.is_as_written = is_as_written
        """Whether the table holds this very text, and not one that it was made of."""

    def message(self, name: str | None) -> str:
        """Return that it counts as true."""
        return f"{name or _A_VALUE} is the text {quoted(str(self.value))}, which counts as true"

    def suggestion(self, name: str | None) -> str:
        """Return how to ask."""
        called, text = name or "it", str(self.value)
        if not self.is_as_written or text != text.strip():
            return f"write {called} | trim | lower == 'false'"
        return f"write {called} == '{text}' (or {called} | lower == 'false')"


def _is_way(name: str | None) -> bool:
    """Whether a name can be written into a template as it stands, with a field behind it."""
    return name is not None and not any(sign in name for sign in ("(...)", " "))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
