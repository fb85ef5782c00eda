"""``qwave-batch prune``: removes what the spec no longer asks for, after showing it."""

from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, size
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cut_to_width, wrap
from qwave_batch.cli.options import add_json, add_yes
from qwave_batch.errors import UsageError

if TYPE_CHECKING:
    from qwave_batch.folders import PrunePlan

USAGE = "DIR [options]"

_SHOWN = 20


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=a_path, help="a run folder")
    add_yes(parser, "remove without asking")
    add_json(parser, "what is, or would be, removed")


def execute(args: Namespace, console: Console) -> int:
    """Show what would go, ask, and remove it; without a terminal it takes --yes."""
    run = qb.folders.open_run(args.folder)
    found = run.find_prunable()
    console.say(*_draw(found, console.err))
    if (found.files or found.job_ids) and _is_wanted(args, console):
        shown, found = found, run.prune(found)
        console.say(f"removed {count(len(found.files), 'file')}, {size(found.size_bytes)}")
        if len(found.files) < len(shown.files):
            changed = count(len(shown.files) - len(found.files), "file")
            console.say(f"{changed} changed since they were shown, and stayed; look again with prune")
    if args.json:
        console.print_json(found.as_json())
    return 0


def _is_wanted(args: Namespace, console: Console) -> bool:
    if args.yes:
        return True
    if console.can_ask:
        return console.confirm("Remove all this?")
    raise UsageError("nothing was removed: nobody is there to ask, so say --yes")


def _draw(found: "PrunePlan", terminal: Terminal) -> list[str]:
    if not (found.files or found.job_ids or found.kept):
        return ["nothing to remove: all that is there is in the plan"]
    lines = [
        cut_to_width(f"  {terminal.shown(file.path)}", terminal.width, mark=terminal.mark)
        for file in found.files[:_SHOWN]
    ]
    if len(found.files) > _SHOWN:
        lines.append(f"  and {count(len(found.files) - _SHOWN, 'more file')}")
    lines.append(
        f"{count(len(found.files), 'file')}, {size(found.size_bytes)}, "
        f"of {count(len(found.job_ids), 'job')} that the spec no longer asks for"
    )
    for kept in found.kept:
        lines += wrap(f"{kept.job_id} stays: {terminal.shown(kept.reason)}", terminal.width, hang="    ")
    return lines
