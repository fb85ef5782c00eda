"""The result of a report in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.reports import FiguresWritten, ReportWritten, SheetWritten

_LETTERS_SHOWN = 12

_MOST_NAMED = 5


def draw_report(written: "ReportWritten", terminal: Terminal) -> list[str]:
    """Return the lines that say what the page shows and where it is."""
    shown = f"{count(written.jobs, 'job')}, {count(written.images, 'image')}"
    lines = wrap(terminal.shown(f"{shown}: open {written.page}"), terminal.width, hang="  ")
    unmade = written.without_thumbnail
    if unmade:
        lines += wrap(f"{count(len(unmade), 'image')} without a thumbnail:", terminal.width, hang="  ")
        lines += _named([f"{each.path}: {each.reason}" for each in unmade], terminal)
    if written.without_original:
        text = f"{count(len(written.without_original), 'image')} whose file is missing, or not as it was recorded:"
        lines += wrap(text, terminal.width, hang="  ")
        lines += _named(written.without_original, terminal)
    if written.is_live:
        lines += wrap("a run is at work: the page shows this moment", terminal.width, hang="  ")
    return lines


def _named(texts: Sequence[str], terminal: Terminal) -> list[str]:
    lines: list[str] = []
    for text in texts[:_MOST_NAMED]:
        lines += wrap(terminal.shown(text), terminal.width, indent="  ", hang="    ")
    return lines if len(texts) <= _MOST_NAMED else [*lines, f"  and {len(texts) - _MOST_NAMED:,} more"]


def draw_figures_written(written: "FiguresWritten", terminal: Terminal) -> list[str]:
    """Return the lines that say which figures are where."""
    if not written.names:
        return ["there is nothing to draw yet: no job has ended"]
    text = f"{count(len(written.names), 'figure')} as SVG and PNG, and their numbers as CSV, in {written.out}"
    lines = wrap(terminal.shown(text), terminal.width, hang="  ")
    if written.empty:
        lines += wrap(f"without numbers, and so not drawn: {', '.join(written.empty)}", terminal.width, hang="  ")
    return lines


def draw_sheet_written(written: "SheetWritten", terminal: Terminal) -> list[str]:
    """Return the lines that say what is on the sheet and where it is, and which letters could not be drawn."""
    width, height = written.pixels
    grid = f"{count(written.jobs, 'job')} in {count(written.rows, 'row')} and {count(written.columns, 'column')}"
    size = f"{width:,} by {height:,} pixels" if written.pages == 1 else count(written.pages, "page")
    lines = wrap(terminal.shown(f"{grid}, {size}: {written.path}"), terminal.width, hang="  ")
    if written.lacking:
        shown = " ".join(written.lacking[:_LETTERS_SHOWN])
        more = f" and {len(written.lacking) - _LETTERS_SHOWN:,} more" if len(written.lacking) > _LETTERS_SHOWN else ""
        text = f"note: no font here has {shown}{more}: boxes stand for them; --font FILE names one that has"
        lines += wrap(terminal.shown(text), terminal.width, hang="      ")
    if written.is_misordered:
        text = "note: this Pillow was built without Raqm, so text that runs from right to left is in the wrong order"
        lines += wrap(text, terminal.width, hang="      ")
    return lines
