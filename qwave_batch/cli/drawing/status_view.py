"""How a run folder stands, for people: at a glance while its run is at work, and whole."""

from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count, draw_cost_report, duration, size, usd
from qwave_batch.cli.drawing.progress_view import sentence, undone
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cut_to_width, wrap

if TYPE_CHECKING:
    from qwave_batch.events import Progress
    from qwave_batch.folders import FolderStatus, Glance, LineCounts, LiveRun

_SILENT_S = 10.0
"""A run tells how it stands every second; longer silence is worth a word."""


def draw_status(status: "FolderStatus", terminal: Terminal, *, now: float) -> list[str]:
    """Return the lines of ``status``.

    Args:
        status: How the folder stands.
        terminal: The terminal that shows it.
        now: Unix seconds.
    """
    counts = status.counts
    lines = _head(status, terminal)
    lines += wrap(
        f"at work: {terminal.shown(str(status.holder))}" if status.holder else "no run is at work", terminal.width
    )
    if status.live is not None:
        lines += _pace(status.live, terminal, now)
    lines += wrap(_by_status(counts), terminal.width)
    for name, stage in counts.stages.items():
        told = f"{terminal.shown(name)}: {_by_status(stage)}, {usd(stage.cost_nusd)}"
        lines += wrap(told, terminal.width, indent="  ", hang="    ")
    if counts.in_flight:
        lines.append(f"{count(counts.in_flight, 'task')} at the API")
    reused = f", {count(counts.reused, 'job')} taken from other folders" if counts.reused else ""
    lines += wrap(f"{count(counts.images, 'image')}, {size(counts.image_bytes)}{reused}", terminal.width)
    if status.spent_nusd is not None:
        lines += wrap(_money(status.spent_nusd, status.held_nusd), terminal.width)
    if status.books is not None:
        lines += draw_cost_report(status.books, terminal)
    if status.holder is None:
        lines += _ending(status, terminal)
    if status.lost_message:
        lines += wrap(
            f"{status.lost_message}: run it again, and it says what becomes of that", terminal.width, hang="  "
        )
    if status.unplanned:
        lines.append(f"{count(status.unplanned, 'job')} no longer asked for: qwave-batch prune removes them")
    return lines


def draw_glance(glance: "Glance", terminal: Terminal, *, now: float) -> list[str]:
    """Return the lines of ``status --watch``, each within the terminal's width so that they can be drawn over."""
    lines = [*_head(glance, terminal), f"at work: {terminal.shown(str(glance.holder))}"]
    if glance.live is None:
        lines.append("it is getting ready: nothing was told yet")
    else:
        progress = glance.live.progress
        lines += [_bar(progress, terminal), *_pace(glance.live, terminal, now)]
    if glance.spent_nusd is not None:
        lines.append(_money(glance.spent_nusd, glance.held_nusd))
    return [line if "\x1b" in line else cut_to_width(line, terminal.width, mark=terminal.mark) for line in lines]


def glance_sentence(glance: "Glance", terminal: Terminal) -> str:
    """Return a glance in one line, where nothing can be drawn over."""
    if glance.live is None:
        return "getting ready"
    note = glance.live.progress.note
    return sentence(glance.live.progress) + (f" ({terminal.shown(note)})" if note else "")


def _by_status(counts: "LineCounts") -> str:
    parts = [
        (counts.completed, "completed"),
        (counts.failed, "failed"),
        (counts.cancelled, "cancelled"),
        (counts.unknown, "unknown"),
        (counts.pending, "pending"),
        (counts.skipped, "skipped"),
    ]
    told = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    return f"{count(counts.jobs, 'job')}: {told}"


def _head(of: "FolderStatus | Glance", terminal: Terminal) -> list[str]:
    name, folder = terminal.shown(of.name or of.folder), terminal.shown(of.folder)
    backend = f", made with {terminal.shown(of.backend)}" if of.backend else ""
    store = getattr(of, "store", None)
    images = f", its images in {terminal.shown(store)}" if store is not None and store != of.folder else ""
    first, *rest = wrap(f"{name} in {folder}{backend}{images}", terminal.width)
    return [first.replace(name, terminal.paint(name, "bold"), 1), *rest]


def _bar(progress: "Progress", terminal: Terminal) -> str:
    text = ", ".join([f"{progress.done:,}/{progress.jobs:,} done", *undone(progress)])
    share = progress.settled / progress.jobs if progress.jobs else 1.0
    width = max(10, min(40, terminal.width - len(text) - 10))
    full, empty = ("█", "─") if terminal.has_unicode else ("#", "-")
    filled = int(share * width)
    return f"{full * filled}{empty * (width - filled)} {int(share * 100)} %  {text}"


def _pace(live: "LiveRun", terminal: Terminal, now: float) -> list[str]:
    """Return how fast it goes, how long it still takes, and what it waits for."""
    progress = live.progress
    parts = [f"{count(progress.in_flight, 'task')} in flight", f"{progress.images_per_minute:,.0f} images/min"]
    if progress.allowed is not None:
        parts.insert(1, f"at most {progress.allowed:,} for now")
    parts.append(f"{duration(progress.elapsed_s)} so far")
    if progress.remaining_s:
        parts.append(f"about {duration(progress.remaining_s)} left")
    lines = wrap(", ".join(parts), terminal.width)
    if progress.note:
        first, *rest = wrap(f"waiting: {terminal.shown(progress.note)}", terminal.width, hang="  ")
        lines += [terminal.paint(first, "yellow"), *rest]
    if now - live.told_at > _SILENT_S:
        lines.append(f"it told this {duration(now - live.told_at)} ago")
    return lines


def _money(spent_nusd: int, held_nusd: int | None) -> str:
    held = f", at most {usd(held_nusd)} more for what was sent" if held_nusd else ""
    return f"{usd(spent_nusd)} spent{held}"


def _ending(status: "FolderStatus", terminal: Terminal) -> list[str]:
    """Return how the newest run ended, when it did not end well."""
    summary = status.summary or {}
    exit_status, reason = summary.get("exit"), summary.get("reason")
    is_known = status.summary is not None or status.spent_nusd is not None  # a copy may have come without both
    if exit_status is None and is_known:
        return wrap("the newest run did not come to its end: run it again, nothing is lost", terminal.width, hang="  ")
    if not exit_status:
        return []
    because = f": {terminal.shown(str(reason))}" if reason else ""
    return wrap(f"the newest run ended with exit status {exit_status}{because}", terminal.width, hang="  ")
