"""``qwave-batch bench import``: a benchmark's own prompt files become a spec."""

from argparse import Namespace
from collections.abc import Sequence
from shlex import quote

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.bench_view import draw_import
from qwave_batch.cli.options import add_catalog, add_json, catalogs_of
from qwave_batch.errors import UsageError

_HIGHEST_SEED = 2_000_000_000


def add_import_action(command: Parser) -> None:
    """Add the action with its arguments."""
    parser = command.add_action(
        "import", usage="NAME FILES... -o SPEC [options]", summary="make a spec of a benchmark's own prompt files"
    )
    parser.set_defaults(act=_execute)
    parser.takes_mixed = True
    parser.add_argument("name", metavar="NAME", help="the benchmark, as `bench list` names it")
    parser.add_argument(
        "files",
        metavar="FILES",
        nargs="+",
        type=a_path,
        help="a checkout of its repository, a folder, or its files",
    )
    parser.add_argument("-o", "--out", metavar="SPEC", required=True, type=a_path, help="the spec to write")
    parser.add_argument(
        "--model",
        dest="models",
        metavar="MODEL",
        action="append",
        default=[],
        help="a model of the spec; may be given again; else the cheapest that fits",
    )
    parser.add_argument(
        "--part",
        dest="parts",
        metavar="PART",
        action="append",
        default=[],
        help="only this part, such as zh; may be given again; else all that one scorer reads together",
    )
    parser.add_argument(
        "--column",
        dest="columns",
        metavar="OURS=THEIRS",
        action="append",
        default=[],
        help="the name that your files have for a column, such as prompt=Text; may be given again",
    )
    parser.add_argument(
        "--first-seed",
        metavar="N",
        type=whole_number(minimum=0, maximum=_HIGHEST_SEED),
        default=0,
        help="the seed of the first image; the others follow it; else 0",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files of the same names that have another content"
    )
    add_catalog(parser)
    add_json(parser, "what was imported")


def _execute(args: Namespace, console: Console) -> int:
    """Import; 0 when the spec is written."""
    benches = qb.benches
    request = benches.BenchImportRequest(
        benchmark=args.name,
        files=tuple(args.files),
        out=args.out,
        models=tuple(args.models),
        parts=tuple(args.parts),
        columns=_named_columns(args.columns),
        first_seed=args.first_seed,
        catalog=args.catalog or "",
        overwrites=args.overwrite,
    )
    report = benches.import_benchmark(request, catalogs=catalogs_of(args))
    if args.json:
        console.print_json(report.as_json())
    console.say(*draw_import(report, console.err))
    return 0


def _named_columns(arguments: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for argument in arguments:
        ours, sign, theirs = argument.partition("=")
        if not ours or not theirs or not sign:
            raise UsageError(f"--column {quote(argument)} does not read OURS=THEIRS, such as prompt=Text")
        if ours in found:
            raise UsageError(f"--column names {ours} twice; leave one of them out")
        found[ours] = theirs
    return found
