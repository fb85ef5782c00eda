"""A report that is served on this machine, and shows new images as they come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.api.report_server import serve_report_folder
from qwave_batch.api.report_upkeep import DEFAULT_PACE, OnUpdate, ReportUpkeep, UpkeepPace
from qwave_batch.errors import QwaveError, UsageError
from qwave_batch.files.tree import PRIVATE_MODE, Tree
from qwave_batch.folder.storage import storage_errors
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.jsontypes import Json
from qwave_batch.report.report_request import ReportRequest, ReportWritten

DEFAULT_PORT = 8378
"""Votes and picks live in the browser under the page's address: the same port finds them again."""
_DOORWAY = "open-served.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedReport:
    """A report that can be looked at over HTTP."""

    address: str
    """The page's address; everybody who has it may look."""
    doorway: Path | None
    """A file of this user that leads there: the command line of a browser is seen by every user of the machine."""

    def as_json(self) -> dict[str, Json]:
        """Return what ``report --serve --json`` prints beside what was written."""
        return {"address": self.address}


@asynccontextmanager
async def serve_report(
    request: ReportRequest,
    written: ReportWritten,
    *,
    port: int | None = None,
    has_doorway: bool = False,
    on_update: OnUpdate = lambda _: None,
    pace: UpkeepPace = DEFAULT_PACE,
) -> AsyncIterator[ServedReport]:
    """Serve a report on 127.0.0.1 while the block runs, and keep it current.

    Args:
        request: The folders that it shows.
        written: The report, as ``write_report`` has left it.
        port: The port to listen on; 0 takes a free one, None 8378 or, where that is taken, a free one.
        has_doorway: Whether to leave a file beside the page that leads a browser to the address.
        on_update: Called in the event loop after each update, and with the error of one that was not possible.
        pace: How often the folders are looked at.

    Raises:
        UsageError: the port is taken, or is not for this user.
    """
    async with AsyncExitStack() as stack:
        address = await _listen(stack, written.out, port)
        doorway = await asyncio.to_thread(_open_doorway, written.out, address) if has_doorway else None
        upkeep = ReportUpkeep(request=request, clock=SystemClock(), on_update=on_update, pace=pace)
        task = asyncio.create_task(upkeep.go_on())
        try:
            yield ServedReport(address=address, doorway=doorway)
        finally:
            task.cancel()
            await asyncio.wait([task])
            if doorway is not None:
                await asyncio.to_thread(_close_doorway, written.out)


async def _listen(stack: AsyncExitStack, out: Path, port: int | None) -> str:
    """Return the address at which the report is served until the stack is closed."""
    try:
        return await stack.enter_async_context(serve_report_folder(out, port=DEFAULT_PORT if port is None else port))
    except UsageError:
        if port is not None:
            raise
        return await stack.enter_async_context(serve_report_folder(out, port=0))


def _open_doorway(out: Path, address: str) -> Path:
    page = (
        '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0; url={address}"><title>Report</title><a href="{address}">Report</a>\n'
    )
    with storage_errors(out, below=_DOORWAY):
        Tree(out).write_atomic(_DOORWAY, page.encode(), mode=PRIVATE_MODE)
    return out / _DOORWAY


def _close_doorway(out: Path) -> None:
    with suppress(OSError, QwaveError):
        Tree(out).remove(_DOORWAY)
