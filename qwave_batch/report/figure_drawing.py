"""Draws the figures for papers with matplotlib, of the extra ``figures``: one column wide, and every label in full.

No setting of the user's own matplotlib changes them, and the same numbers give the same bytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.report.figure_numbers import CostRow, FigureNumbers, LatencyRow, OutcomeRow
from qwave_batch.report.figure_rows import (
    EDGE_IN,
    MOST_ROWS,
    axes_of_rows,
    height_of,
    label_rows,
    named,
    shown_rows,
    wrapped,
)
from qwave_batch.report.figure_style import COLOURS, INK, STATUS_STYLES, WIDTH_IN, own_style, saved
from qwave_batch.report.score_drawing import draw_priced_scores, draw_scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDE = 100
"""Times its left end: the right end of an axis with fewer labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFigure:
    """A figure in both formats."""

    name: str
    svg: bytes
    png: bytes


def draw_figures(numbers: FigureNumbers) -> Iterator[DrawnFigure]:
    """Yield every figure that there are numbers for."""
    with own_style():
        for name, draw in figures_to_draw(numbers).items():
            figure = lazy.matplotlib_figure.Figure(figsize=(WIDTH_IN, WIDTH_IN * 0.75))
            if draw(numbers, figure):
                vectors = saved(figure, "svg")
                figure.set_layout_engine("none")  # everything has its place by now, and finding it takes half the time
                yield DrawnFigure(name=name, svg=vectors, png=saved(figure, "png"))


# Each returns whether there is anything to draw.


def _draw_latency(numbers: FigureNumbers, figure: "Figure") -> bool:
    return _draw_latencies(numbers, figure, numbers.latencies)


def _draw_latencies(numbers: FigureNumbers, figure: "Figure", rows: Sequence[LatencyRow]) -> bool:
    """Draw a histogram of each row on a common logarithmic axis, with its median and middle half."""
    rows = shown_rows(numbers, rows, lambda row: row.name)
    if not rows:
        return False
    labels = [f"{named(numbers, row.name, row.folder)} (n={row.count:,})" for row in rows]
    axes = axes_of_rows(figure, labels)
    axes.set_xscale("log")
    for place, row in enumerate(rows):
        most = max(row.histogram)
        heights = [0.8 * count / most for count in row.histogram]
        base = place + 0.4
        colour = COLOURS[(row.folder or 0) % len(COLOURS)]
        axes.stairs([base - height for height in heights], numbers.edges, baseline=base, fill=True, color=colour,
                    alpha=0.45)  # fmt: skip
        axes.plot([row.p25, row.p75], [base, base], color=INK, linewidth=2.2, solid_capstyle="butt")
        axes.plot([row.p50, row.p50], [base - 0.8, base], color=INK, linewidth=1.0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if _is_easy(value, numbers.edges) else "")
    axes.set_xlabel("seconds (line: median, bar: middle half)")
    return True


def _draw_by_model(numbers: FigureNumbers, figure: "Figure") -> bool:
    return _draw_outcomes(numbers, figure, numbers.by_model)


def _draw_by_tag(numbers: FigureNumbers, figure: "Figure") -> bool:
    rows = numbers.by_tag if any(row.name is not None for row in numbers.by_tag) else ()
    return _draw_outcomes(numbers, figure, rows)


def _draw_outcomes(numbers: FigureNumbers, figure: "Figure", rows: Sequence[OutcomeRow]) -> bool:
    shown = shown_rows(numbers, rows, lambda row: row.name)
    if not shown:
        return False
    labels = [f"{named(numbers, row.name or 'no tag', row.folder)} (n={row.outcomes.jobs:,})" for row in shown]
    axes = axes_of_rows(figure, labels, legend_lines=2)
    lefts = [0.0] * len(shown)
    for status, (colour, hatch) in STATUS_STYLES.items():
        shares = [100 * getattr(row.outcomes, status) / row.outcomes.jobs for row in shown]
        if any(shares):
            axes.barh(range(len(shown)), shares, left=lefts, height=0.7, color=colour, edgecolor=INK, linewidth=0.4,
                      hatch=hatch, label=status)  # fmt: skip
            lefts = [left + share for left, share in zip(lefts, shares, strict=True)]
    axes.set_xlim(0, 100)
    axes.set_xlabel("jobs in percent")
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.2, columnspacing=1.0)
    return True


