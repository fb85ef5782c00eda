"""``qwave-batch plan``: what would be made, and what it may cost."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from qwave_batch import api
from qwave_batch.cli.arguments import Parser
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.plan import draw_plan
from qwave_batch.cli.drawing.problems import draw_problems
from qwave_batch.cli.options import add_json, add_reading

if TYPE_CHECKING:
    from qwave_batch.api import AnyPlan

USAGE = "SPEC [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("source", metavar="SPEC", help="a spec, or a file that plan --out wrote")
    parser.add_argument(
        "--out", metavar="FILE.jsonl", type=Path, help="write the jobs there, a line each; run takes it as it stands"
    )
    add_json(parser, "the summary")
    add_reading(parser)


def execute(args: Namespace, console: Console) -> int:
    """Check the spec, write the plan where asked to, and show its figures."""
    plan = api.open_plan(args.source, overrides=args.overrides, allow_read=args.allow_read)
    if args.out:
        api.write_plan(plan, args.out)
    show_plan(plan, console, as_json=args.json)
    if args.out:
        console.say(f"wrote {console.err.shown(str(args.out))}")
    return 0


def show_plan(plan: "AnyPlan", console: Console, *, as_json: bool) -> None:
    """Print a plan's figures, and say what it warns of."""
    say_warnings(plan, console)
    if as_json:
        console.print_json(api.plan_summary(plan))
    else:
        console.print(draw_plan(plan, api.expected_seconds(plan), console.out))


def say_warnings(plan: "AnyPlan", console: Console) -> None:
    """Say what deserves a look in a plan that is valid."""
    if isinstance(plan, api.Plan):
        console.say(*draw_problems(plan.warnings, console.err))
