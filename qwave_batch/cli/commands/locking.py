"""``qwave-batch lock``: writes down what a spec comes to, so that a later run can be held to it."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.options import add_reading, catalogs_of
from qwave_batch.cli.plan_notes import say_warnings

USAGE = "SPEC [-o FILE] [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("source", metavar="SPEC", help="a spec")
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        type=a_path,
        help="the lock, whose name ends in .lock.json; else beside the spec, tea.lock.json for tea.yaml",
    )
    add_reading(parser)


def execute(args: Namespace, console: Console) -> int:
    """Plan the spec and write its lock."""
    plan = qb.plans.open_plan(
        args.source, overrides=args.overrides, allow_read=args.allow_read, catalogs=catalogs_of(args)
    )
    say_warnings(plan, console)
    path, lock = qb.reproductions.write_lock(plan, args.out)
    held = [count(lock.jobs.count, "job"), count(lock.files.count, "file")]
    held += [count(lock.images.count, "image")] if lock.images.count else []
    console.say(console.err.shown(f"wrote {path}: {', '.join(held)}, catalog {lock.catalog.date}"))
    return 0
