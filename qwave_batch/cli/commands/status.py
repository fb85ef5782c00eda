"""``qwave-batch status``: where a run stands, live or ended."""

import time
from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.status_view import draw_glance, draw_status, glance_sentence
from qwave_batch.cli.drawing.summary_view import draw_warnings
from qwave_batch.cli.drawing.terminal import over
from qwave_batch.cli.options import add_json
from qwave_batch.errors import QwaveError
from qwave_batch.model.next_step import RunWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwave_batch.folders import Glance, RunFolder, StageOutlook

USAGE = "DIR [options]"

_EVERY_S = 1.0
_LINE_EVERY_S = 5.0
"""Interval of lines on a stream that cannot be redrawn."""


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=a_path, help="a run folder")
    parser.add_argument("--watch", action="store_true", help="follow a run that is at work until it has ended")
    add_json(parser, "it")


def execute(args: Namespace, console: Console) -> int:
    """Show how the folder stands, once, or after watching its run to the end."""
    run = qb.folders.open_run(args.folder)
    if args.watch:
        _watch(run, args, console)
    status, outlooks = run.status(), _outlooks(run, console)
    if args.json:
        choices = {"choices": [outlook.as_json() for outlook in outlooks]} if outlooks else {}
        console.print_json({**status.as_json(), **choices}, on_one_line=args.watch)
    else:
        told = outlooks if status.holder is None else ()  # a run at work may be making them
        notes = [note for outlook in told for note in (*outlook.notes(run.address), *outlook.chosen_notes())]
        console.print([*draw_status(status, console.out, now=time.time()), *draw_warnings(notes, console.out)])
    return 0


def _outlooks(run: "RunFolder", console: Console) -> "Sequence[StageOutlook]":
    """Return how the stages stand that are decided later; why that can't be told is said, and the rest is shown."""
    try:
        return run.outlooks()
    except QwaveError as error:
        console.say(*draw_warnings([RunWarning(str(error), error.next_steps)], console.err))
        return ()


def _watch(run: "RunFolder", args: Namespace, console: Console) -> None:
    """Show how a live run stands until it has ended, or nobody looks any more; a terminal is drawn over."""
    drawn = 0
    said_at = float("-inf")
    while (glance := run.glance()).holder is not None and console.unprintable is None:
        if console.out.is_terminal and not args.json:
            lines = draw_glance(glance, console.out, now=time.time())
            console.print([over(drawn) + lines[0], *lines[1:]])
            drawn = len(lines)
        elif time.monotonic() - said_at >= _LINE_EVERY_S:
            said_at = time.monotonic()
            _say(glance, args, console)
        time.sleep(_EVERY_S)
    if drawn:
        console.write(over(drawn))


def _say(glance: "Glance", args: Namespace, console: Console) -> None:
    if args.json:
        console.print_json(glance.as_json(), on_one_line=True)
    else:
        console.print([glance_sentence(glance, console.out)])
