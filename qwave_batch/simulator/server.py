"""The simulator on a loopback port: it only translates between HTTP and the embedded API."""

import asyncio
import ipaddress
import logging
import math
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import TypeAlias, assert_never
from weakref import WeakValueDictionary

from aiohttp import web

from qwave_batch.errors import UsageError
from qwave_batch.simulator.api_calls import Caller
from qwave_batch.simulator.corruption import bad_key
from qwave_batch.simulator.embedded_api import Simulator
from qwave_batch.simulator.faults import FaultPlace
from qwave_batch.simulator.image_drawing import ImageDesign, render
from qwave_batch.simulator.replies import (
    CutShort,
    Dropped,
    Flooding,
    Hanging,
    Reply,
    Trickling,
    Whole,
    refusal,
)
from qwave_batch.simulator.simulated_task import SimulatedTask
from qwave_batch.simulator.task_callbacks import TaskCallbacks

_LONGEST_WAIT_S = 60
_PREFER_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*\"?(\d+)\"?\s*(?:,|;|$)", re.IGNORECASE)
_SILENT = logging.getLogger(f"{__name__}.aiohttp")  # a handler that fails is answered with a 500 and logs nothing
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
_FLOOD_BLOCK = b"\0" * 65_536
_TRICKLE_STEPS = 20
_REDIRECTED = "elsewhere"  # marks the target address of a redirect
Draw: TypeAlias = Callable[[ImageDesign, int], bytes]
"""Returns the file of an image of a design, ``number`` counting from 1."""
_OTHER_HOST = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


@asynccontextmanager
async def serve(
    simulator: Simulator, host: str = "127.0.0.1", port: int = 0, *, draw: Draw = render
) -> AsyncIterator[str]:
    """Serve the simulator on loopback while the block runs; yields the base URL, which ends in ``/v1``.

    The simulator stays open, so that its records can be read afterwards. ``draw`` makes the images, in a thread.

    Raises:
        UsageError: The host is not this machine's loopback, or the port is taken.
    """
    if not _is_loopback(host):
        raise UsageError(f"the simulator serves this machine only: {host} is not a loopback address")
    with ThreadPoolExecutor(1, thread_name_prefix="images") as painter:
        app = web.Application(client_max_size=simulator.settings.max_body_bytes)
        callbacks = TaskCallbacks(simulator)
        _Handlers(simulator, painter, callbacks, draw).add_to(app)
        runner = web.AppRunner(app, access_log=None, logger=_SILENT, handler_cancellation=True, shutdown_timeout=0.5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, backlog=1024)
            try:
                await site.start()
            except (OSError, OverflowError) as error:
                raise UsageError(f"the simulator cannot listen on {host}:{port}: {error}") from error
            bound = runner.addresses[0][1]
            async with callbacks:
                yield f"http://{f'[{host}]' if ':' in host else host}:{bound}/v1"
        finally:
            await runner.cleanup()


