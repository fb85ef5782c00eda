"""Tables: columns as wide as they need to be, one of them cut when the terminal is narrow."""

from collections.abc import Sequence
from dataclasses import dataclass

from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells, cut, pad

_GAP = "  "
_NARROWEST_COLUMN = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    right: bool = False
    """Whether it is set flush right, as numbers are."""


def draw_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], terminal: Terminal) -> list[str]:
    """Return the lines of a table that fits ``terminal``: the widest columns give way first."""
    shown = [[terminal.shown(cell) for cell in row] for row in rows]
    head = [column.title for column in columns]
    widths = [max(cells(row[number]) for row in (head, *shown)) for number in range(len(columns))]
    widths = _fitted(widths, terminal.width - len(_GAP) * (len(columns) - 1))
    ruler = [terminal.rule * width for width in widths]
    lines = [_line(head, widths, columns, terminal), _line(ruler, widths, columns, terminal)]
    lines += [_line(row, widths, columns, terminal) for row in shown]
    return [terminal.paint(lines[0], "bold"), terminal.paint(lines[1], "dim"), *lines[2:]]


def _fitted(widths: list[int], room: int) -> list[int]:
    fitted = list(widths)
    while sum(fitted) > room and max(fitted) > _NARROWEST_COLUMN:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[Column], terminal: Terminal) -> str:
    fields = (
        pad(cut(cell, width, mark=terminal.mark), width, right=column.right)
        for cell, width, column in zip(row, widths, columns, strict=True)
    )
    return _GAP.join(fields).rstrip()
