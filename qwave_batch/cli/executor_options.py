"""``--executor``, ``--workers`` and ``--ray-address``: where the work on images is done."""

from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, one_of, whole_number
from qwave_batch.errors import UsageError
from qwave_batch.model.executor import MOST_WORKERS

if TYPE_CHECKING:
    from qwave_batch.runs import RayExecutor

_LOCAL, _RAY = "local", "ray"
_WORDS = {"workers": "--workers", "ray_address": "--ray-address"}


def add_executor(parser: Parser) -> None:
    """Add the options of the executor."""
    parser.add_argument(
        "--executor",
        metavar="local|ray",
        default=_LOCAL,
        type=one_of("executor", (_LOCAL, _RAY)),
        help="where the work on images is done: by this process, or by Ray",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=whole_number(minimum=1, maximum=MOST_WORKERS),
        help="with Ray: so many workers; else one a processor",
    )
    parser.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help="a Ray that runs; else RAY_ADDRESS, else one on this machine that ends with the command",
    )


def read_executor(args: Namespace) -> "RayExecutor | None":
    """Return the Ray that was asked for; None if the work is done here.

    Raises:
        UsageError: an option of Ray stands without it.
    """
    if args.executor == _RAY:
        if args.ray_address == "":
            raise UsageError("--ray-address: it is empty; name a Ray, such as 10.0.0.1:6379 or auto, or leave it out")
        return qb.runs.RayExecutor(workers=args.workers, address=args.ray_address)
    for name, option in _WORDS.items():
        if getattr(args, name) is not None:
            raise UsageError(f"{option} is for Ray: add --executor ray, or leave it out")
    return None
