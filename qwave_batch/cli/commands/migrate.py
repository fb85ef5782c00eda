"""``qwave-batch migrate``: a spec follows the API to another catalog."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from shlex import quote

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.problems import draw_problems
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.next_steps import worded
from qwave_batch.cli.options import add_reading, catalogs_of
from qwave_batch.errors import QwaveError, UsageError
from qwave_batch.model.problem import Problem

USAGE = "SPEC --to DATE [options]"
_STDOUT = "-"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("spec", metavar="SPEC", type=a_path, help="a spec file")
    parser.add_argument("--to", metavar="DATE", required=True, help="the catalog to follow, such as 2026-10")
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        help="write to this new file instead, or with - to stdout; the spec itself stays",
    )
    parser.add_argument(
        "--use",
        metavar="OLD=NEW",
        action="append",
        default=[],
        help="take NEW instead of the model OLD; an empty NEW takes the model out; may be given again",
    )
    parser.add_argument(
        "--drop",
        metavar="FIELD",
        action="append",
        default=[],
        help="take a request field out wherever it is set; may be given again",
    )
    add_reading(parser)


def execute(args: Namespace, console: Console) -> int:
    """Rewrite the spec; 1 where something in it is left to its author."""
    if args.spec.suffix == ".jsonl":
        raise UsageError(f"{args.spec} is a saved plan, and not a spec; migrate the spec, and plan it again")
    done = qb.plans.migrate_spec(
        args.spec,
        to=args.to,
        use=_decided(args.use),
        drop=args.drop,
        overrides=args.overrides,
        allow_read=args.allow_read,
        catalogs=catalogs_of(args),
    )
    if args.out == _STDOUT:
        console.write(done.text.decode("utf-8"))
    else:
        qb.plans.write_migration(done, args.spec, args.out)
    _tell(args, done, console)
    return QwaveError.exit_status if done.open else 0


def _decided(arguments: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for argument in arguments:
        old, sign, new = (part.strip() for part in argument.partition("="))
        if not old or not sign:
            raise UsageError(f"--use {quote(argument)} does not read OLD=NEW, the names of two models")
        if old in found:
            raise UsageError(f"--use names {old} twice; leave one of them out")
        found[old] = new
    return found


def _placed(problem: Problem, args: Namespace) -> Problem:
    """Return a problem at its place in the file that was written."""
    place = problem.place
    if args.out not in {None, _STDOUT} and place is not None and place.file == str(args.spec):
        problem = replace(problem, place=replace(place, file=args.out))
    return worded(problem)


def _tell(args: Namespace, done: "qb.plans.Migration", console: Console) -> None:
    terminal = console.err
    for change in done.changes:
        now = f"{change.old} -> {change.new}" if change.new and change.old else change.new or f"{change.old}, taken out"
        line = f"{change.place}  {change.path}: {now if change.old else f'{change.new}, added'}"
        console.say(*wrap(terminal.shown(line), terminal.width, hang="    "))
    where = "" if args.out in {None, _STDOUT} else f", in {args.out}"
    head = f"{args.spec}: {count(len(done.changes), 'change')} to catalog {done.catalog}{where}"
    console.say(*wrap(terminal.shown(head), terminal.width, hang="    "))
    if done.open:
        problems = [_placed(problem, args) for problem in done.open]
        console.say("", *draw_problems(problems, terminal))
        hint = "decide with --use OLD=NEW or --drop FIELD, or in an editor; all of this stands as it was"
        console.say(*wrap(hint, terminal.width))
    elif done.warnings:
        console.say("", *draw_problems([worded(problem) for problem in done.warnings], terminal))
