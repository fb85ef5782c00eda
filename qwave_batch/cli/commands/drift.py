"""``qwave-batch drift``: what has changed between two runs of the same requests."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, duration
from qwave_batch.cli.drawing.likeness_view import draw_changed, draw_models, draw_reasons
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.options import add_catalog_path, add_json, an_address, catalogs_of, read_where

if TYPE_CHECKING:
    from qwave_batch.reproductions import DriftReport, RunSide

USAGE = "DIR_OLD DIR_NEW [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("before", metavar="DIR_OLD", type=an_address, help="the earlier run folder, or a store")
    parser.add_argument("after", metavar="DIR_NEW", type=an_address, help="the later one")
    parser.add_argument("--where", metavar="EXPR", help="compare these lines only, such as \"'street' in tags\"")
    parser.add_argument(
        "--sample",
        metavar="K",
        type=whole_number(minimum=1),
        help="compare the images of so many jobs only, spread over the models",
    )
    add_catalog_path(parser)
    add_json(parser, "the result")


def execute(args: Namespace, console: Console) -> int:
    """Compare, and show what has changed; 1 when there was nothing to compare."""
    where = read_where(args)
    with work_bar(console, "comparing") as on_work:
        report = qb.reproductions.compare_runs(
            args.before,
            args.after,
            where=where,
            sample=args.sample,
            catalogs=catalogs_of(args),
            on_work=on_work,
        )
    if args.json:
        console.print_json(report.as_json())
    else:
        console.print(list(_draw(report, console.out)))
    console.say(*draw_reasons("not compared", report.uncompared, console.err))
    console.say(*wrap(console.err.shown(_verdict(report)), console.err.width, hang="  "))
    return report.exit_status


def _draw(report: "DriftReport", terminal: Terminal) -> Iterator[str]:
    for name, side in (("before", report.before), ("after", report.after)):
        yield from wrap(terminal.shown(f"{name}: {_side(side)}"), terminal.width, hang="  ")
    other = report.other_requests
    if other.jobs:
        fields = ", ".join(f"{name} ({jobs:,})" for name, jobs in other.fields.items())
        words = f"{count(other.jobs, 'job')} in the same place of both with another request, not compared: {fields}"
        yield from wrap(terminal.shown(words), terminal.width, hang="  ")
    if report.models:
        yield ""
        yield from draw_models(report.models, "same image", terminal)
    yield from draw_changed(report.changed, terminal)
    if report.effort:
        yield ""
        yield from _effort(report, terminal)


def _side(side: "RunSide") -> str:
    parts = [side.folder, *([f"catalog {side.catalog}"] if side.catalog else [])]
    if side.first_at is not None and side.last_at is not None:
        first, last = _day(side.first_at), _day(side.last_at)
        parts.append(first if first == last else f"{first} to {last}")
    if side.alone:
        parts.append(f"{count(side.alone, 'complete job')} that the other does not have")
    return ", ".join(parts)


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _effort(report: "DriftReport", terminal: Terminal) -> list[str]:
    columns = [Column("model", gives_way=True), Column("jobs", right=True)]
    columns += [Column(title, right=True) for title in ("USD a job", "now", "seconds", "now")]
    rows = [
        [
            model,
            f"{effort.jobs:,}",
            _usd(effort.usd_before),
            _usd(effort.usd_after),
            _seconds(effort.seconds_before),
            _seconds(effort.seconds_after),
        ]
        for model, effort in report.effort.items()
    ]
    return draw_table(columns, rows, terminal)


def _usd(amount: float) -> str:
    return f"{amount:.6f}".rstrip("0").rstrip(".")


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _verdict(report: "DriftReport") -> str:
    if report.compared:
        return f"{count(report.compared, 'job')} of the {report.common:,} that both have compared"
    if not report.common:
        return (
            "nothing can be compared: no request is in both; a job is known by its request, so a changed prompt, seed "
            "or field makes another one"
        )
    return f"nothing can be compared of the {count(report.common, 'request')} that both have: see above"
