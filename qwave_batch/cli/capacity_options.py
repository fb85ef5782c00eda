"""The options of ``plan --capacity``: none of them means anything without it."""

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, amount, whole_number
from qwave_batch.errors import UsageError

if TYPE_CHECKING:
    from qwave_batch.plans import AnyPlan, Capacity

_ONLY_WITH_IT = {"workers": "--workers", "folder": "-o", "latency": "--latency", "bandwidth": "--bandwidth"}
_a_number = amount(above_zero=True)


def add_capacity(parser: Parser) -> None:
    """Add ``--capacity`` and what belongs to it."""
    parser.add_argument(
        "--capacity",
        action="store_true",
        help="show what bounds the run (rate, slots, line, processors, budget), and how many workers are worth having",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=whole_number(minimum=1, maximum=1_000_000),
        help="with --capacity: N workers do the image work; else the processors of this machine",
    )
    parser.add_argument(
        "-o",
        dest="folder",
        metavar="DIR",
        type=a_path,
        help="with --capacity: the run folder to measure in; else output.folder of the spec, else runs/NAME",
    )
    parser.add_argument(
        "--latency",
        metavar="[MODEL=]S",
        action="append",
        default=[],
        type=_a_latency,
        help="with --capacity: a task takes S seconds; else as measured in the folder, else 12; may be given again",
    )
    parser.add_argument(
        "--bandwidth",
        metavar="MBIT",
        type=_a_number,
        help="with --capacity: what the line carries, in megabits a second; else it is left out",
    )


def capacity_asked(args: Namespace, plan: "AnyPlan") -> "Capacity | None":
    """Return the capacity of a plan; None if it is not asked for.

    Raises:
        UsageError: ``--latency`` names a model that the plan does not have.
    """
    if not args.capacity:
        return None
    latency_s = dict(args.latency)
    for model in latency_s:
        if model and model not in plan.figures.by_model:
            raise UsageError(
                f'--latency names "{model}"; the models of the plan are {", ".join(plan.figures.by_model)}'
            )
    return qb.plans.plan_capacity(
        plan, folder=args.folder, latency_s=latency_s, mbit_per_s=args.bandwidth, workers=args.workers
    )


def refuse_idle_capacity_options(args: Namespace) -> None:
    """Raise for an option that ``--capacity`` alone reads."""
    if args.capacity:
        return
    given = [option for name, option in _ONLY_WITH_IT.items() if getattr(args, name)]
    if given:
        raise UsageError(f"{given[0]} says something of the capacity of a run; give --capacity too")


def _a_latency(text: str) -> tuple[str, float]:
    """Return a model and its seconds; an empty name for all models."""
    model, sign, seconds = text.rpartition("=")
    if sign and not model:
        raise ArgumentTypeError(f'"{text}" names no model before the "="')
    return model, _a_number(seconds)
