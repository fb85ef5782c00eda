"""Sends requests with aiohttp; its exceptions are translated in ``client.http_errors``."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
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
from qwave_batch.client.response_bodies import BodyChecks, checks_of, decoder_for
from qwave_batch.client.web_addresses import read_address, read_base_url
from qwave_batch.errors import UsageError

CONNECT_TIMEOUT_S = 15.0
STALL_TIMEOUT_S = 30.0
KEEP_ALIVE_S = 4.0
"""Below the 5 s after which common servers hang up: a submit on a line that the server is just closing would be lost
without anyone knowing whether it was heard."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_GOOD_ANSWER_BYTES = 128 * 1024 * 1024
"""Of a success: it may hold images, and one of 4K comes to some 20 MB of letters."""
MAX_HEADER_BYTES = 64 * 1024
_STREAM_FROM_BYTES = 512 * 1024
_SINK_BYTES = 1024 * 1024  # a body that is smaller stays in memory, a larger one is written in such pieces


class AiohttpTransport:
    """Carries requests over one aiohttp session; an async context manager.

    It follows no redirect, keeps no cookie, reads no environment and no netrc, and asks for bodies as they are.
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
            base_url: the API's; its host is trusted, any other host must not lead into the own network.
            max_connections: requests on their way at once; the others wait, and their time does not count yet.
            proxies: what the environment says of proxies; none when left out. Behind a proxy it is the proxy that
                looks names up, so that only addresses written as numbers can be refused here.
            trust: which certificates are trusted beside the system's; none when left out.
            resolver: looks up names; the system's when left out.
            stall_timeout_s: how long a download may stand still.
        """
        self._api = read_base_url(base_url).address
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
        """Return the API's response, whatever its status, with a body of at most 4 MiB, or 128 of a success."""

        async def read(response: aiohttp.ClientResponse) -> HttpResponse:
            headers = headers_of(response)
            most = MAX_GOOD_ANSWER_BYTES if response.status == HTTPStatus.OK else MAX_ANSWER_BYTES
            parts = [part async for part in bounded_body(response, headers, most)]
            return HttpResponse(status=response.status, headers=headers, body=b"".join(parts))

        return await self._exchange(request, read)

    async def fetch(self, request: HttpRequest, sink: Sink, *, max_bytes: int) -> HttpResponse:
        """Put the body of a 200 into ``sink``; an address inside the own network is refused."""

        async def read(response: aiohttp.ClientResponse) -> HttpResponse:
            headers = headers_of(response)
            if response.status == HTTPStatus.OK:
                checks = checks_of(headers)
                await pour(bounded_body(response, headers, max_bytes, checks), sink)
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
        """Send a request and read its response; a foreign exception becomes a TransportFailed.

        aiohttp's exceptions carry the request's headers, the key among them, so none may stay behind as a cause or
        a context: that is why the failure is raised outside of the ``except``.
        """
        if self._sessions is None:
            raise RuntimeError("the transport is not open")
        address = read_address(request.url)
        proxy = self._proxies.for_address(address)
        login = None if proxy is None or proxy.authorization is None else {"Proxy-Authorization": proxy.authorization}
        # behind a proxy, its name is the only one that is looked up here
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
    """The lines that are open; those to the API and to a proxy are never those to where a result is."""

    trusted: aiohttp.ClientSession
    """To the hosts that the user named: the API's, and the proxies'."""
    results: aiohttp.ClientSession
    """To the hosts that an answer named."""
    guard: ResultGuard


class _NoCookies(aiohttp.DummyCookieJar):
    """Keeps no cookie, and does not read them either: aiohttp would warn of bad ones on stderr, in their own words."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Leave the cookies of an answer alone."""


def tls_context(trust: Trust) -> ssl.SSLContext | None:
    """Return what certificates are held to; None for the system's own alone. It reads files.

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
    """Return a session that does nothing of its own accord."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S, resolver=names, ssl=tls or True),
        cookie_jar=_NoCookies(),
        headers={"User-Agent": user_agent(), "Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    )


def payload_of(body: bytes | None) -> bytes | BytesIO | None:
    """Return a body as aiohttp likes it: a large one as a stream, so that sending it does not hold up the loop."""
    return body if body is None or len(body) < _STREAM_FROM_BYTES else BytesIO(body)


def headers_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return a response's headers by lower-case name; raises TooLarge when they are more than any server needs."""
    if sum(len(name) + len(value) for name, value in response.raw_headers) > MAX_HEADER_BYTES:
        raise ResponseTooLarge("the answer's headers are too long")
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers


async def bounded_body(
    response: aiohttp.ClientResponse, headers: dict[str, str], max_bytes: int, checks: BodyChecks | None = None
) -> AsyncIterator[bytes]:
    """Yield a body as it comes, uncompressed; raises TooLarge beyond ``max_bytes``."""
    checks = checks or BodyChecks(told=())
    decoder = decoder_for(headers.get("content-encoding", ""))
    if (response.content_length or 0) > max_bytes:
        raise ResponseTooLarge(f"the answer is larger than {max_bytes:,} bytes")
    size_bytes = 0
    async for data in response.content.iter_any():
        checks.take_sent(data)
        for piece in decoder.feed(data):
            checks.take_meant(piece)
            size_bytes += len(piece)
            if size_bytes > max_bytes:
                raise ResponseTooLarge(f"the answer is larger than {max_bytes:,} bytes")
            yield piece
    decoder.finish()


async def pour(body: AsyncIterator[bytes], sink: Sink) -> None:
    """Hand over a small body as it is, and let a worker thread write a larger one: the loop never waits for a disk."""
    gathered: list[bytes] = []
    size_bytes = 0
    is_small = True
    async for piece in body:
        gathered.append(piece)
        size_bytes += len(piece)
        if size_bytes >= _SINK_BYTES:
            await asyncio.to_thread(sink.write, b"".join(gathered), last=False)
            gathered, size_bytes, is_small = [], 0, False
    if is_small:
        sink.keep(b"".join(gathered))
    else:
        await asyncio.to_thread(sink.write, b"".join(gathered), last=True)


@cache
def user_agent() -> str:
    """Return what the client calls itself."""
    try:
        return f"qwave-batch/{version('qwave-batch')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "qwave-batch"