async def serve_forever(
    simulator: Simulator,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    draw: Draw = render,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until the surrounding task is cancelled; ``on_ready`` is called once with the base URL."""
    async with serve(simulator, host, port, draw=draw) as base_url:
        if on_ready:
            on_ready(base_url)
        await asyncio.Event().wait()


class _Handlers:
    """One method per route."""

    def __init__(self, simulator: Simulator, painter: ThreadPoolExecutor, callbacks: TaskCallbacks, draw: Draw) -> None:
        self._simulator = simulator
        self._callbacks = callbacks
        self._painter = painter
        self._draw = draw
        self._cancelled: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()  # tasks that are waited for

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/tasks", self._keyed(FaultPlace.SUBMIT, self._submit))
        app.router.add_get("/v1/tasks/{task_id}", self._keyed(FaultPlace.POLL, self._status), allow_head=False)
        app.router.add_post("/v1/tasks/{task_id}/cancel", self._keyed(FaultPlace.CANCEL, self._cancel))
        app.router.add_post("/v1/chat/completions", self._keyed(FaultPlace.CHATTED, self._chat))
        app.router.add_get("/v1/models", self._keyed(FaultPlace.INFO, self._models), allow_head=False)
        app.router.add_get("/v1/models/{name}", self._keyed(FaultPlace.INFO, self._model), allow_head=False)
        app.router.add_get(
            "/v1/dashboard/billing/balance", self._keyed(FaultPlace.INFO, self._balance), allow_head=False
        )
        app.router.add_get(r"/files/{task_id}/{number:\d{1,9}}.{extension:[a-z]+}", self._file, allow_head=False)
        app.router.add_route("*", "/{anything:.*}", self._nothing)

    def _keyed(
        self, place: FaultPlace, handle: Callable[[web.Request, Caller], Awaitable[Reply]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            account = self._simulator.account(request.headers.get("Authorization"))
            if account and _REDIRECTED in request.query:
                self._simulator.seen.keys_after_redirect += 1
            try:
                reply = await handle(request, _caller(request, account)) if account else bad_key()
            except sqlite3.Error as error:  # a full disk, say: the promised task would not be recorded
                reply = refusal(503, "server_error", f"the simulator can't keep its state: {error}")
            self._simulator.seen.answers[place, reply.status] += 1
            return await self._send(request, reply, account)

        return answer

    async def _body(self, request: web.Request) -> bytes | Reply:
        """Return the body of a request, or the rejection of what is no JSON or too much of it."""
        if request.content_type != "application/json":
            return refusal(400, "invalid_request", "the Content-Type must be application/json")
        try:
            return await request.read()
        except web.HTTPRequestEntityTooLarge:
            limit = self._simulator.settings.max_body_bytes
            return refusal(413, "request_too_large", f"the body is larger than {limit} bytes")

    async def _chat(self, request: web.Request, caller: Caller) -> Reply:
        raw = await self._body(request)
        if isinstance(raw, Reply):
            return raw
        chatted = self._simulator.chat(caller, raw, request.headers.get("Idempotency-Key"))
        await self._simulator.clock.sleep(chatted.wait_s)
        return self._simulator.answer_chat(caller, chatted)

    async def _submit(self, request: web.Request, caller: Caller) -> Reply:
        raw = await self._body(request)
        if isinstance(raw, Reply):
            return raw
        submission = self._simulator.submit(caller, raw, request.headers.get("Idempotency-Key"))
        if submission.task is None:
            return submission.reply
        self._callbacks.promise(caller, submission.task, submission.call)
        wait_s = _prefer_wait_s(request.headers.get("Prefer")) if self._simulator.settings.dialect.knows_prefer else 0
        if wait_s:
            await self._hold(submission.task, wait_s)
        return self._simulator.answer_submit(caller, submission.task, waited=wait_s > 0)

    async def _hold(self, task: SimulatedTask, wait_s: float) -> None:
        """Return when the task ends, is cancelled, or the requested wait is over."""
        left_s = self._simulator.seconds_left(task)
        cancelled = self._cancelled.get(task.task_id) or asyncio.Event()
        self._cancelled[task.task_id] = cancelled
        waits = [
            asyncio.ensure_future(cancelled.wait()),
            asyncio.ensure_future(self._simulator.clock.sleep(wait_s if left_s is None else min(wait_s, left_s))),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _status(self, request: web.Request, caller: Caller) -> Reply:
        return self._simulator.status(caller, request.match_info["task_id"])

    async def _cancel(self, request: web.Request, caller: Caller) -> Reply:
        task_id = request.match_info["task_id"]
        reply = self._simulator.cancel(caller, task_id)
        if held := self._cancelled.get(task_id):
            held.set()
        self._callbacks.cancelled(task_id)
        return reply

    async def _models(self, request: web.Request, caller: Caller) -> Reply:
        del request
        return self._simulator.models(caller)

    async def _model(self, request: web.Request, caller: Caller) -> Reply:
        return self._simulator.model(caller, request.match_info["name"])

    async def _balance(self, request: web.Request, caller: Caller) -> Reply:
        del request
        return self._simulator.balance(caller)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        if "Authorization" in request.headers:
            self._simulator.seen.keys_on_files += 1
        task_id, number = request.match_info["task_id"], int(request.match_info["number"])
        design = self._simulator.file(request.path, request.query_string)
        if isinstance(design, Reply):
            reply = design
        else:
            body = await asyncio.get_running_loop().run_in_executor(self._painter, self._draw, design, number)
            reply = Reply(body=body, content_type=design.content_type)
        if _REDIRECTED not in request.query:  # a client that followed a redirect gets the file
            reply = self._simulator.answer_file(_caller(request, None), task_id, number, reply)
        self._simulator.seen.answers[FaultPlace.DOWNLOAD, reply.status] += 1
        return await self._send(request, reply, None)

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        return await self._send(request, refusal(404, "not_found", f"{request.method} {request.path[:200]}"), None)

    async def _send(self, request: web.Request, reply: Reply, account: str | None) -> web.StreamResponse:
        clock = self._simulator.clock
        headers = {
            "Content-Type": reply.content_type,
            "Date": formatdate(math.floor(clock.now()), usegmt=True),
            **self._simulator.rate_headers(account),
            **reply.headers,
        }
        match reply.manner:
            case Whole():
                return web.Response(status=reply.status, body=reply.body, headers=headers)
            case Dropped():
                return _cut(request)
            case Hanging(seconds):
                await clock.sleep(seconds)
                return _cut(request)
            case CutShort():
                return await self._stream(request, reply, headers, [reply.body[: len(reply.body) // 2]], 0.0)
            case Trickling(seconds):
                size = max(1, math.ceil(len(reply.body) / _TRICKLE_STEPS))
                parts = [reply.body[at : at + size] for at in range(0, len(reply.body), size)]
                return await self._stream(request, reply, headers, parts, seconds / max(1, len(parts)))
            case Flooding(announced):
                return await self._flood(request, reply, headers, announced)
            case _:
                assert_never(reply.manner)

    async def _stream(
        self, request: web.Request, reply: Reply, headers: dict[str, str], parts: list[bytes], pause_s: float
    ) -> web.StreamResponse:
        """Send parts of a body whose length is announced; the connection is cut if they are incomplete."""
        response = web.StreamResponse(status=reply.status, headers=headers)
        response.content_length = len(reply.body)
        await response.prepare(request)
        for part in parts:
            if pause_s:
                await self._simulator.clock.sleep(pause_s)
            await response.write(part)
        return response if sum(map(len, parts)) == len(reply.body) else _cut(request, abruptly=False)

    async def _flood(
        self, request: web.Request, reply: Reply, headers: dict[str, str], announced_bytes: int | None
    ) -> web.StreamResponse:
        """Send endless data until the client disconnects."""
        response = web.StreamResponse(status=reply.status, headers=headers)
        response.content_length = announced_bytes
        await response.prepare(request)
        await response.write(reply.body)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(_FLOOD_BLOCK)
        return response


def _cut(request: web.Request, *, abruptly: bool = True) -> web.StreamResponse:
    """End the connection instead of answering; the returned response is not sent."""
    if request.transport is not None:
        request.transport.abort() if abruptly else request.transport.close()
    return web.Response()


def _caller(request: web.Request, account: str | None) -> Caller:
    host, colon, port = request.host.rpartition(":")
    name = host if colon else request.host
    other = _OTHER_HOST.get(name, "localhost")
    query = "&".join(part for part in (request.query_string, f"{_REDIRECTED}=1") if part)
    elsewhere = f"http://{other}{colon}{port if colon else ''}{request.path}?{query}"
    return Caller(account=account or "", origin=f"http://{request.host}", elsewhere=elsewhere)


def _prefer_wait_s(header: str | None) -> int:
    match = _PREFER_WAIT.search(header or "")
    return min(_LONGEST_WAIT_S, int(match[1])) if match else 0


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
