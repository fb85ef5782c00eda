"""The cells of a prompt by our own names, and texts made of them."""

import json
from collections.abc import Mapping
from typing import Any

from qwave_batch.bench.prompt_rows import PromptRow
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_messages import type_name


class CellFault(Exception):
    """A cell that is not what its place needs; ``str`` of it is the message."""


class PromptCells(dict[str, Any]):
    """Cells by our name. A text is made of them by a template such as ``{category}-{number:03}``.

    ``{dimensions/Style}`` is the value of the key ``Style`` in a cell that is the text of a JSON object.
    """

    def __missing__(self, name: str) -> Json:
        """Return a value out of a cell that holds JSON."""
        column, slash, key = name.partition("/")
        if not slash:
            raise KeyError(name)
        try:
            held = json.loads(self[column])
        except (TypeError, ValueError):
            raise CellFault(f"{column} is not the text of a JSON object") from None
        if not isinstance(held, dict) or key not in held:
            raise CellFault(f'{column} has no "{key}"')
        value: Json = held[key]
        return value

    def text(self, template: str) -> str:
        """Return the text that a template makes.

        Raises:
            CellFault: A cell in it is not a text or a number, or has a character that no spec takes.
        """
        return template.format_map(_Texts(self))


class _Texts(dict[str, Any]):
    """Only texts and numbers."""

    def __init__(self, cells: PromptCells) -> None:
        self._cells = cells
        super().__init__()

    def __missing__(self, name: str) -> str | int | float:
        value = self._cells[name]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise CellFault(f"{name} is {type_name(value)}, and must be a string or a number")
        if isinstance(value, str) and "\0" in value:
            raise CellFault(f"{name} has a NUL character")
        return value


def resolve_cells(row: PromptRow, columns: Mapping[str, tuple[str, ...]]) -> PromptCells:
    """Return the cells of a row by our names; columns that the row does not have are left out."""
    cells = PromptCells()
    for name, candidates in columns.items():
        official = next((candidate for candidate in candidates if candidate in row.cells), None)
        if official is not None:
            cells[name] = row.cells[official]
    return cells


def check_prompt(prompt: Json) -> str:
    """Return the prompt of a row.

    Raises:
        CellFault: It is not a text, or is empty.
    """
    if not isinstance(prompt, str):
        raise CellFault(f"the prompt is {type_name(prompt)}, and must be a string")
    if not prompt.strip():
        raise CellFault("the prompt is empty")
    if "\0" in prompt:
        raise CellFault("the prompt has a NUL character")
    return prompt