def _draw_errors(numbers: FigureNumbers, figure: "Figure") -> bool:
    jobs: dict[tuple[str, str], int] = {}
    for row in numbers.by_error:
        if row.folder is None:
            jobs[row.code, row.status] = jobs.get((row.code, row.status), 0) + row.jobs
    shown = sorted(jobs.items(), key=lambda item: -item[1])[:MOST_ROWS]
    if not shown:
        return False
    axes = axes_of_rows(figure, [code for (code, _), _ in shown], legend_lines=1)
    for status, (colour, hatch) in STATUS_STYLES.items():
        places = [place for place, ((_, found), _) in enumerate(shown) if found == status]
        if places:
            counts = [shown[place][1] for place in places]
            bars = axes.barh(places, counts, height=0.7, color=colour, edgecolor=INK, linewidth=0.4, hatch=hatch,
                             label=status)  # fmt: skip
            axes.bar_label(bars, labels=[f"{count:,}" for count in counts], padding=2)
    axes.margins(x=0.15)
    axes.set_xlabel("jobs")
    axes.xaxis.set_major_locator(lazy.matplotlib_ticks.MaxNLocator(nbins=6, integer=True))
    figure.legend(loc="outside upper left", ncols=4, handlelength=1.2, columnspacing=1.0)
    return True


def _draw_cost(numbers: FigureNumbers, figure: "Figure") -> bool:
    return _draw_costs(numbers, figure, numbers.costs)


def _draw_costs(numbers: FigureNumbers, figure: "Figure", costs: Sequence[CostRow]) -> bool:
    rows = shown_rows(numbers, [row for row in costs if row.images], lambda row: row.name)
    if not any(row.nusd for row in rows):
        return False
    axes = axes_of_rows(figure, [named(numbers, row.name, row.folder) for row in rows])
    each = [row.usd_per(row.images) or 0.0 for row in rows]
    colours = [COLOURS[(row.folder or 0) % len(COLOURS)] for row in rows]
    bars = axes.barh(range(len(rows)), each, height=0.7, color=colours)
    texts = [f"{usd:.3g} ({row.nusd / 1e9:,.2f} in all)" for usd, row in zip(each, rows, strict=True)]
    axes.bar_label(bars, labels=texts, padding=2)
    axes.set_xlim(0, max(each) * 2.1)  # for the amounts beside the longest bar
    axes.set_xlabel("USD per image")
    return True


def _draw_rate(numbers: FigureNumbers, figure: "Figure") -> bool:
    """Draw images a minute over the time of work; a gap between two sessions is a dotted line with its length."""
    if not numbers.sessions:
        return False
    folders = sorted({found.folder for found in numbers.sessions})
    figure.set_size_inches(WIDTH_IN, 0.6 + 1.3 * len(folders))
    every = figure.subplots(len(folders), 1, squeeze=False)
    for folder, axes in zip(folders, every[:, 0], strict=True):
        sessions = [found.session for found in numbers.sessions if found.folder == folder]
        begin = 0.0
        for place, session in enumerate(sessions):
            if place:
                gap_s = session.started_at - sessions[place - 1].ended_at
                axes.axvline(begin, color=INK, linewidth=0.6, linestyle=":")
                axes.text(begin, 1.0, f" {_lasting(gap_s)} without", transform=axes.get_xaxis_transform(), fontsize=5.5,
                          va="top")  # fmt: skip
            lasts_s = session.ended_at - session.started_at
            width = session.bin_seconds / 60
            edges = [begin + width * edge for edge in range(len(session.counts) + 1)]
            edges[-1] = max(edges[-2] + width * 0.1, min(edges[-1], begin + lasts_s / 60))
            rates = [
                count / (right - left) for count, left, right in zip(session.counts, edges, edges[1:], strict=False)
            ]
            axes.stairs(rates, edges, fill=True, color=COLOURS[folder % len(COLOURS)], alpha=0.6)
            begin = edges[-1]
        axes.set_xlim(0, begin)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.set_ylabel("images a minute")
        if len(numbers.folders) > 1:
            axes.set_title(wrapped(numbers.folders[folder]), fontsize=7, loc="left")
    every[-1, 0].set_xlabel("minutes of work")
    return True


