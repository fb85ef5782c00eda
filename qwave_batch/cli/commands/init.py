"""``qwave-batch init``: a first spec that runs as it is."""

from argparse import Namespace
from pathlib import Path

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console

USAGE = "[DIR]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", type=a_path, default=Path(), help="where to write it; else here"
    )


def execute(args: Namespace, console: Console) -> int:
    """Write the spec and say what to do with it."""
    spec = qb.plans.write_first_spec(args.folder)
    shown = console.err.shown(str(spec))
    console.say(
        f"wrote {shown}, and beside it the schema that editors check it with",
        "",
        f"  qwave-batch plan {shown}            what would be made",
        f"  qwave-batch run {shown} --simulate  makes it without a key",
    )
    return 0
