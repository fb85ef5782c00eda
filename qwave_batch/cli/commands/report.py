"""``qwave-batch report``: a page to look at the images of run folders."""

from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.report_view import draw_figures_written, draw_report, draw_sheet_written
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.executor_options import add_executor, read_executor
from qwave_batch.cli.options import add_json
from qwave_batch.cli.report_serving import add_serving, check_serving, open_in_browser, serve_until_stopped
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json

if TYPE_CHECKING:
    from qwave_batch.runs import RayExecutor

USAGE = "DIR... [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folders", metavar="DIR", nargs="+", help="run folders, live or ended, or addresses of stores")
    parser.add_argument("-o", dest="out", metavar="OUT", type=a_path, help="the report's folder; else DIR/report")
    add_serving(parser)
    drawn = parser.add_argument_group("pictures instead of the page", "with -o, --open or --serve the page is made too")
    figures = "write latency, failures, cost and the rest as SVG and PNG for a paper, and as CSV"
    drawn.add_argument("--figures", metavar="FOLDER", type=a_path, help=figures)
    sheet = "draw the grid as one picture with labels: a .png, or a .pdf of several pages"
    drawn.add_argument("--sheet", metavar="FILE", type=a_path, help=sheet)
    drawn.add_argument("--view", metavar="FRAGMENT", help="the grid of the sheet: what follows # in the page's address")
    cell = "the longer side of an image on the sheet; else 256, on pages 300"
    drawn.add_argument("--cell", metavar="PIXELS", type=whole_number(minimum=1), help=cell)
    drawn.add_argument("--font", metavar="FILE", type=a_path, help="a font for the sheet that comes before all others")
    add_executor(parser)
    add_json(parser, "what was written")


def execute(args: Namespace, console: Console) -> int:
    """Write the report, or what is asked for instead; 0 when it is there."""
    check_sheet_options(args)
    check_serving(args)
    executor = read_executor(args)
    makes_page = args.out is not None or args.open or args.serve or (args.figures is None and args.sheet is None)
    if executor is not None and not makes_page:
        raise UsageError("--executor is about the page's thumbnails: name its folder with -o, or leave it out")
    told: dict[str, Json] = {}
    if args.figures is not None:
        figures = qb.reports.draw_report_figures(args.folders, args.figures)
        told["figures"] = figures.as_json()
        console.say(*draw_figures_written(figures, console.err))
    if args.sheet is not None:
        request = qb.reports.SheetRequest(
            folders=tuple(args.folders), out=args.sheet, view=args.view or "", cell=args.cell, font=args.font
        )
        with work_bar(console, "drawing the sheet") as on_work:
            sheet = qb.reports.write_sheet(request, on_work)
        told["sheet"] = sheet.as_json()
        console.say(*draw_sheet_written(sheet, console.err))
    if makes_page:
        _show_page(args, executor, told, console)
    elif args.json:
        console.print_json(told)
    return 0


def check_sheet_options(args: Namespace) -> None:
    """Refuse options of a sheet that nobody asked for."""
    if args.sheet is None:
        for name in ("view", "cell", "font"):
            if getattr(args, name) is not None:
                raise UsageError(f"--{name} is about the contact sheet: name its file with --sheet FILE")


def _show_page(args: Namespace, executor: "RayExecutor | None", told: dict[str, Json], console: Console) -> None:
    request = qb.reports.ReportRequest(folders=tuple(args.folders), out=args.out)
    with work_bar(console, "reporting") as on_work:
        written = qb.reports.write_report(request, on_work, executor=executor)
    told |= written.as_json()
    console.say(*draw_report(written, console.err))
    if args.serve:
        serve_until_stopped(request, written, told, args, console)
        return
    if args.json:
        console.print_json(told)
    if args.open:
        open_in_browser(written.page.as_uri(), console)
