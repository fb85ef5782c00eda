"""Sends requests with aiohttp; its exceptions are translated in ``client.http_errors``."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from qwave_batch.client.connection import Trust
from qwave_batch.client.http import HttpRequest, HttpResponse, PerhapsSent, ResponseTooLarge, Sink
from qwave_batch.client.http_errors import FOREIGN, failure_of
from qwave_batch.client.proxies import Proxies
from qwave_batch.client.resolver import LocalNames, ResultGuard
from qwave_batch.client.response_bodies import NOTHING_TO_CHECK, BodyChecks, checks_of, decoder_for
from qwave_batch.client.web_addresses import read_address, read_base_url
from qwave_batch.errors import UsageError

CONNECT_TIMEOUT_S = 15.0
STALL_TIMEOUT_S = 30.0
KEEP_ALIVE_S = 4.0
"""Below the 5 s after which common servers hang up: a submit on a connection that the server is just closing would be
lost, and it would be unknown whether it arrived."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_GOOD_ANSWER_BYTES = 128 * 1024 * 1024
"""For a success: it may hold images, and a 4K image takes some 20 MB of Base64."""
MAX_HEADER_BYTES = 64 * 1024
_STREAM_FROM_BYTES = 512 * 1024
_SINK_BYTES = 1024 * 1024  # a smaller body stays in memory, a larger one is written in pieces of this size


class AiohttpTransport:
    """Sends requests over aiohttp sessions; an async context manager.

    It follows no redirect, keeps no cookie, reads no environment and no netrc, and requests bodies uncompressed.
    """

    def __init__(
        self,
        base_url: str,
        *,
        max_connections: int = 100,
        proxies: Proxies | None = None,
        trust: Trust | None = None,
        resolver: AbstractResolver | None = None,
        stall_timeout_s: float = STALL_TIMEOUT_S,
    ) -> None:
        """Prepare for an API.

        Args:
            base_url: The API's; its host is trusted, any other host must not lead into the private network.
            max_connections: Requests in flight at once; others wait, and their timeout does not run yet.
            proxies: Proxy settings; None means no proxy. A proxy resolves host names itself, so that only literal
                addresses can be checked here.
            trust: Certificates trusted in addition to the system's; none by default.
            resolver: Resolves names; the system's by default.
            stall_timeout_s: Longest time without any byte of a download.
        """
        self._api = read_base_url(base_url).address
        self._api_prefix = f"{self._api.text}/"
        """The URLs of all calls of the API begin with it."""
        self._proxies = proxies or Proxies()
        self._trust = trust or Trust()
        self._free = asyncio.Semaphore(max_connections)
        self._resolver = resolver
        self._stall_timeout_s = stall_timeout_s
        self._sessions: _Sessions | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(user_agent)  # it reads a file, once
        names = LocalNames(self._resolver or aiohttp.ThreadedResolver())
        guard = ResultGuard(names, self._api, self._proxies.addresses)
        tls = await asyncio.to_thread(tls_context, self._trust)
        self._sessions = _Sessions(trusted=new_session(names, tls), results=new_session(guard, tls), guard=guard)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sessions is not None:
            await self._sessions.results.close()
            await self._sessions.trusted.close()
            self._sessions = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Return the API's response, whatever its status, with a body of at most 4 MiB, or 128 MiB for a success."""

        async def read(response: aiohttp.ClientResponse) -> HttpResponse:
            headers = headers_of(response)
            most = MAX_GOOD_ANSWER_BYTES if response.status == HTTPStatus.OK else MAX_ANSWER_BYTES
            body = await BoundedBody(response, headers, most).whole()
            return HttpResponse(status=response.status, headers=headers, body=body)

        return await self._exchange(request, read)

    async def fetch(self, request: HttpRequest, sink: Sink, *, max_bytes: int) -> HttpResponse:
        """Write the body of a 200 to ``sink``; an address inside the private network is rejected."""

        async def read(response: aiohttp.ClientResponse) -> HttpResponse:
            headers = headers_of(response)
            if response.status == HTTPStatus.OK:
                checks = checks_of(headers)
                await BoundedBody(response, headers, max_bytes, checks).pour(sink)
                if (fault := checks.fault()) is not None:
                    raise PerhapsSent(fault)
            return HttpResponse(status=response.status, headers=headers)

        return await self._exchange(request, read, is_result=True)

    async def _exchange(
        self,
        request: HttpRequest,
        read: Callable[[aiohttp.ClientResponse], Awaitable[HttpResponse]],
        *,
        is_result: bool = False,
    ) -> HttpResponse:
        """Send a request and read its response; a foreign exception becomes TransportFailed.

        aiohttp's exceptions carry the request's headers, including the key, so none may remain as a cause or context:
        that is why the failure is raised outside the ``except``.
        """
        if self._sessions is None:
            raise RuntimeError("the transport is not open")
        is_call = request.url.startswith(self._api_prefix)
        address = self._api if is_call else read_address(request.url)  # the host and the port decide, not the path
        proxy = self._proxies.for_address(address)
        login = None if proxy is None or proxy.authorization is None else {"Proxy-Authorization": proxy.authorization}
        # behind a proxy, only the proxy's own name is resolved here
        session = self._sessions.results if is_result and proxy is None else self._sessions.trusted
        try:
            if is_result:
                await self._sessions.guard.check(address)
            async with (
                self._free,
                session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=request.headers,
                    data=payload_of(request.body),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(
                        total=request.timeout_s,
                        sock_connect=min(CONNECT_TIMEOUT_S, request.timeout_s),
                        sock_read=self._stall_timeout_s if is_result else request.stall_timeout_s,
                    ),
                    proxy=None if proxy is None else URL(proxy.address.text, encoded=True),
                    proxy_headers=login,
                ) as response,
            ):
                return await read(response)
        except FOREIGN as error:
            failure = failure_of(error)
        raise failure


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sessions:
    """The open sessions; connections to the API and proxies are never shared with those to result hosts."""

    trusted: aiohttp.ClientSession
    """To the hosts that the user named: the API's, and the proxies'."""
    results: aiohttp.ClientSession
    """To the hosts that an answer named."""
    guard: ResultGuard


