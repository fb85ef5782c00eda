"""``report --serve``: the page at an address of this machine, until Ctrl-C."""

import webbrowser
from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.interrupts import on_interrupt
from qwave_batch.errors import QwaveError, UsageError

if TYPE_CHECKING:
    from qwave_batch.model.jsontypes import Json
    from qwave_batch.reports import ReportRequest, ReportWritten


def add_serving(parser: Parser) -> None:
    """Add the options of a report that is looked at over HTTP."""
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "--serve",
        action="store_true",
        help="serve the page on this machine, new images as they come, until Ctrl-C",
    )
    parser.add_argument(
        "--port",
        metavar="PORT",
        type=whole_number(minimum=0, maximum=65_535),
        help="with --serve: where to listen on 127.0.0.1; 0 takes a free port; else 8378, or a free one",
    )


def check_serving(args: Namespace) -> None:
    """Refuse options that would do nothing."""
    if args.port is not None and not args.serve:
        raise UsageError("--port is for --serve; without it nothing listens: add --serve, or leave --port out")


def open_in_browser(address: str, console: Console) -> None:
    """Open an address in the browser, or say that there is none."""
    try:
        is_open = webbrowser.open(address)
    except webbrowser.Error:
        is_open = False
    if not is_open:
        console.say("there is no browser here that could be started; open the page by hand")


def serve_until_stopped(
    request: "ReportRequest",
    written: "ReportWritten",
    told: "dict[str, Json]",
    args: Namespace,
    console: Console,
) -> None:
    """Serve a report until Ctrl-C, which is how it ends well; ``told`` is printed as JSON with the address."""
    lazy.asyncio.run(_serve(request, written, told, args, console))


async def _serve(
    request: "ReportRequest", written: "ReportWritten", told: "dict[str, Json]", args: Namespace, console: Console
) -> None:
    ended = lazy.asyncio.Event()
    news = _News(console)
    served = qb.reports.serve_report(request, written, port=args.port, has_doorway=args.open, on_update=news.tell)
    with on_interrupt(ended.set):
        async with served as report:
            if args.json:
                console.print_json({**told, **report.as_json()}, on_one_line=True)
            else:
                console.print([report.address])
            console.say(*_words(console))
            if report.doorway is not None:
                await lazy.asyncio.to_thread(open_in_browser, report.doorway.as_uri(), console)
            await ended.wait()


def _words(console: Console) -> list[str]:
    return [
        *wrap(
            "the page is there, for whoever has this address, on this machine only; Ctrl-C ends it", console.err.width
        ),
        *wrap(
            "votes and picks stay in the browser, under this host and port: export them before you change either",
            console.err.width,
        ),
    ]


class _News:
    """Says why the page can't be brought up to date, once for each reason, and when it can be again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._trouble = ""

    def tell(self, update: "ReportWritten | QwaveError") -> None:
        """Take in how an update went."""
        trouble = str(update) if isinstance(update, QwaveError) else ""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        terminal = self._console.err
        text = f"the page is not brought up to date: {trouble}" if trouble else "the page is up to date again"
        self._console.say(*wrap(terminal.shown(text), terminal.width, hang="  "))
