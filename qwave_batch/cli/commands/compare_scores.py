"""``qwave-batch compare-scores``: two folders, or two values of an axis, by their scores."""

from argparse import Namespace
from shlex import quote
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.comparison_view import draw_comparison
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.options import add_json, read_where
from qwave_batch.errors import UsageError

if TYPE_CHECKING:
    from qwave_batch.gates import AxisPair

USAGE = "A [B] [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("a", metavar="A", help="a run folder, or the address of a store")
    parser.add_argument(
        "b", metavar="B", nargs="?", help="the folder to compare with A; or leave it out, and name --axis"
    )
    parser.add_argument(
        "--axis",
        metavar="NAME=A,B",
        help="compare two values of an axis, such as model=imagen-4.0,gpt-image-2: in one folder, or one in each",
    )
    parser.add_argument(
        "--score",
        dest="scores",
        metavar="NAME",
        action="append",
        default=[],
        help="compare this score, such as ocr.cer, cost_usd or seconds; may be given again; without it, all scores of "
        "images that both have",
    )
    parser.add_argument("--by", metavar="GROUP", help="compare each group too: tag, model, or another axis")
    parser.add_argument(
        "--where", metavar="EXPR", help="compare these lines only, such as \"'text' in tags and repeat == 0\""
    )
    add_json(parser, "the comparison")


def execute(args: Namespace, console: Console) -> int:
    """Compare; 0 whatever the result is."""
    comparison = qb.gates.compare_scores(
        args.a,
        args.b,
        axis=None if args.axis is None else _axis(args.axis),
        scores=args.scores,
        by=args.by,
        where=read_where(args).where,
    )
    for warning in comparison.warnings:
        console.say(*wrap(console.err.shown(f"warning: {warning}"), console.err.width, hang="    "))
    if args.json:
        console.print_json(comparison.as_json())
    else:
        console.print(draw_comparison(comparison, console.out))
    return 0


def _axis(text: str) -> "AxisPair":
    axis, sign, values = text.partition("=")
    if not axis or not sign or "," not in values:
        raise UsageError(f"--axis {quote(text)} does not read NAME=A,B: an axis and two of its values")
    return qb.gates.AxisPair(axis, values)
