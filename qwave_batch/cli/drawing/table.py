"""Tables: columns as wide as they need to be, one of them cut when the terminal is narrow."""

from collections.abc import Sequence
from dataclasses import dataclass

from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells, cut_to_width, pad

_GAP = "  "
_NARROWEST_COLUMN = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    right: bool = False
    """Whether it is set flush right, as numbers are."""
    gives_way: bool = False
    """Whether its cells may be cut on a narrow terminal; where none may, all may."""


def draw_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], terminal: Terminal, *, foot: Sequence[str] = ()
) -> list[str]:
    """Return the lines of a table that fits ``terminal``; ``foot`` is a last row, set apart from the others."""
    shown = [[terminal.shown(cell) for cell in row] for row in (*rows, *([foot] if foot else []))]
    head = [terminal.shown(column.title) for column in columns]
    widths = table_widths(columns, rows, terminal, foot=foot)
    room = terminal.width - len(_GAP) * (len(columns) - 1)
    widths = _fitted(widths, room, [column.gives_way for column in columns])
    widths = _fitted(widths, room, [True] * len(columns))
    ruler = [terminal.rule * width for width in widths]
    lines = [_line(head, widths, columns, terminal), _line(ruler, widths, columns, terminal)]
    lines += [_line(row, widths, columns, terminal) for row in shown]
    drawn = [terminal.paint(lines[0], "bold"), terminal.paint(lines[1], "dim"), *lines[2:]]
    if foot:
        drawn[-1:] = [drawn[1], terminal.paint(drawn[-1], "bold")]
    return drawn


def table_widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], terminal: Terminal, *, foot: Sequence[str] = ()
) -> list[int]:
    """Return how wide each column of a table wants to be."""
    head = [terminal.shown(column.title) for column in columns]
    shown = [[terminal.shown(cell) for cell in row] for row in (*rows, *([foot] if foot else []))]
    return [max(cells(row[number]) for row in (head, *shown)) for number in range(len(columns))]


def fits(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], terminal: Terminal, *, foot: Sequence[str] = ()
) -> bool:
    """Whether a table fits ``terminal`` with nothing cut."""
    return sum(table_widths(columns, rows, terminal, foot=foot)) + len(_GAP) * (len(columns) - 1) <= terminal.width


def _fitted(widths: Sequence[int], room: int, gives_way: Sequence[bool]) -> list[int]:
    """Return widths that fit, as far as those that may give way can: the widest of them first."""
    fitted = list(widths)
    giving = [number for number, gives in enumerate(gives_way) if gives]
    while sum(fitted) > room and giving:
        widest = max(giving, key=lambda number: fitted[number])
        if fitted[widest] <= _NARROWEST_COLUMN:
            break
        fitted[widest] -= 1
    return fitted


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[Column], terminal: Terminal) -> str:
    fields = (
        pad(cut_to_width(cell, width, mark=terminal.mark), width, right=column.right)
        for cell, width, column in zip(row, widths, columns, strict=True)
    )
    return _GAP.join(fields).rstrip()
