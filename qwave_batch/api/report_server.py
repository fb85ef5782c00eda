"""A report over HTTP, for browsers on this machine: the files of its folder, and nothing else of the disk."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from io import BufferedReader
from pathlib import Path

from aiohttp import web

from qwave_batch.errors import UsageError
from qwave_batch.files.regular_files import system_reason
from qwave_batch.files.tree import Tree
from qwave_batch.report.served_files import (
    MOST_SNIFFED_BYTES,
    SECURITY_HEADERS,
    HandOut,
    TurnAway,
    judge_call,
    span_of,
)

HOST = "127.0.0.1"
_TOKEN_BYTES = 24
_PIECE_BYTES = 256 * 1024
_SILENT = logging.getLogger(f"{__name__}.aiohttp")  # a call that fails is answered with a 500 and logs nothing
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


@asynccontextmanager
async def serve_report_folder(out: Path, *, port: int) -> AsyncIterator[str]:
    """Serve a report on 127.0.0.1 while the block runs; yields its address, which holds a token.

    Args:
        out: The report's folder. Links in it are not followed.
        port: The port to listen on; 0 takes a free one.

    Raises:
        UsageError: the port is taken, or not for this user.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    server = web.Server(_ReportFiles(Tree(out), token).answer, access_log=None, logger=_SILENT)
    runner = web.ServerRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port, backlog=128).start()
        except (OSError, OverflowError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else str(error)
            raise UsageError(f"the report can't be served on {HOST}:{port}: {reason}") from error
        yield f"http://{HOST}:{runner.addresses[0][1]}/{token}/"
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class _OpenFile:
    """A file that is being sent."""

    file: BufferedReader
    size: int
    beginning: bytes


@dataclass(frozen=True, slots=True)
class _ReportFiles:
    """Answers calls with files of a report."""

    tree: Tree
    token: str

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer to a call."""
        judged = judge_call(request.method, request.headers.get("Host"), request.raw_path, token=self.token)
        if isinstance(judged, TurnAway):
            return _turned_away(judged)
        opened = await asyncio.to_thread(self._open, judged.path)
        if opened is None:
            return _turned_away(TurnAway(HTTPStatus.NOT_FOUND))
        try:
            return await _send(request, judged, opened)
        finally:
            await asyncio.to_thread(opened.file.close)

    def _open(self, path: str) -> _OpenFile | None:
        """Open a regular file; None if there is none, or it is reached over a link, or is not ours to read."""
        try:
            file = self.tree.open(path)
        except (OSError, UsageError):
            return None
        beginning = file.peek(MOST_SNIFFED_BYTES)[:MOST_SNIFFED_BYTES]
        size = file.seek(0, 2)
        file.seek(0)
        return _OpenFile(file, size, beginning)


async def _send(request: web.BaseRequest, wanted: HandOut, opened: _OpenFile) -> web.StreamResponse:
    """Send a file, or the part of it that is asked for."""
    start, end, status = 0, opened.size, HTTPStatus.OK
    headers = {
        **SECURITY_HEADERS,
        "Content-Type": wanted.content_type(opened.beginning),
        "Cache-Control": wanted.cache_control,
        "Accept-Ranges": "bytes",
    }
    part = _wanted_part(request)
    if part is not None:
        span = span_of(part, opened.size)
        if span is None:
            return _turned_away(
                TurnAway(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{opened.size}"})
            )
        (start, end), status = span, HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{opened.size}"
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = end - start
    await response.prepare(request)
    if request.method != "HEAD":
        await asyncio.to_thread(opened.file.seek, start)
        while start < end:
            piece = await asyncio.to_thread(opened.file.read, min(_PIECE_BYTES, end - start))
            if not piece:
                break  # it was cut meanwhile; the length that was promised tells the browser
            await response.write(piece)
            start += len(piece)
    return response


def _wanted_part(request: web.BaseRequest) -> slice | None:
    """Return the part of the file that a call asks for; None for all of it."""
    if "Range" not in request.headers or "If-Range" in request.headers:  # no answer has a validator to compare
        return None
    try:
        return request.http_range
    except ValueError:  # several parts, or another unit: a server may send the whole
        return None


def _turned_away(judged: TurnAway) -> web.Response:
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", **judged.headers}
    return web.Response(status=judged.status, text=f"{judged.status.value} {judged.status.phrase}\n", headers=headers)
