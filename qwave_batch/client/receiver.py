"""A small server that the API calls when a task ends; all that it takes from a call is which task may have."""

import asyncio
import hmac
import json
import secrets
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TypeAlias

from aiohttp import web

from qwave_batch.client.addresses import BadAddress, read_address
from qwave_batch.client.wire import TASK_ID
from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json

OnHint: TypeAlias = Callable[[str], None]

MAX_BODY_BYTES = 64 * 1024
READ_TIMEOUT_S = 5.0
MAX_AT_ONCE = 64
"""Calls that are read at once; more are told to come again later, and polling does without them."""
MAX_HINTS = 32
"""Texts that are taken out of one call."""
MAX_DEPTH = 4
_SECRET_BYTES = 24


class CallbackReceiver:
    """Listens while its block runs, under an address nobody can guess; an async context manager.

    The documents give neither a signature nor a form of the body, so nothing in it is believed: whatever text in its
    JSON looks like a task's id is a hint, and whoever takes hints asks the API itself. A call under another address
    is answered as if there were nothing. Nothing of a call is kept.
    """

    def __init__(self, *, public_url: str | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        """Prepare to listen.

        Args:
            public_url: Where the API reaches the receiver: the secret path is added to it. None is the address that
                is listened on, which only an API on this machine reaches.
            host: The address to listen on.
            port: The port to listen on; 0 takes a free one.

        Raises:
            UsageError: the URL is no http or https address.
        """
        self._public_url = None if public_url is None else _read_public_url(public_url)
        self._host, self._port = host, port
        self._secret = secrets.token_urlsafe(_SECRET_BYTES)
        self._runner: web.AppRunner | None = None
        self._on_hint: OnHint | None = None
        self._reading = 0
        self._url = ""

    @property
    def url(self) -> str:
        """What to hand to the API as ``callback_url``; it holds the secret, and there is one once it listens."""
        return self._url

    def listen(self, on_hint: OnHint) -> None:
        """Hand every hint to ``on_hint`` from now on; it is called in the event loop and must not block."""
        self._on_hint = on_hint

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{anything:.*}", self._called)
        self._runner = web.AppRunner(app, access_log=None, keepalive_timeout=5.0, shutdown_timeout=0.5)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, backlog=128).start()
        except (OSError, OverflowError, socket.gaierror) as error:
            await self._runner.cleanup()
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"the webhook receiver can't listen on {self._host}:{self._port}: {reason}") from None
        bound = self._runner.addresses[0][1]
        shown = f"[{self._host}]" if ":" in self._host else self._host
        self._url = f"{self._public_url or f'http://{shown}:{bound}'}/{self._secret}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._on_hint = None
        if self._runner is not None:
            await self._runner.cleanup()

    async def _called(self, request: web.Request) -> web.Response:
        last = request.path.rsplit("/", maxsplit=1)[-1]
        if request.method != "POST" or not hmac.compare_digest(last.encode(), self._secret.encode()):
            return web.Response(status=404)
        if self._reading >= MAX_AT_ONCE:
            return web.Response(status=503, headers={"Retry-After": "5"})
        self._reading += 1
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413)
        except (TimeoutError, OSError):
            return web.Response(status=408)
        finally:
            self._reading -= 1
        for hint in read_hints(body):
            if self._on_hint is not None:
                self._on_hint(hint)
        return web.Response(status=204)


def read_hints(body: bytes) -> list[str]:
    """Return the texts in a JSON body that may be a task's id, each once and a few at most; none of another body."""
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError):
        return []
    hints: dict[str, None] = {}
    for text in _texts(value, MAX_DEPTH):
        if len(hints) >= MAX_HINTS:
            break
        if TASK_ID.fullmatch(text):
            hints[text] = None
    return list(hints)


def _texts(value: Json, depth: int) -> Iterator[str]:
    """Yield the texts in a value, those under a name that speaks of an id first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth:
        for name in sorted(value, key=lambda name: "id" not in name.lower()):
            yield from _texts(value[name], depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:MAX_HINTS]:
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