def _draw_limits(numbers: FigureNumbers, figure: "Figure") -> bool:
    """Draw what the newest run of each folder waited for, and the calls that were answered with 429."""
    waits = [
        (found.folder, f"wait: {each.kind}", each.seconds) for found in numbers.limits for each in found.waits or ()
    ]
    calls = [
        (found.folder, f"429 on {each.calls}{f' of {each.model}' if each.model else 's'}", each.count)
        for found in numbers.limits
        for each in found.throttled or ()
    ]
    parts = [(rows, unit) for rows, unit in ((waits, "seconds"), (calls, "calls")) if rows]
    if not parts:
        return False
    labels = [[named(numbers, text, folder) for folder, text, _ in rows] for rows, _ in parts]
    heights = [sum(map(height_of, each)) for each in labels]
    figure.set_size_inches(WIDTH_IN, sum(heights) + EDGE_IN * len(parts))
    every = figure.subplots(len(parts), 1, squeeze=False, height_ratios=heights)
    for (rows, unit), names, axes in zip(parts, labels, every[:, 0], strict=True):
        label_rows(axes, names)
        bars = axes.barh(range(len(rows)), [value for *_, value in rows], height=0.7, color=COLOURS[0])
        axes.bar_label(bars, labels=[f"{value:,.0f}" for *_, value in rows], padding=2)
        axes.margins(x=0.15)
        axes.set_xlabel(unit)
        axes.xaxis.set_major_locator(lazy.matplotlib_ticks.MaxNLocator(nbins=6, integer=True))
    return True


FIGURES: Mapping[str, Callable[[FigureNumbers, "Figure"], bool]] = {
    "latency": _draw_latency,
    "outcomes-by-model": _draw_by_model,
    "outcomes-by-tag": _draw_by_tag,
    "errors": _draw_errors,
    "cost": _draw_cost,
    "images-per-minute": _draw_rate,
    "limits": _draw_limits,
    "score-by-model": draw_scores,
    "score-per-dollar": draw_priced_scores,
}
"""By the name of the file."""
STAGE_FIGURES: Mapping[str, Callable[[FigureNumbers, "Figure"], bool]] = {
    "outcomes-by-stage": lambda numbers, figure: _draw_outcomes(numbers, figure, numbers.stages.outcomes),
    "latency-by-stage": lambda numbers, figure: _draw_latencies(numbers, figure, numbers.stages.latencies),
    "cost-by-stage": lambda numbers, figure: _draw_costs(numbers, figure, numbers.stages.costs),
}
"""Those that only specs with stages have."""


def figures_to_draw(numbers: FigureNumbers) -> Mapping[str, Callable[[FigureNumbers, "Figure"], bool]]:
    """Return the figures that some folders may have."""
    return {**FIGURES, **STAGE_FIGURES} if numbers.stages.outcomes else FIGURES


def _is_easy(value: float, edges: Sequence[float]) -> bool:
    """Whether a value between powers of ten is labelled: few are where the axis spans several of them."""
    first = int(f"{value:e}"[0])
    return first in ({2, 5} if edges[-1] / edges[0] < _WIDE else {3})


def _lasting(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 60:.0f} min"
