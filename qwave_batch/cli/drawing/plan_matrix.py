"""Which model takes, drops or refuses which value of which axis: a grid that is as wide as the terminal."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Colour, Terminal
from qwave_batch.cli.drawing.text import cells, cut_to_width, pad, wrap

if TYPE_CHECKING:
    from qwave_batch.plans import Support, SupportMatrix

_GAP, _BETWEEN_AXES = 2, 3
_WIDEST_LABEL = 16
_NARROWEST_MODEL = 12


@dataclass(frozen=True, slots=True)
class _MatrixColumn:
    axis: int
    text: str
    label: str
    width: int


def marks(*, has_unicode: bool) -> Mapping["Support", str]:
    """Return the sign for each thing that a model can do with a value."""
    support = qb.plans.Support
    if has_unicode:
        return {
            support.TAKES: "✓",
            support.DROPS: "~",
            support.REFUSES: "✗",
            support.SOMETIMES: "✓✗",
            support.ABSENT: "",
        }
    return {
        support.TAKES: "yes",
        support.DROPS: "~",
        support.REFUSES: "no",
        support.SOMETIMES: "some",
        support.ABSENT: "",
    }


def legend(*, has_unicode: bool) -> list[str]:
    """Return what the signs mean."""
    signs = marks(has_unicode=has_unicode)
    support = qb.plans.Support
    return [
        f"{signs[support.TAKES]} takes it",
        f"{signs[support.DROPS]} takes no such field (unsupported: drop leaves it out)",
        f"{signs[support.REFUSES]} refuses it",
        f"{signs[support.SOMETIMES]} depends on the other axes",
    ]


def draw_matrix(matrix: "SupportMatrix", terminal: Terminal) -> list[str]:
    """Return the grid, band under band where the terminal is too narrow for all of it."""
    if not matrix.axes:
        return ["no axis sets a request field, so every model is asked for the same"]
    names = [terminal.shown(name) for name in matrix.models]
    signs = marks(has_unicode=terminal.has_unicode)
    columns = list(_columns(matrix, terminal, max(map(cells, signs.values()))))
    widest = max(_NARROWEST_MODEL, terminal.width - max(column.width for column in columns) - _BETWEEN_AXES)
    room = min(max(map(cells, (*names, "model"))), widest)
    lines: list[str] = []
    for band in _bands(columns, terminal.width - room):
        labels = _joined([pad("model", room), *(pad(column.label, column.width) for column in band)], band)
        lines += [terminal.paint(line, "bold") for line in (_axis_line(band, matrix, room, terminal), labels)]
        lines.append(terminal.paint(terminal.rule * (room + _band_width(band)), "dim"))
        for name, shown in zip(matrix.models, names, strict=True):
            row = [pad(cut_to_width(shown, room, mark=terminal.mark), room)]
            supports = [matrix.axes[column.axis].support(name, column.text) for column in band]
            row += [_cell(each, column, signs, terminal) for each, column in zip(supports, band, strict=True)]
            lines.append(_joined(row, band))
        lines.append("")
    return lines + draw_legend(matrix, terminal)


def draw_legend(matrix: "SupportMatrix", terminal: Terminal) -> list[str]:
    """Return what the signs mean, and what no axis is to blame for."""
    lines = _packed(legend(has_unicode=terminal.has_unicode), terminal.width)
    for line in refused_elsewhere(matrix):
        lines += wrap(terminal.shown(line), terminal.width, hang="  ")
    return lines


def _packed(parts: Sequence[str], width: int) -> list[str]:
    """Return the parts on as few lines as they fit on, none of them broken if it can be helped."""
    lines: list[str] = []
    for part in parts:
        if lines and cells(lines[-1]) + _BETWEEN_AXES + cells(part) <= width:
            lines[-1] += " " * _BETWEEN_AXES + part
        else:
            lines += wrap(part, width)
    return lines


def refused_elsewhere(matrix: "SupportMatrix") -> list[str]:
    """Return the models that refuse something else than a value of an axis."""
    return [
        f"{name} refuses {count(each.elsewhere, 'entry', 'entries')} of {each.asked:,} for something that no axis sets"
        for name, each in matrix.models.items()
        if each.elsewhere
    ]


def value_labels(matrix: "SupportMatrix") -> Iterator[tuple[int, str, str]]:
    """Yield each value: the number of its axis, the text that finds it, and what to call it."""
    for number, axis in enumerate(matrix.axes):
        for text in axis.values:
            yield number, text, text if not axis.has_more else "all"


def _columns(matrix: "SupportMatrix", terminal: Terminal, narrowest: int) -> Iterator[_MatrixColumn]:
    for number, group in itertools.groupby(value_labels(matrix), key=lambda value: value[0]):
        columns = []
        for _, text, label in group:
            shown = cut_to_width(terminal.shown(label), _WIDEST_LABEL, mark=terminal.mark)
            columns.append(_MatrixColumn(number, text, shown, max(cells(shown), narrowest)))
        missing = cells(terminal.shown(matrix.axes[number].name)) - _width(columns)
        *first, last = columns
        yield from (*first, replace(last, width=last.width + max(0, missing)))


def _bands(columns: Sequence[_MatrixColumn], room: int) -> Iterator[list[_MatrixColumn]]:
    """Yield as many columns as fit side by side, then the next ones; an axis that fits whole is not torn apart."""
    band: list[_MatrixColumn] = []
    used = 0
    for _, group in itertools.groupby(columns, key=lambda column: column.axis):
        axis = list(group)
        whole = _width(axis) + _BETWEEN_AXES
        if band and used + whole > room and whole <= room:
            yield band
            band, used = [], 0
        for column in axis:
            gap = _BETWEEN_AXES if not band or band[-1].axis != column.axis else _GAP
            if band and used + gap + column.width > room:
                yield band
                band, used, gap = [], 0, _BETWEEN_AXES
            band.append(column)
            used += gap + column.width
    if band:
        yield band


def _width(columns: Sequence[_MatrixColumn]) -> int:
    return sum(column.width for column in columns) + _GAP * (len(columns) - 1)


def _axis_line(band: Sequence[_MatrixColumn], matrix: "SupportMatrix", room: int, terminal: Terminal) -> str:
    line = " " * room
    for number, group in itertools.groupby(band, key=lambda column: column.axis):
        width = _width(list(group))
        name = terminal.shown(matrix.axes[number].name)
        line += " " * _BETWEEN_AXES + pad(cut_to_width(name, max(width, 1), mark=terminal.mark), width)
    return line.rstrip()


def _band_width(band: Sequence[_MatrixColumn]) -> int:
    axes = len({column.axis for column in band})
    return sum(column.width for column in band) + _GAP * (len(band) - axes) + _BETWEEN_AXES * axes


def _cell(support: "Support", column: _MatrixColumn, signs: Mapping["Support", str], terminal: Terminal) -> str:
    colours: Mapping[Support, Colour] = {
        qb.plans.Support.TAKES: "green",
        qb.plans.Support.DROPS: "dim",
        qb.plans.Support.REFUSES: "red",
        qb.plans.Support.SOMETIMES: "yellow",
    }
    sign = signs[support]
    fill = " " * (column.width - cells(sign))
    return (terminal.paint(sign, colours[support]) if sign else sign) + fill


def _joined(fields: Sequence[str], band: Sequence[_MatrixColumn]) -> str:
    line, before = fields[0], -1
    for field, column in zip(fields[1:], band, strict=True):
        line += " " * (_GAP if column.axis == before else _BETWEEN_AXES) + field
        before = column.axis
    return line.rstrip()
