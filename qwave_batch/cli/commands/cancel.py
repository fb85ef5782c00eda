"""``qwave-batch cancel``: withdraws what is still queued at the API."""

from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.drawing.summary_view import draw_warnings
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.interrupts import on_interrupt
from qwave_batch.cli.options import add_base_url, add_catalog_path, add_json, add_simulate, catalogs_of, read_connection

if TYPE_CHECKING:
    from qwave_batch.catalog import CatalogSource
    from qwave_batch.connections import Connection, Simulated
    from qwave_batch.runs import CancelReport

USAGE = "DIR [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=a_path, help="a run folder that no run is at work on")
    add_simulate(parser, "its tasks are the embedded API's, as run --simulate made them")
    add_base_url(parser)
    add_catalog_path(parser)
    add_json(parser, "what became of each open task")


def execute(args: Namespace, console: Console) -> int:
    """Ask each open task, cancel the queued ones, and say what was left."""
    folder = qb.folders.open_run(args.folder).root
    report = lazy.asyncio.run(_cancel(folder, read_connection(args, console), catalogs_of(args)))
    if args.json:
        console.print_json(report.as_json())
    console.say(*draw_warnings(report.warnings, console.err), *_draw(report, console.err))
    return report.exit_status


async def _cancel(folder: Path, connection: "Connection | Simulated", catalogs: "CatalogSource") -> "CancelReport":
    stop = qb.runs.StopSignal()
    with on_interrupt(stop.request):
        return await qb.runs.cancel_tasks(folder, connection=connection, catalogs=catalogs, stop=stop)


def _draw(report: "CancelReport", terminal: Terminal) -> list[str]:
    if not report.outcomes and not report.maybe_submitted:
        return ["nothing to cancel: no task of this folder is open"]
    lines = []
    if report.withdrawn:
        money = f", {usd(report.refunded_nusd)} given back" if report.refunded_nusd else ""
        lines.append(f"{count(len(report.withdrawn), 'task')} withdrawn{money}: a plain run takes them up again")
    by_state = Counter(outcome.state.value for outcome in report.left_alone)
    for state, number in sorted(by_state.items()):
        lines.append(f"{count(number, 'task')} left alone, {state} already: the next run collects them")
    reasons = Counter(outcome.reason for outcome in report.not_said)
    for reason, number in reasons.most_common():
        lines.append(f"{count(number, 'task')} that may still be queued: {terminal.shown(reason)}; try again")
    if report.maybe_submitted:
        lines.append(
            f"{count(report.maybe_submitted, 'submit')} without an answer can't be withdrawn: the next run clears it up"
        )
    return [part for line in lines for part in wrap(line, terminal.width, hang="  ")]
