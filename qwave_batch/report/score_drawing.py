"""Draws the scores of models for papers: their means with intervals, and beside what an image costs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from qwave_batch import lazy
from qwave_batch.report.figure_numbers import FigureNumbers, PricedScore, ScoreRow
from qwave_batch.report.figure_rows import EDGE_IN, height_of, label_rows, named, shown_rows, wrapped
from qwave_batch.report.figure_style import COLOURS, INK, WIDTH_IN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SCORES = 12
"""Scores of a figure, each on axes of its own; the table beside it has all."""
_SCATTER_IN = 1.7
_NAME_IN = 0.1
"""The height of a line in the list of names below points."""
_LINE_CHARACTERS = 52
"""Of titles and names that have the width of the axes."""
_HUGE = 1e300
"""Numbers beyond it can't be drawn: axes need room around them."""

_Row = TypeVar("_Row", bound=ScoreRow)


def draw_scores(numbers: FigureNumbers, figure: "Figure") -> bool:
    """Draw the mean score of each model with its interval, the scores one below the other."""
    parts = _parts(numbers, numbers.scores)
    if not parts:
        return False
    labels = [[named(numbers, row.model, row.folder) for row in rows] for _, rows in parts]
    heights = [sum(map(height_of, each)) for each in labels]
    figure.set_size_inches(WIDTH_IN, sum(heights) + (EDGE_IN + 0.2) * len(parts))
    every = figure.subplots(len(parts), 1, squeeze=False, height_ratios=heights)
    for (name, rows), names, axes in zip(parts, labels, every[:, 0], strict=True):
        label_rows(axes, names)
        _set_title(numbers, name, axes)
        axes.set_xlabel(wrapped(numbers.outputs[name].unit or "mean score"))
        for place, row in enumerate(rows):
            _draw_interval(axes, row, place)
        axes.margins(x=0.08)
    return True


def draw_priced_scores(numbers: FigureNumbers, figure: "Figure") -> bool:
    """Draw the mean score of each model over USD per image, as numbered points with their names below."""
    parts = _parts(numbers, numbers.priced_scores())
    if not parts:
        return False
    lists = ["\n".join(_beside(numbers, place, row) for place, row in enumerate(rows, start=1)) for _, rows in parts]
    heights = [height for told in lists for height in (_SCATTER_IN, _NAME_IN * (told.count("\n") + 2))]
    figure.set_size_inches(WIDTH_IN, sum(heights) + EDGE_IN * len(parts))
    every = figure.subplots(2 * len(parts), 1, squeeze=False, height_ratios=heights)[:, 0]
    for (name, rows), told, axes, below in zip(parts, lists, every[::2], every[1::2], strict=True):
        _set_title(numbers, name, axes)
        axes.grid(axis="y")
        for place, row in enumerate(rows, start=1):
            _draw_point(axes, row, place)
        axes.margins(0.12)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(lazy.matplotlib_ticks.MaxNLocator(nbins=5))
        axes.set_xlabel("USD per image")
        below.set_axis_off()
        below.text(0, 1, told, transform=below.transAxes, va="top", fontsize=6)
    return True


def _draw_point(axes: "Axes", row: PricedScore, place: int) -> None:
    if row.low is not None and row.high is not None:
        axes.plot([row.usd_per_image] * 2, [row.low, row.high], color=INK, linewidth=0.8)
    axes.plot([row.usd_per_image], [row.mean], "o", markersize=7.5, markerfacecolor="white",
              markeredgecolor=COLOURS[(row.folder or 0) % len(COLOURS)], markeredgewidth=1.2)  # fmt: skip
    axes.annotate(str(place), (row.usd_per_image, row.mean), ha="center", va="center_baseline", fontsize=5, color=INK,
                  fontweight="bold")  # fmt: skip


def _parts(numbers: FigureNumbers, rows: Iterable[_Row]) -> list[tuple[str, list[_Row]]]:
    """Return the rows of each score that has some."""
    by_score: dict[str, list[_Row]] = {}
    for row in rows:
        if _can_be_drawn(row):
            by_score.setdefault(row.score, []).append(row)
    shown = [(name, shown_rows(numbers, some, lambda row: row.model)) for name, some in by_score.items()]
    return shown[:MOST_SCORES]


def _can_be_drawn(row: ScoreRow) -> bool:
    return all(abs(number) < _HUGE for number in (row.mean, row.low or 0.0, row.high or 0.0))


def _draw_interval(axes: "Axes", row: ScoreRow, place: int) -> None:
    colour = COLOURS[(row.folder or 0) % len(COLOURS)]
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [place, place], color=INK, linewidth=0.8, marker="|", markersize=4)
    axes.plot([row.mean], [place], "o", color=colour, markersize=4.5)
    axes.annotate(f"{row.mean:.3g}", (row.mean, place), xytext=(0, 4), textcoords="offset points", ha="center",
                  fontsize=5.5)  # fmt: skip


def _set_title(numbers: FigureNumbers, name: str, axes: "Axes") -> None:
    better = numbers.outputs[name].better
    direction = "" if better is None else f" ({better} is better)"
    axes.set_title(wrapped(f"{name}{direction}", _LINE_CHARACTERS), fontsize=7, loc="left")


def _beside(numbers: FigureNumbers, place: int, row: PricedScore) -> str:
    """Return the line of the list of names."""
    told = "" if row.per_usd is None else f", {row.per_usd:.3g} per USD"
    return wrapped(f"{place}  {named(numbers, row.model, row.folder)}: {row.mean:.3g}{told}", _LINE_CHARACTERS)
