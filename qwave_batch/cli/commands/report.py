"""``qwave-batch report``: a page to look at the images of run folders."""

import webbrowser
from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.report_view import draw_report
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.options import add_json

USAGE = "DIR... [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folders", metavar="DIR", nargs="+", help="run folders, live or ended, or addresses of stores")
    parser.add_argument("-o", dest="out", metavar="OUT", type=a_path, help="the report's folder; else DIR/report")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    add_json(parser, "what was written")


def execute(args: Namespace, console: Console) -> int:
    """Write the report; 0 when it is there."""
    request = qb.reports.ReportRequest(folders=tuple(args.folders), out=args.out)
    with work_bar(console, "reporting") as on_work:
        written = qb.reports.write_report(request, on_work)
    if args.json:
        console.print_json(written.as_json())
    console.say(*draw_report(written, console.err))
    if args.open:
        webbrowser.open(written.page.as_uri())
    return 0
