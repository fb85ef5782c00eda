"""``qwave-batch push``: a dataset made of run folders, on the Hub."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.export_view import draw_export
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.export_options import (
    INCOMPLETE,
    add_failed_option,
    add_image_options,
    add_row_options,
    read_export_request,
)
from qwave_batch.cli.options import add_catalog_path, add_json, catalogs_of
from qwave_batch.errors import UsageError

if TYPE_CHECKING:
    from qwave_batch.pushes import HubDataset, Pushed

USAGE = "DIR... ADDRESS [options]"

_ADDRESS = "hf://datasets/OWNER/NAME"
_OUTS = "pushes"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.takes_mixed = True
    parser.add_argument("folders", metavar="DIR", nargs="+", help=f"run folders, live or ended; then {_ADDRESS}")
    add_row_options(parser)
    add_image_options(parser)
    add_failed_option(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=a_path,
        help=f"where the dataset is made first, and kept for the next push; else {_OUTS}/OWNER/NAME",
    )
    parser.add_argument("--private", action="store_true", help="a new repository is private, and one that is there is")
    parser.add_argument("--revision", metavar="BRANCH", help="the branch, made where it is missing; else main")
    parser.add_argument(
        "--overwrite", action="store_true", help="also replace files that no push has put there, such as an edited card"
    )
    add_catalog_path(parser)
    add_json(parser, "what was pushed")


def execute(args: Namespace, console: Console) -> int:
    """Push; 0 when the repository holds every image that was asked for."""
    pushes = qb.pushes
    *folders, address = args.folders
    dataset = pushes.read_hub_address(address)
    if not folders:
        raise UsageError(f"name the run folders, then the place on the Hub: DIR... {_ADDRESS}")
    export = read_export_request(args, folders=folders, form="hf", out=args.out or _place_of(dataset))
    request = pushes.PushRequest(
        export=export,
        dataset=dataset,
        revision=args.revision,
        options=pushes.PushOptions(is_private=args.private, overwrites=args.overwrite),
        catalogs=catalogs_of(args),
    )
    with work_bar(console, "exporting") as on_export, work_bar(console, "uploading", unit="file") as on_push:
        report = pushes.push_folders(
            request,
            console.environ,
            on_export=on_export,
            on_push=on_push,
            on_wait=lambda why: console.say(console.err.shown(why)),
        )
    if args.json:
        console.print_json(report.as_json())
    console.say(*draw_export(report.export, console.err), *_draw(report.pushed, console.err))
    return 0 if report.export.is_complete else INCOMPLETE


def _place_of(dataset: "HubDataset") -> Path:
    return a_path(f"{_OUTS}/{dataset.repo_id}")


def _draw(pushed: "Pushed", terminal: Terminal) -> list[str]:
    place = f"{pushed.dataset}" + ("" if pushed.revision == "main" else f", branch {pushed.revision}")
    if not pushed.commits:
        return wrap(terminal.shown(f"{place} holds this already: nothing was committed"), terminal.width, hang="  ")
    changes = [f"{pushed.uploaded:,} uploaded", f"{pushed.unchanged:,} unchanged"]
    changes += [f"{pushed.deleted:,} deleted"] if pushed.deleted else []
    verdict = terminal.paint(f"pushed to {terminal.shown(place)}", "green")
    return [
        f"{verdict} as {terminal.shown(pushed.user)}",
        *wrap(f"files: {', '.join(changes)}; {count(len(pushed.commits), 'commit')}", terminal.width, indent="  "),
        f"  {terminal.shown(pushed.url)}",
    ]
