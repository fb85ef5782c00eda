"""The cells of a prompt by our own names, and texts made of them."""

import json
from collections.abc import Mapping
from typing import Any

from qwave_batch.bench.prompt_rows import PromptRow
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_messages import cut_for_message, type_name


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
            CellFault: A cell in it is not a text or a number.
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
        return value


def resolve_cells(row: PromptRow, columns: Mapping[str, tuple[str, ...]]) -> PromptCells:
    """Return the cells of a row by our names; columns that the row does not have are left out."""
    cells = PromptCells()
    for name, candidates in columns.items():
        official = next((candidate for candidate in candidates if candidate in row.cells), None)
        if official is not None:
            cells[name] = row.cells[official]
    return cells


def check_prompt(prompt: Json, *, names_file: bool) -> str:
    """Return the prompt of a row.

    Args:
        prompt: The cell.
        names_file: Whether its scorer reads it from the name of the image's file, up to the first ``_``.

    Raises:
        CellFault: It is not a text, or is empty, or cannot name a file.
    """
    if not isinstance(prompt, str):
        raise CellFault(f"the prompt is {type_name(prompt)}, and must be a string")
    if not prompt.strip():
        raise CellFault("the prompt is empty")
    if "\0" in prompt:
        raise CellFault("the prompt has a NUL character")
    if names_file:
        sign = next((sign for sign in prompt if sign in "_/\0\n"), None)
        if sign is not None:
            shown = cut_for_message(prompt)
            raise CellFault(
                f"the prompt has a {json.dumps(sign)}, but the scorer reads it from the name of a file: {shown}"
            )
        if len(prompt.encode()) > _LONGEST_NAME:
            raise CellFault(f"the prompt has more than {_LONGEST_NAME} bytes, and the scorer wants a file of that name")
    return prompt


_LONGEST_NAME = 255 - len("_000000.png")
