"""``qwave-batch catalog diff``: what the API changed from one catalog to another."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, one_of
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.catalog_diff_view import draw_catalog_diff, markdown_catalog_diff
from qwave_batch.cli.options import add_catalog_path, add_json, catalogs_of
from qwave_batch.errors import UsageError

USAGE = "diff OLD NEW [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("action", metavar="diff", type=one_of("action", ("diff",)), help="compare two catalogs")
    parser.add_argument("old", metavar="OLD", help="the date of the older catalog, such as 2026-05")
    parser.add_argument("new", metavar="NEW", help="the date of the newer catalog, such as 2026-10")
    add_catalog_path(parser)
    add_json(parser, "the difference")
    parser.add_argument("--markdown", action="store_true", help="print it as Markdown, to paste into a pull request")


def execute(args: Namespace, console: Console) -> int:
    """Print what differs; a difference is not a failure."""
    if args.json and args.markdown:
        raise UsageError("--json and --markdown print the same thing in two forms; leave one of them out")
    found = qb.catalog.compare_catalogs(args.old, args.new, catalogs=catalogs_of(args))
    if args.json:
        console.print_json(found.as_json())
    elif args.markdown:
        console.print(markdown_catalog_diff(found))
    else:
        console.print(draw_catalog_diff(found, console.out))
    return 0
