"""``qwave-batch bench``: public benchmarks in, and their images out."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser
from qwave_batch.cli.bench_exporting import add_export_action
from qwave_batch.cli.bench_importing import add_import_action
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.bench_view import draw_benchmark_table, draw_benchmarks
from qwave_batch.cli.options import add_json

USAGE = "ACTION [arguments]"


def configure(parser: Parser) -> None:
    """Name the actions and their arguments."""
    listing = parser.add_action(
        "list", usage="[NAME...] [options]", summary="list the benchmarks, their files and licenses"
    )
    listing.add_argument("names", metavar="NAME", nargs="*", help="tell all of this benchmark; else a line of each")
    add_json(listing, "the benchmarks")
    listing.set_defaults(act=_list)
    add_import_action(parser)
    add_export_action(parser)


def execute(args: Namespace, console: Console) -> int:
    """Do what the action says."""
    status: int = args.act(args, console)
    return status


def _list(args: Namespace, console: Console) -> int:
    benchmarks = [qb.benches.find_benchmark(name) for name in args.names or qb.benches.benchmark_names()]
    if args.json:
        console.print_json([benchmark.as_json() for benchmark in benchmarks])
    elif args.names:
        console.print(draw_benchmarks(benchmarks, console.out))
    else:
        console.print(draw_benchmark_table(benchmarks, console.out))
        console.say("", "qwave-batch bench list NAME tells the repository, the files and the license of one")
    return 0
