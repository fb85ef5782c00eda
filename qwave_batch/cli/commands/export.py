"""``qwave-batch export``: a dataset made of run folders."""

from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.export_view import draw_export
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.options import add_json
from qwave_batch.errors import UsageError

if TYPE_CHECKING:
    from qwave_batch.exports import ImageChange

USAGE = "DIR... --to FORMAT OUT [options]"

INCOMPLETE = 1
"""The exit status of an export without some of the images that were asked for."""


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.takes_mixed = True
    parser.add_argument("folders", metavar="DIR", nargs="+", help="run folders, live or ended; then OUT")
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        required=True,
        help="parquet, csv or jsonl: OUT is a file",
    )
    parser.add_argument(
        "--where",
        metavar="EXPR",
        help="only images that this is true of, such as \"model == 'gpt-image-2' and 'night' in tags\"",
    )
    parser.add_argument(
        "--split",
        metavar="RULE",
        help="train=0.7,test=0.3 by prompts; tag:train,test by tags; axis:NAME by the values of an axis",
    )
    parser.add_argument(
        "--split-seed", metavar="N", type=whole_number(minimum=0), help="shuffles the prompts for shares; else 0"
    )
    add_image_options(parser)
    parser.add_argument("--files", metavar="MODE", default="copy", help="copy (without it), link or symlink images")
    parser.add_argument("--no-images", action="store_true", help="parquet: paths in place of the images themselves")
    parser.add_argument("--json-files", action="store_true", help="sidecar: also a JSON file beside each image")
    parser.add_argument("--with-failed", action="store_true", help="also a row for each job without an image")
    add_json(parser, "what was exported")


def add_image_options(parser: Parser) -> None:
    """Add the options that say which images are left out and how the others are changed."""
    parser.add_argument("--drop", metavar="KIND,...", help="leave out what `check` found, such as blank,near_duplicate")
    parser.add_argument("--image", metavar="FORM", default="keep", help="keep (without it), png, jpeg or webp")
    parser.add_argument(
        "--quality", metavar="N", type=whole_number(minimum=1, maximum=100), help="of jpeg and webp; else 95"
    )
    parser.add_argument(
        "--max-size", metavar="PIXELS", type=whole_number(minimum=1), help="make larger images smaller: the longer side"
    )
    parser.add_argument("--card", metavar="FILE", type=a_path, help="the author's words about the dataset, in YAML")


def execute(args: Namespace, console: Console) -> int:
    """Export; 0 when every image that was asked for is there."""
    exports = qb.exports
    *folders, out = args.folders
    if not folders:
        raise UsageError("name the run folders, then the place of the export: DIR... --to FORMAT OUT")
    request = exports.ExportRequest(
        folders=tuple(folders),
        format=args.to,
        out=a_path(out),
        where=args.where,
        split=exports.read_split(args.split, seed=args.split_seed),
        image=exports.ImageChange(
            form=exports.ImageForm.named(args.image), quality=args.quality, max_size=args.max_size
        ),
        files=exports.FileMode.named(args.files),
        drop=frozenset(filter(None, (kind.strip() for kind in (args.drop or "").split(",")))),
        card=args.card,
        has_failed=args.with_failed,
        has_images=not args.no_images,
        has_json=args.json_files,
    )
    with work_bar(console, "exporting") as show:
        report = exports.export_folders(request, show)
    if args.json:
        console.print_json(report.as_json())
    console.say(*draw_export(report, console.err))
    return 0 if report.is_complete else INCOMPLETE


def _change(args: Namespace) -> "ImageChange":
    form = qb.exports.ImageForm.named(args.image)
    return qb.exports.ImageChange(form=form, quality=args.quality, max_size=args.max_size)
