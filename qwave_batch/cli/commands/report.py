"""``qwave-batch report``: a page to look at the images of run folders."""

from argparse import Namespace

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.report_view import draw_report
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.options import add_json
from qwave_batch.cli.report_serving import add_serving, check_serving, open_in_browser, serve_until_stopped

USAGE = "DIR... [options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folders", metavar="DIR", nargs="+", help="run folders, live or ended, or addresses of stores")
    parser.add_argument("-o", dest="out", metavar="OUT", type=a_path, help="the report's folder; else DIR/report")
    add_serving(parser)
    add_json(parser, "what was written")


def execute(args: Namespace, console: Console) -> int:
    """Write the report, and serve it if asked to; 0 when it is there."""
    check_serving(args)
    request = qb.reports.ReportRequest(folders=tuple(args.folders), out=args.out)
    with work_bar(console, "reporting") as on_work:
        written = qb.reports.write_report(request, on_work)
    if args.json and not args.serve:
        console.print_json(written.as_json())
    console.say(*draw_report(written, console.err))
    if args.serve:
        serve_until_stopped(request, written, args, console)
    elif args.open:
        open_in_browser(written.page.as_uri(), console)
    return 0
