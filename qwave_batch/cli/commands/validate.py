"""``qwave-batch validate``: every problem of every spec, all at once."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, one_of
from qwave_batch.cli.console import Console, bug_sentence
from qwave_batch.cli.drawing.problems import draw_annotations, draw_problems
from qwave_batch.cli.next_steps import worded
from qwave_batch.cli.options import add_reading, catalogs_of
from qwave_batch.cli.plan_notes import say_samples
from qwave_batch.errors import QwaveError, SpecError, UsageError
from qwave_batch.model.problem import Problem, SourcePlace

if TYPE_CHECKING:
    from qwave_batch.plans import SpecCheck

USAGE = "SPEC... [options]"

FORMATS = ("text", "json", "github")


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("specs", metavar="SPEC", nargs="+", help="a spec file")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        type=one_of("format", FORMATS),
        default="text",
        help="text, json (a list of problems) or github (annotations for its CI)",
    )
    add_reading(parser)


def execute(args: Namespace, console: Console) -> int:
    """Check all specs; 2 when any of them has an error, 1 when one meets a bug of ours."""
    for spec in args.specs:
        if Path(spec).suffix == ".jsonl":
            raise UsageError(
                f"{spec} is a saved plan, and not a spec: plan checked it; `qwave-batch run {quote(str(spec))}` runs it"
            )
    catalogs = catalogs_of(args)
    found: dict[str, SpecCheck] = {}
    status = 0
    for spec in args.specs:
        try:
            found[spec] = qb.plans.examine_spec(
                spec, overrides=args.overrides, allow_read=args.allow_read, catalogs=catalogs
            )
        except QwaveError as error:
            found[spec] = qb.plans.SpecCheck((Problem(message=str(error), place=SourcePlace(spec)),))
            status = status or error.exit_status
        except Exception as error:  # noqa: BLE001  # a bug that one file meets must not hide what is said of the others
            found[spec] = qb.plans.SpecCheck((Problem(message=bug_sentence(error, console), place=SourcePlace(spec)),))
            status = QwaveError.exit_status
    problems = [problem for check in found.values() for problem in check.problems]
    match args.format:
        case "json":
            console.print_json([worded(problem).as_json() for problem in problems])
        case "github":
            console.print(draw_annotations(problems))
        case _:
            _tell(found, problems, console)
    return status or (SpecError.exit_status if any(map(_is_error, problems)) else 0)


def _tell(found: "Mapping[str, SpecCheck]", problems: Sequence[Problem], console: Console) -> None:
    terminal = console.err
    for spec, check in found.items():
        if check.plan is not None:
            console.say(f"{terminal.shown(spec)}: {terminal.paint('all right', 'green')}")
            say_samples(check.plan, console)
    console.say(*draw_problems(problems, terminal))


def _is_error(problem: Problem) -> bool:
    return problem.severity == "error"
