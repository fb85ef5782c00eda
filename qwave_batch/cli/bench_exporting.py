"""``qwave-batch bench export``: run folders as the scorer of a benchmark reads them."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, one_of, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.bench_export_view import draw_bench_export
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.options import add_catalog_path, add_json, catalogs_of
from qwave_batch.errors import UsageError

INCOMPLETE = 1
"""The exit status where images are missing and nothing was exported."""
MISSING = ("fail", "black", "skip")
SQUARES = ("crop", "pad")


def add_export_action(parser: Parser) -> None:
    """Add the action ``export``."""
    action = parser.add_action(
        "export",
        usage="NAME DIR... OUT [options]",
        summary="make the folder that the benchmark's scorer reads",
    )
    action.takes_mixed = True
    action.add_argument("name", metavar="NAME", help="the benchmark: one of `bench list`")
    action.add_argument("folders", metavar="DIR", nargs="+", help="run folders, live or ended; then OUT")
    action.add_argument("--model", metavar="MODEL", help="only this model, into OUT itself; else each into OUT/MODEL")
    action.add_argument(
        "--together", action="store_true", help="all models in OUT itself, where the layout holds their names"
    )
    action.add_argument(
        "--missing",
        metavar="RULE",
        default="fail",
        type=one_of("rule for missing images", MISSING),
        help="fail (without it): name them and export nothing; black: a black picture or tile; skip: leave it out",
    )
    action.add_argument(
        "--where", metavar="EXPR", help="only jobs that this is true of, such as \"axes['resolution'] == '1k'\""
    )
    action.add_argument(
        "--side",
        metavar="PIXELS",
        type=whole_number(minimum=1),
        help="of each tile of a grid; else the shorter side of most images of the model",
    )
    action.add_argument(
        "--square",
        metavar="RULE",
        default="crop",
        type=one_of("rule for squares", SQUARES),
        help="how an image becomes a square tile: crop (without it) its middle, or pad it with black",
    )
    action.add_argument(
        "--root", metavar="PATH", help="start of the paths in a list of pictures, such as OUT's place at the scorer"
    )
    add_catalog_path(action)
    add_json(action, "what was exported, and what is missing")
    action.set_defaults(act=execute_export)


def execute_export(args: Namespace, console: Console) -> int:
    """Export; 0 when OUT is what was asked for."""
    *folders, out = args.folders
    if not folders:
        raise UsageError("name the benchmark, the run folders, then the folder to make: NAME DIR... OUT")
    benches = qb.benches
    request = benches.BenchExportRequest(
        benchmark=args.name,
        folders=tuple(folders),
        out=a_path(out),
        model=args.model,
        is_shared=args.together,
        missing=benches.MissingRule(args.missing),
        where=args.where,
        side=args.side,
        square=benches.SquareRule(args.square),
        root=args.root,
    )
    with work_bar(console, "exporting", unit="picture") as show:
        report = benches.export_benchmark(request, show, catalogs=catalogs_of(args))
    if args.json:
        console.print_json(report.as_json())
    console.say(*draw_bench_export(report, console.err))
    return 0 if report.is_complete else INCOMPLETE
