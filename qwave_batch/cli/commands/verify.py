"""``qwave-batch verify``: every line and every file of a run folder."""

from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, size
from qwave_batch.cli.drawing.problems import draw_problems
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.executor_options import add_executor, read_executor
from qwave_batch.cli.options import add_json

if TYPE_CHECKING:
    from qwave_batch.folders import VerifyReport

USAGE = "DIR [options]"

UNSOUND = 1
"""The exit status of a folder that does not hold what its manifest says."""


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=a_path, help="a run folder")
    add_executor(parser)
    add_json(parser, "the report")


def execute(args: Namespace, console: Console) -> int:
    """Check the folder; 0 when all is sound."""
    executor = read_executor(args)
    with work_bar(console, "verifying") as on_work:
        report = qb.folders.open_run(args.folder).verify(on_work, executor=executor)
    if args.json:
        console.print_json(report.as_json())
    else:
        console.say(*draw_problems(report.problems, console.err))
        console.print(_draw(report, console.out))
    return 0 if report.is_sound else UNSOUND


def _draw(report: "VerifyReport", terminal: Terminal) -> list[str]:
    counts = report.counts
    verdict = terminal.paint("sound", "green") if report.is_sound else terminal.paint("not sound", "red")
    lines = [f"{verdict}: {count(counts.lines.jobs, 'line')}, {count(counts.files, 'file')}, {size(counts.size_bytes)}"]
    if counts.missing or counts.damaged:
        lines.append(f"{counts.missing:,} missing, {counts.damaged:,} damaged: the next run fetches them again")
    if counts.unplanned:
        lines.append(
            f"{count(counts.unplanned, 'file')} of jobs that the spec no longer asks for "
            f"({size(counts.unplanned_bytes)}): qwave-batch prune removes them"
        )
    return lines
