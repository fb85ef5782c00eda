"""``qwave-batch schema``: the JSON Schemas that everything is checked against."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser
from qwave_batch.cli.console import Console
from qwave_batch.cli.options import add_catalog, catalog_date, catalogs_of

USAGE = "[NAME] [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        default="spec",
        help="spec (the default), manifest, card, gate, catalog, overlay, or a model",
    )
    add_catalog(parser)


def execute(args: Namespace, console: Console) -> int:
    """Print the schema."""
    catalogs = catalogs_of(args)
    console.print_json(qb.catalog.json_schema(args.name, catalog=catalog_date(args, catalogs), catalogs=catalogs))
    return 0
