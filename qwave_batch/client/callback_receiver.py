"""A small server that the API calls when a task ends; it reads only task ids from a call."""

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeAlias

from qwave_batch.client.inbound_http import (
    MAX_HEAD_BYTES,
    BadCall,
    CallHead,
    answer_of,
    drop_rest,
    read_body,
    read_head,
)
from qwave_batch.client.task_reading import TASK_ID
from qwave_batch.client.web_addresses import BadAddress, read_address
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json

OnCallback: TypeAlias = Callable[[str], None]

MAX_BODY_BYTES = 64 * 1024
MAX_TASK_IDS = 32
"""Maximum number of ids read from one call."""
MAX_DEPTH = 4
_SECRET_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverLimits:
    """Limits on the resources that unknown callers may use."""

    connections: int = 128
    """Open connections; one more closes the oldest, whose task is found by polling instead."""
    connection_s: float = 10.0
    """Longest life of a connection, whatever is sent over it."""
    call_s: float = 5.0
    """Longest time from the end of one call to the end of the next."""
    linger_s: float = 1.0
    """How long a rejected call is still read, so that its answer arrives."""
    dropped_bytes: int = 1024 * 1024
    """Likewise, the number of bytes."""


_LIMITS = ReceiverLimits()


@dataclass(slots=True, kw_only=True, eq=False)
class _OpenConnection:
    """One open connection."""

    task: "asyncio.Task[None]"
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    last_call_at: float
    """Deadline for the next call, by the loop's clock."""
    is_known: bool = False
    """Whether the call that is being read was made under the secret address."""


class CallbackReceiver:
    """Listens while its block runs, under an unguessable address; an async context manager.

    The API's documents define neither a signature nor a body, so nothing in the body is trusted: any text in its JSON
    that looks like a task id is passed on, and the run polls that task. A call under another address gets a 404.
    Nothing
    of a call is kept or logged, since strangers can call too.
    """

    def __init__(
        self,
        *,
        public_url: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: ReceiverLimits = _LIMITS,
    ) -> None:
        """Prepare to listen.

        Args:
            public_url: The URL at which the API reaches the receiver; the secret path is added to it. None stands for
            the
                address listened on, which only an API on this machine reaches.
            host: The address to listen on.
            port: The port to listen on; 0 takes a free one.
            limits: Limits on the use by strangers.

        Raises:
            UsageError: the URL is not an http or https address.
        """
        self._public_url = None if public_url is None else _read_public_url(public_url)
        self._host, self._port = host, port
        self._limits = limits
        self._secret = secrets.token_urlsafe(_SECRET_BYTES)
        self._server: asyncio.Server | None = None
        self._lines: dict[_OpenConnection, None] = {}
        self._on_callback: OnCallback | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """The ``callback_url`` for the API; it contains the secret and is available once the receiver listens."""
        return self._url

    def listen(self, on_callback: OnCallback) -> None:
        """Pass every task id to ``on_callback`` from now on; it is called in the event loop and must not block."""
        self._on_callback = on_callback

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(
                self._met, self._host, self._port, limit=MAX_HEAD_BYTES, backlog=128
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"the webhook receiver can't listen on {self._host}:{self._port}: {reason}") from None
        bound = self._server.sockets[0].getsockname()[1]
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self._url = f"{self._public_url or f'http://{shown}:{bound}'}/{self._secret}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_callback = None
        if self._server is not None:
            self._server.close()
        met = [line.task for line in self._lines]
        for task in met:
            task.cancel()
        await asyncio.gather(*met, return_exceptions=True)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection, within its time."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this as one
        limits = self._limits
        last_call_at = asyncio.get_running_loop().time() + limits.connection_s - limits.call_s
        line = _OpenConnection(task=task, reader=reader, writer=writer, last_call_at=last_call_at)
        if len(self._lines) >= limits.connections:
            # drop the oldest connection that has not shown the secret: idle connections make room for real calls
            oldest = min(self._lines, key=lambda each: each.is_known)
            del self._lines[oldest]
            oldest.task.cancel()
        self._lines[line] = None
        try:
            async with asyncio.timeout(limits.connection_s):
                while await self._answered(line):
                    pass
                await self._hang_up(line)
        except (OSError, EOFError):
            pass  # it was too slow, or has hung up
        except asyncio.CancelledError:
            pass  # cancelled by us, and nobody waits for it: streams of Python 3.11 would print it as an error
        finally:
            self._lines.pop(line, None)
            writer.transport.abort()

    async def _answered(self, line: _OpenConnection) -> bool:
        """Answer the next call; tells whether another one may follow."""
        line.is_known = False
        keeps_open = False
        try:
            async with asyncio.timeout(self._limits.call_s):
                head = await read_head(line.reader)
                if head is None:
                    return False
                self._check(head)
                line.is_known = True
                body = await read_body(line.reader, line.writer, head, max_bytes=MAX_BODY_BYTES)
        except BadCall as bad:
            status = bad.status
        else:
            status = HTTPStatus.NO_CONTENT
            keeps_open = head.keeps_open and asyncio.get_running_loop().time() < line.last_call_at
            for task_id in read_task_ids(body):
                if self._on_callback is not None:
                    self._on_callback(task_id)
        line.writer.write(answer_of(status, keeps_open=keeps_open))
        await line.writer.drain()
        return keeps_open

    def _check(self, head: CallHead) -> None:
        """Raise BadCall for a call under any address but the secret one."""
        last = head.path.rsplit("/", maxsplit=1)[-1]
        is_secret = hmac.compare_digest(last.encode("utf-8", "replace"), self._secret.encode())
        if head.method != "POST" or not is_secret:
            raise BadCall(HTTPStatus.NOT_FOUND)

    async def _hang_up(self, line: _OpenConnection) -> None:
        """Close a connection in a way that its last answer arrives."""
        if line.writer.can_write_eof():
            line.writer.write_eof()
        async with asyncio.timeout(self._limits.linger_s):
            await drop_rest(line.reader, max_bytes=self._limits.dropped_bytes)


def read_task_ids(body: bytes) -> list[str]:
    """Return the few distinct texts in a JSON body that may be task ids; none for any other body."""
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return []
    task_ids: dict[str, None] = {}
    for text in _texts(value, MAX_DEPTH):
        if len(task_ids) >= MAX_TASK_IDS:
            break
        if TASK_ID.fullmatch(text):
            task_ids[text] = None
    return list(task_ids)


def _texts(value: Json, depth: int) -> Iterator[str]:
    """Yield the texts in a value, those under a name that mentions an id first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth:
        for name in sorted(value, key=lambda name: "id" not in name.lower()):
            yield from _texts(value[name], depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:MAX_TASK_IDS]:
            yield from _texts(item, depth - 1)


def _read_public_url(text: str) -> str:
    trimmed = text.strip().rstrip("/")
    try:
        address = read_address(trimmed)
    except BadAddress as error:
        raise UsageError(f"the webhook URL is not right: {error}; it looks like https://example.com/hook") from None
    if address.query or "?" in trimmed or "#" in trimmed:
        raise UsageError("the webhook URL may have no query and no fragment: the secret path is added to it")
    return address.text.rstrip("/")
