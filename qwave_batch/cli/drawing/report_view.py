"""The result of a report in words."""

from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.reports import ReportWritten


def draw_report(written: "ReportWritten", terminal: Terminal) -> list[str]:
    """Return the lines that say what the page shows and where it is."""
    shown = f"{count(written.jobs, 'job')}, {count(written.images, 'image')}"
    lines = wrap(terminal.shown(f"{shown}: open {written.page}"), terminal.width, hang="  ")
    if written.without_thumbnail:
        text = f"{count(written.without_thumbnail, 'image')} without a thumbnail: missing, or they do not decode"
        lines += wrap(text, terminal.width, hang="  ")
    if written.is_live:
        lines += wrap("a run is at work: the page shows this moment", terminal.width, hang="  ")
    return lines
