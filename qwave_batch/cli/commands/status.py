"""``qwave-batch status``: where a run stands, live or ended."""

import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from qwave_batch import api
from qwave_batch.cli.arguments import Parser
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, size, usd
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.options import add_json

if TYPE_CHECKING:
    from qwave_batch.api import FolderStatus

USAGE = "DIR [options]"

_EVERY_S = 2.0


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="a run folder")
    parser.add_argument("--watch", action="store_true", help="show it every two seconds until the run has ended")
    add_json(parser, "it")


def execute(args: Namespace, console: Console) -> int:
    """Show how the folder stands, once or until its run has ended."""
    run = api.open_run(args.folder)
    status = run.status()
    _show(status, args, console)
    while args.watch and status.holder is not None and not console.reader_is_gone:
        time.sleep(_EVERY_S)
        status = run.status()
        if console.out.is_terminal and not args.json:
            console.print([""])
        _show(status, args, console)
    return 0


def _show(status: "FolderStatus", args: Namespace, console: Console) -> None:
    if args.json:
        console.print_json(status.as_json(), on_one_line=args.watch)
    else:
        console.print(_draw(status, console.out))


def _draw(status: "FolderStatus", terminal: Terminal) -> list[str]:
    counts = status.counts
    lines = [
        f"{terminal.paint(terminal.shown(status.name or status.folder), 'bold')} in {terminal.shown(status.folder)}"
        + (f", made with {terminal.shown(status.backend)}" if status.backend else "")
    ]
    lines += wrap(f"at work: {status.holder}" if status.holder else "no run is at work", terminal.width)
    parts = [
        (counts.completed, "completed"),
        (counts.failed, "failed"),
        (counts.cancelled, "cancelled"),
        (counts.unknown, "unknown"),
        (counts.pending, "pending"),
        (counts.skipped, "skipped"),
    ]
    told = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    lines += wrap(f"{count(counts.jobs, 'job')}: {told}", terminal.width)
    if counts.in_flight:
        lines.append(f"{count(counts.in_flight, 'task')} at the API")
    lines.append(f"{count(counts.images, 'image')}, {size(counts.image_bytes)}")
    if status.spent_nusd is not None:
        held = f", at most {usd(status.held_nusd)} more for what was sent" if status.held_nusd else ""
        lines.append(f"{usd(status.spent_nusd)} spent{held}")
    if status.unplanned:
        lines.append(f"{count(status.unplanned, 'job')} no longer asked for: qwave-batch prune removes them")
    return lines
