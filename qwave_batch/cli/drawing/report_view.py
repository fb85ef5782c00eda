"""The result of a report in words."""

from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.reports import ReportWritten

_MOST_NAMED = 5


def draw_report(written: "ReportWritten", terminal: Terminal) -> list[str]:
    """Return the lines that say what the page shows and where it is."""
    shown = f"{count(written.jobs, 'job')}, {count(written.images, 'image')}"
    lines = wrap(terminal.shown(f"{shown}: open {written.page}"), terminal.width, hang="  ")
    unmade = written.without_thumbnail
    if unmade:
        lines += wrap(f"{count(len(unmade), 'image')} without a thumbnail:", terminal.width, hang="  ")
        for each in unmade[:_MOST_NAMED]:
            lines += wrap(terminal.shown(f"{each.path}: {each.reason}"), terminal.width, indent="  ", hang="    ")
        if len(unmade) > _MOST_NAMED:
            lines.append(f"  and {len(unmade) - _MOST_NAMED:,} more")
    if written.is_live:
        lines += wrap("a run is at work: the page shows this moment", terminal.width, hang="  ")
    return lines
