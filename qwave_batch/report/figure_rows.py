"""Rows of a figure for papers: those that are shown, and their labels, in full and on as many lines as they need."""

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from qwave_batch.report.figure_numbers import FigureNumbers
from qwave_batch.report.figure_style import WIDTH_IN
from qwave_batch.report.figure_tables import folder_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINE_IN = 0.125
"""The height of a line of a label."""
_ROW_IN = 0.12
"""The space around the label of a row."""
EDGE_IN = 0.75
"""The height of an axis with its label."""
_LABEL_CHARACTERS = 24
MOST_ROWS = 60
"""Rows of a figure; the table beside it has all."""


class HasFolder(Protocol):
    """A row of numbers."""

    @property
    def folder(self) -> int | None:
        """The number of its folder; None for all of them."""
        ...


_Row = TypeVar("_Row", bound=HasFolder)


def shown_rows(numbers: FigureNumbers, rows: Sequence[_Row], name_of: Callable[[_Row], str | None]) -> list[_Row]:
    """Return the rows of single folders, those of a name one below the other."""
    single = [row for row in rows if len(numbers.folders) == 1 or row.folder is not None]
    places = {name: place for place, name in enumerate(dict.fromkeys(map(name_of, single)))}
    return sorted(single, key=lambda row: places[name_of(row)])[:MOST_ROWS]


def axes_of_rows(figure: "Figure", labels: Sequence[str], *, legend_lines: int = 0) -> "Axes":
    """Return axes with a row for each label, from the top, as high as all labels need."""
    height = EDGE_IN + sum(map(height_of, labels)) + 0.16 * legend_lines
    figure.set_size_inches(WIDTH_IN, height)
    axes = figure.subplots()
    label_rows(axes, labels)
    return axes


def label_rows(axes: "Axes", labels: Sequence[str]) -> None:
    """Give axes a row for each label."""
    axes.set_yticks(range(len(labels)), [wrapped(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def named(numbers: FigureNumbers, name: str, folder: int | None) -> str:
    """Return the label of a row, with its folder where there are several."""
    return name if len(numbers.folders) == 1 else f"{name} · {folder_label(numbers, folder)}"


def wrapped(label: str, characters: int = _LABEL_CHARACTERS) -> str:
    """Return a label on as many lines as it needs; a long name breaks anywhere."""
    return "\n".join(textwrap.wrap(label, characters)) or " "


def height_of(label: str) -> float:
    """Return the height of a label's row in inches."""
    return _ROW_IN + _LINE_IN * (wrapped(label).count("\n") + 1)
