"""Options of the commands that make datasets: which rows, and what is done to their images."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, one_of, whole_number
from qwave_batch.cli.options import a_list_of_kinds

if TYPE_CHECKING:
    from qwave_batch.exports import ExportRequest

INCOMPLETE = 1
"""The exit status of a dataset without some of the images that were asked for."""


def add_row_options(parser: Parser) -> None:
    """Add the options that say which rows there are, and in which splits."""
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


def add_image_options(parser: Parser) -> None:
    """Add the options that say which images are left out and how the others are changed."""
    parser.add_argument(
        "--drop",
        metavar="KIND,...",
        type=a_list_of_kinds,
        default=(),
        help="leave out what `check` found, such as blank,near_duplicate",
    )
    parser.add_argument("--image", metavar="FORM", default="keep", help="keep (without it), png, jpeg or webp")
    parser.add_argument(
        "--quality", metavar="N", type=whole_number(minimum=1, maximum=100), help="of jpeg and webp; else 95"
    )
    parser.add_argument(
        "--max-size", metavar="PIXELS", type=whole_number(minimum=1), help="make larger images smaller: the longer side"
    )
    parser.add_argument(
        "--mark",
        dest="marks",
        metavar="KIND",
        action="append",
        default=[],
        type=one_of("mark", ("xmp", "a1111")),
        help="state in images that a model made them: xmp (IPTC) or a1111 (galleries); may be given again",
    )
    parser.add_argument(
        "--prompt-in-image", action="store_true", help="marks hold the prompt itself; else its hash, or nothing of it"
    )
    parser.add_argument("--card", metavar="FILE", type=a_path, help="the author's words about the dataset, in YAML")
    parser.add_argument("--files", metavar="MODE", default="copy", help="copy (without it), link or symlink images")


def add_failed_option(parser: Parser) -> None:
    """Add ``--with-failed``."""
    parser.add_argument("--with-failed", action="store_true", help="also a row for each job without an image")


def read_export_request(
    args: Namespace, *, folders: list[str], form: str, out: Path, has_images: bool = True, has_json: bool = False
) -> "ExportRequest":
    """Return the export that these options describe."""
    exports = qb.exports
    return exports.ExportRequest(
        folders=tuple(folders),
        format=form,
        out=out,
        where=args.where,
        split=exports.read_split(args.split, seed=args.split_seed),
        image=exports.ImageChange(
            form=exports.ImageForm(one_of("image form", exports.ImageForm)(args.image)),
            quality=args.quality,
            max_size=args.max_size,
            marks=frozenset(map(exports.ProvenanceMark, args.marks)),
            has_prompt=args.prompt_in_image,
        ),
        files=exports.FileMode(one_of("way of files", exports.FileMode)(args.files)),
        drop=frozenset(args.drop),
        card=args.card,
        has_failed=args.with_failed,
        has_images=has_images,
        has_json=has_json,
    )
