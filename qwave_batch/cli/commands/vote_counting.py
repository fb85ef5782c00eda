"""``qwave-batch votes``: the votes and picks of people, imported and counted."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.drawing.votes_view import draw_votes, words_of_import
from qwave_batch.cli.options import add_json

USAGE = "DIR [FILE...] [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", help="a run folder, or the address of a store")
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=a_path,
        help="votes and picks as the report's page exports them, to be merged into those of DIR; without any, those "
        "that are there are counted",
    )
    parser.add_argument("--axis", metavar="NAME", help="count the votes on this axis; else the one with the most votes")
    parser.add_argument(
        "--criterion", metavar="NAME", help="count the answers to this question, such as overall; else to all"
    )
    add_json(parser, "the result")


def execute(args: Namespace, console: Console) -> int:
    """Import and count; 0 when every line of the files was right."""
    asked = {"axis": args.axis, "criterion": args.criterion}
    if args.files:
        report = qb.votes.import_votes(args.folder, args.files, **asked)
    else:
        report = qb.votes.count_votes([args.folder], **asked)
    notes = [] if report.imported is None else words_of_import(report.imported)
    notes += [f"warning: {warning}" for warning in report.result.warnings]
    for note in notes:
        console.say(*wrap(console.err.shown(note), console.err.width, hang="    "))
    if args.json:
        console.print_json(report.as_json())
    else:
        console.print(draw_votes(report, console.out))
    return 0
