"""``qwave-batch gate``: a run folder held to rules, for a CI."""

from argparse import Namespace
from pathlib import Path

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.gate_view import draw_gate
from qwave_batch.cli.options import add_json

USAGE = "DIR [options]"

FAILED = 1
"""The exit status when a rule failed."""
CONFIG = "gate.yaml"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", help="a run folder, or the address of a store")
    parser.add_argument(
        "--config", metavar="FILE", type=a_path, default=Path(CONFIG), help=f"the rules; without it {CONFIG}"
    )
    parser.add_argument(
        "--junit", metavar="FILE", type=a_path, help="also write the outcome as JUnit XML; an older file is replaced"
    )
    add_json(parser, "the outcome of each rule")


def execute(args: Namespace, console: Console) -> int:
    """Hold the folder to the rules; 0 when it passes all, 1 when it does not."""
    report = qb.gates.gate_folder(args.folder, args.config, junit=args.junit)
    if args.json:
        console.print_json(report.as_json())
    else:
        console.print(draw_gate(report, console.out))
    return 0 if report.is_passed else FAILED
