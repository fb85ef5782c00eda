"""A plan's figures for people."""

from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count, duration, usd
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.api import AnyPlan

_SKIPS_SHOWN = 10


def draw_plan(plan: "AnyPlan", expected_s: float, terminal: Terminal) -> list[str]:
    """Return the lines that say what would be made, what would not and why, and what it takes."""
    figures = plan.figures
    columns = [Column("model"), Column("jobs", right=True), Column("images", right=True), Column("at most", right=True)]
    rows = [
        [model, f"{each.jobs:,}", f"{each.images:,}", usd(each.estimated_nusd)]
        for model, each in figures.by_model.items()
    ]
    if len(rows) > 1:
        rows.append(["total", f"{figures.jobs:,}", f"{figures.images:,}", usd(figures.estimated_nusd)])
    lines = [terminal.paint(terminal.shown(plan.name), "bold") + f" (catalog {plan.catalog})", ""]
    lines += draw_table(columns, rows, terminal)
    lines += [""]
    if figures.folded:
        folded = f"{count(figures.folded, 'entry', 'entries')} came out as a job that is there already: made once"
        lines += [*wrap(folded, terminal.width), ""]
    lines += _draw_skips(plan, terminal)
    budget = f"; the budget is {usd_amount(plan.terms.max_usd)}" if plan.terms.max_usd is not None else ""
    cost = f"at most {usd(figures.estimated_nusd)}{budget}"
    return [*lines, *wrap(f"about {duration(expected_s)} at these limits, {cost}", terminal.width)]


def usd_amount(amount: float) -> str:
    """Return an amount that is in USD already."""
    return f"{amount:,.2f} USD"


def _draw_skips(plan: "AnyPlan", terminal: Terminal) -> list[str]:
    figures = plan.figures
    if not figures.skipped:
        return []
    lines = [f"{count(figures.skipped, 'job')} left out:"]
    for skip, times in figures.skips.most_common(_SKIPS_SHOWN):
        model = "" if skip.model in skip.reason else f"{skip.model}: "
        text = f"{times:,} x {model}{skip.reason}"
        lines += wrap(terminal.shown(text), terminal.width, indent="  ", hang="      ")
    more = len(figures.skips) - _SKIPS_SHOWN
    if more > 0:
        lines.append(f"  and {count(more, 'more reason')}: plan --json lists all")
    return [*lines, ""]