class _NoCookies(aiohttp.DummyCookieJar):
    """Ignores cookies without parsing them: aiohttp would log a warning for each bad one, with its text."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Ignore the cookies of an answer."""


def tls_context(trust: Trust) -> ssl.SSLContext | None:
    """Return the TLS context that verifies certificates; None for the system's own. It reads files.

    Raises UsageError for a file that holds no certificates.
    """
    if not trust.bundles:
        return None
    context = ssl.create_default_context()
    for variable, path in trust.bundles:
        is_folder = Path(path).is_dir()
        try:
            context.load_verify_locations(cafile=None if is_folder else path, capath=path if is_folder else None)
        except (OSError, ValueError) as error:
            told = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else "no certificates"
            raise UsageError(f"{variable} names {path}, which can't be read as certificates: {told}") from None
    return context


def new_session(names: AbstractResolver, tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """Return a session without automatic behaviour."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S, resolver=names, ssl=tls or True),
        cookie_jar=_NoCookies(),
        headers={"User-Agent": user_agent(), "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


def payload_of(body: bytes | None) -> bytes | BytesIO | None:
    """Return a body for aiohttp: a large one as a stream, so that sending it does not block the loop."""
    return body if body is None or len(body) < _STREAM_FROM_BYTES else BytesIO(body)


def headers_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return a response's headers by lower-case name; raises ResponseTooLarge for more than any server needs."""
    if sum(map(len, chain.from_iterable(response.raw_headers))) > MAX_HEADER_BYTES:
        raise ResponseTooLarge("the answer's headers are too long")
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers


class BoundedBody:
    """The body of a response, uncompressed and of a limited size; it can be read once."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        headers: dict[str, str],
        max_bytes: int,
        checks: BodyChecks = NOTHING_TO_CHECK,
    ) -> None:
        """Raise ResponseTooLarge for a body that is announced as larger than ``max_bytes``."""
        self._decoder = decoder_for(headers.get("content-encoding", ""))
        self._received = response.content
        self._max_bytes = max_bytes
        self._checks = checks
        self._size_bytes = 0
        if (response.content_length or 0) > max_bytes:
            raise self._too_large()

    async def whole(self) -> bytes:
        """Return all of it; raises ResponseTooLarge beyond ``max_bytes``."""
        pieces: list[bytes] = []
        async for data in self._received.iter_any():
            pieces.extend(self._content_of(data))
        self._decoder.finish()
        return b"".join(pieces)

    async def pour(self, sink: Sink) -> None:
        """Pass on a small one as it is, and write a larger one in a worker thread: the loop never waits for a disk.

        Raises ResponseTooLarge beyond ``max_bytes``.
        """
        gathered: list[bytes] = []
        size_bytes = 0
        is_small = True
        async for data in self._received.iter_any():
            for piece in self._content_of(data):
                gathered.append(piece)
                size_bytes += len(piece)
                if size_bytes >= _SINK_BYTES:
                    await asyncio.to_thread(sink.write, b"".join(gathered), last=False)
                    gathered, size_bytes, is_small = [], 0, False
        self._decoder.finish()
        if is_small:
            sink.keep(b"".join(gathered))
        else:
            await asyncio.to_thread(sink.write, b"".join(gathered), last=True)

    def _content_of(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of the next bytes."""
        self._checks.take_sent(data)
        for piece in self._decoder.feed(data):
            self._checks.take_meant(piece)
            self._size_bytes += len(piece)
            if self._size_bytes > self._max_bytes:
                raise self._too_large()
            yield piece

    def _too_large(self) -> ResponseTooLarge:
        return ResponseTooLarge(f"the answer is larger than {self._max_bytes:,} bytes")


@cache
def user_agent() -> str:
    """Return the client's ``User-Agent``."""
    try:
        return f"qwave-batch/{version('qwave-batch')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "qwave-batch"
