"""``qwave-batch check``: what spoils a dataset."""

from argparse import Namespace
from contextlib import ExitStack

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.check_view import draw_checks, draw_findings
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.executor_options import add_executor, read_executor
from qwave_batch.cli.options import FINDING_KINDS, a_list_of_kinds, add_json, read_where

USAGE = "DIR [options]"

FOUND = 1
"""The exit status when something was found."""
_MOST_NEAR = 10


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=a_path, help="a run folder")
    parser.add_argument(
        "--only",
        metavar="KIND,...",
        type=a_list_of_kinds,
        default=FINDING_KINDS,
        help=f"show findings of these kinds only: {', '.join(FINDING_KINDS)}; all are looked for and written",
    )
    parser.add_argument(
        "--where",
        metavar="EXPR",
        help="show findings of these lines only, such as \"model == 'z-image-turbo'\"; all are compared and written",
    )
    parser.add_argument(
        "--near",
        metavar="BITS",
        type=whole_number(minimum=0, maximum=_MOST_NEAR),
        help="how many bits of 64 the perceptual hashes of near duplicates may differ in; 4 without it",
    )
    add_executor(parser)
    add_json(parser, "the findings")


def execute(args: Namespace, console: Console) -> int:
    """Check the folder; 0 when nothing was found."""
    where, executor = read_where(args), read_executor(args)
    run = qb.folders.open_run(args.folder)
    with ExitStack() as stack:
        with work_bar(console, "checking") as on_work:
            report = stack.enter_context(run.check(near=args.near, where=where, on_work=on_work, executor=executor))
        kinds = [kind for kind in qb.folders.FindingKind if kind in args.only]
        found = sum(report.counts.by_kind[kind] for kind in kinds)
        if args.json:
            console.print_json([each.finding.as_json() for each in report.findings(kinds)])
        else:
            console.say(*draw_findings(report, kinds, console.err))
            console.print(draw_checks(report, kinds, console.out))
        if report.unwritten is not None:
            text = f"checks.jsonl was not written, so exports can't leave out what was found: {report.unwritten}"
            console.say(*wrap(console.err.shown(text), console.err.width))
    return FOUND if found else 0
