"""A proxy before an object store on loopback that does what stores and networks do on bad days."""

import http.client
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

_HOP_BY_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
_ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of the store itself, such as 503 SlowDown; the request is not carried out."""

    status: int
    code: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ResetBefore:
    """The connection breaks before the store gets the request."""


@dataclass(frozen=True, slots=True)
class ResetAfter:
    """The request is carried out, and the connection breaks before the answer."""


@dataclass(frozen=True, slots=True)
class ResetInBody:
    """The connection breaks in the middle of the answer's body."""


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer comes late."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ignoring:
    """The store does not know some headers of the request, such as If-None-Match, and acts as if they were absent."""

    headers: frozenset[str]


StoreFault: TypeAlias = Refusal | ResetBefore | ResetAfter | ResetInBody | Slow | Ignoring
SLOW_DOWN = Refusal(503, "SlowDown")
FORBIDDEN = Refusal(403, "AccessDenied")
WRONG_REGION = Refusal(301, "PermanentRedirect", (("x-amz-bucket-region", "eu-west-1"),))
WITHOUT_CONDITIONS = Ignoring(frozenset({"if-none-match", "if-match"}))


@dataclass(slots=True)
class FaultyProxy:
    """The proxy; ``decide`` is asked before each request, with its method and path: ``PUT``, ``/bucket/key``."""

    address: str
    decide: Callable[[str, str], StoreFault | None] = lambda _method, _path: None
    requests: Counter[str] = field(default_factory=Counter)
    """How many came, by method."""
    at_once: int = 0
    most_at_once: int = 0
    paths: list[tuple[str, str]] = field(default_factory=list)

    def first(self, times: int, fault: StoreFault, method: str = "PUT", ending: str = "") -> None:
        """Have the first so many requests of a method, for paths with an ending, meet a fault; all others pass."""
        left, lock = [times], threading.Lock()

        def decide(asked: str, path: str) -> StoreFault | None:
            with lock:
                if asked != method or not path.endswith(ending) or left[0] <= 0:
                    return None
                left[0] -= 1
                return fault

        self.decide = decide

    def always(self, fault: StoreFault, method: str = "", ending: str = "") -> None:
        """Have every request of a method (all without one), for paths with an ending, meet a fault."""
        self.decide = lambda asked, path: fault if asked.startswith(method) and path.endswith(ending) else None


class _ProxyServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _ProxyHandler)
        self.target = urlsplit(upstream)
        self.proxy = FaultyProxy(f"http://127.0.0.1:{self.server_address[1]}")
        self.counting = threading.Lock()


class _ProxyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _ProxyServer

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def _serve(self) -> None:
        body = self._body()
        path = unquote(self.path.partition("?")[0])
        proxy = self.server.proxy
        with self.server.counting:
            proxy.requests[self.command] += 1
            proxy.paths.append((self.command, path))
            proxy.at_once += 1
            proxy.most_at_once = max(proxy.most_at_once, proxy.at_once)
        try:
            self._answer(proxy.decide(self.command, path), body)
        finally:
            with self.server.counting:
                proxy.at_once -= 1

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - the names that the base class calls

    def _body(self) -> bytes:
        if self.headers.get("expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def _answer(self, fault: StoreFault | None, body: bytes) -> None:
        if isinstance(fault, Refusal):
            text = _ERROR.format(code=fault.code).encode()
            self._reply(fault.status, list(fault.headers), b"" if self.command == "HEAD" else text, len(text))
            return
        if isinstance(fault, ResetBefore):
            self._reset()
            return
        if isinstance(fault, Slow):
            time.sleep(fault.seconds)
        status, headers, data, size = self._forward(body, fault.headers if isinstance(fault, Ignoring) else frozenset())
        if isinstance(fault, ResetAfter):
            self._reset()
        elif isinstance(fault, ResetInBody):
            self._reply(status, headers, data[: len(data) // 2], size)
            self._reset()
        else:
            self._reply(status, headers, data, size)

    def _forward(self, body: bytes, left_out: frozenset[str]) -> tuple[int, list[tuple[str, str]], bytes, int]:
        target = self.server.target
        upstream = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in left_out}
        headers.pop("Expect", None)
        try:
            upstream.request(self.command, self.path, body=body, headers=headers)
            answer = upstream.getresponse()
            data = answer.read()
            size = int(answer.headers.get("content-length") or len(data))
            return answer.status, answer.getheaders(), data, size
        finally:
            upstream.close()

    def _reply(self, status: int, headers: list[tuple[str, str]], data: bytes, size: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(size))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


@contextmanager
def serve_proxy(upstream: str) -> Iterator[FaultyProxy]:
    """Yield a proxy before the server at ``upstream`` (``http://127.0.0.1:PORT``), on a port of its own."""
    server = _ProxyServer(upstream)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
