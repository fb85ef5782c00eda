"""``qwave-batch refetch``: downloads again what was deleted or damaged."""

from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.progress_view import view_for
from qwave_batch.cli.drawing.summary_view import draw_warnings
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.interrupts import on_interrupt
from qwave_batch.cli.options import add_base_url, add_catalog_path, add_json, add_simulate, catalogs_of, read_connection
from qwave_batch.model.clock import SystemClock

if TYPE_CHECKING:
    from qwave_batch.catalog import CatalogSource
    from qwave_batch.connections import Connection, Simulated
    from qwave_batch.runs import RefetchReport, UnfetchedJob

USAGE = "DIR [options]"

_IDS_SHOWN = 3


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=a_path, help="a run folder that no run is at work on")
    add_simulate(parser, "its tasks are the embedded API's, as run --simulate made them")
    add_base_url(parser)
    add_catalog_path(parser)
    add_json(parser, "what was missing and what became of it")


def execute(args: Namespace, console: Console) -> int:
    """Fetch what is missing, and say what is gone for good."""
    folder = qb.folders.open_run(args.folder).root
    report = lazy.asyncio.run(_refetch(folder, read_connection(args, console), catalogs_of(args), console))
    if args.json:
        console.print_json(report.as_json())
    console.say(*draw_warnings(report.warnings, console.err), *_draw(report, console.err))
    return report.exit_status


async def _refetch(
    folder: Path, connection: "Connection | Simulated", catalogs: "CatalogSource", console: Console
) -> "RefetchReport":
    stop = qb.runs.StopSignal()
    view = view_for(console.stderr, console.err, SystemClock())
    with on_interrupt(stop.request):
        return await qb.runs.refetch_images(
            folder,
            connection=connection,
            catalogs=catalogs,
            on_progress=lambda progress: view.note(progress.note) if progress.note else None,
            stop=stop,
        )


def _draw(report: "RefetchReport", terminal: Terminal) -> list[str]:
    if not report.jobs:
        return ["nothing to fetch: every image of a completed job is there"]
    verdict = f"{report.fetched:,} of {count(report.images, 'image')} fetched again, of {count(report.jobs, 'job')}"
    lines = [terminal.paint(verdict, "green" if report.exit_status == 0 else "yellow")]
    lines += _draw_jobs(report.gone, "gone for good", terminal)
    lines += _draw_jobs(report.kept, "had in another format", terminal)
    lines += _draw_jobs(report.left, "not fetched, try again", terminal)
    if report.reason:
        lines += wrap(f"ended early: {terminal.shown(report.reason)}", terminal.width, hang="  ")
    return lines


def _draw_jobs(jobs: "Sequence[UnfetchedJob]", what: str, terminal: Terminal) -> Iterator[str]:
    by_message: defaultdict[str, list[str]] = defaultdict(list)
    for job in jobs:
        by_message[job.message].append(job.job_id)
    for message, ids in by_message.items():
        more = f" and {len(ids) - _IDS_SHOWN:,} more" if len(ids) > _IDS_SHOWN else ""
        text = f"{count(len(ids), 'job')} {what}: {message} ({', '.join(ids[:_IDS_SHOWN])}{more})"
        yield from wrap(terminal.shown(text), terminal.width, indent="  ", hang="      ")
