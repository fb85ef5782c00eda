"""``qwave-batch simulator``: the embedded API on a port, until Ctrl-C."""

from argparse import Namespace
from contextlib import AbstractAsyncContextManager

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser, a_path, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.interrupts import on_interrupt
from qwave_batch.cli.options import add_catalog, catalog_date, catalog_named, catalogs_of

USAGE = "[options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument(
        "--port",
        metavar="PORT",
        type=whole_number(minimum=0, maximum=65_535),
        default=8377,
        help="where to listen on 127.0.0.1; 0 takes a free port; else 8377",
    )
    parser.add_argument(
        "--latency",
        metavar="TIME",
        default="lognormal(1,0.35)",
        help="how long tasks take: seconds (2), a range (1..4), normal(2,0.3) or lognormal(2,0.35)",
    )
    parser.add_argument("--rpm", metavar="N", type=whole_number(minimum=1), help="at most N submits in any 60 seconds")
    parser.add_argument(
        "--faults",
        metavar="FAULTS",
        default="",
        help="what goes wrong and how often, such as drop_after=0.05,poll.http500=10%%",
    )
    parser.add_argument(
        "--dialect", metavar="NAME", default="september", help="the API's documents to follow: may or september"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="another seed, another course of events")
    parser.add_argument(
        "--state", metavar="FILE", type=a_path, help="keep the tasks in this file, so that they survive a restart"
    )
    add_catalog(parser)


def execute(args: Namespace, console: Console) -> int:
    """Serve until Ctrl-C, which is how it ends well."""
    simulated = qb.connections.Simulated(
        latency=args.latency,
        faults=args.faults,
        requests_per_minute=args.rpm,
        dialect=args.dialect,
        seed=args.seed,
    )
    catalogs = catalogs_of(args)
    served = qb.simulations.serve_simulator(
        simulated, port=args.port, state_path=args.state, catalog=catalog_date(args, catalogs), catalogs=catalogs
    )
    lazy.asyncio.run(_serve(served, catalog_named(args, catalogs), console))
    return 0


async def _serve(served: AbstractAsyncContextManager[str], rules: str, console: Console) -> None:
    ended = lazy.asyncio.Event()
    with on_interrupt(ended.set):
        async with served as base_url:
            console.print([base_url])
            console.say(
                "the embedded API listens there, and takes any key; Ctrl-C ends it",
                f"it judges requests by {rules}",
                f"  QWAVE_API_KEY=any qwave-batch run SPEC --base-url {base_url}",
            )
            await ended.wait()
