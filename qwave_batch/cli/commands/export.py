"""``qwave-batch export``: a dataset made of run folders."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.export_view import draw_export
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.executor_options import add_executor, read_executor
from qwave_batch.cli.export_options import (
    INCOMPLETE,
    add_failed_option,
    add_image_options,
    add_row_options,
    read_export_request,
)
from qwave_batch.cli.options import add_catalog_path, add_json, catalogs_of
from qwave_batch.errors import UsageError

USAGE = "DIR... --to FORMAT OUT [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.takes_mixed = True
    parser.add_argument("folders", metavar="DIR", nargs="+", help="run folders, live or ended; then OUT")
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        required=True,
        help="hf, croissant, webdataset, sidecar, pairs or preferences: OUT is a folder; parquet, csv or jsonl: OUT is "
        "a file, and so it is for preferences where it ends in .jsonl",
    )
    add_row_options(parser)
    add_image_options(parser)
    parser.add_argument("--no-images", action="store_true", help="parquet: paths in place of the images themselves")
    parser.add_argument("--json-files", action="store_true", help="sidecar: also a JSON file beside each image")
    add_failed_option(parser)
    add_executor(parser)
    add_catalog_path(parser)
    add_json(parser, "what was exported")


def execute(args: Namespace, console: Console) -> int:
    """Export; 0 when every image that was asked for is there."""
    *folders, out = args.folders
    if not folders:
        raise UsageError("name the run folders, then the place of the export: DIR... --to FORMAT OUT")
    request = read_export_request(
        args,
        folders=folders,
        form=args.to,
        out=a_path(out),
        has_images=not args.no_images,
        has_json=args.json_files,
    )
    executor = read_executor(args)
    with work_bar(console, "exporting") as show:
        report = qb.exports.export_folders(request, show, catalogs=catalogs_of(args), executor=executor)
    if args.json:
        console.print_json(report.as_json())
    console.say(*draw_export(report, console.err))
    return 0 if report.is_complete else INCOMPLETE
