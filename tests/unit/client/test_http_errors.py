"""Every exception of aiohttp's client ends in the transport."""

import errno
import inspect
import socket
import ssl
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp import http_exceptions
from aiohttp.client_reqrep import ConnectionKey

from qwave_batch.client.http import Forbidden, NeverSent, PerhapsSent, TransportFailed, Untrusted
from qwave_batch.client.http_errors import FOREIGN, failure_of
from qwave_batch.client.resolver import ForbiddenAddress
from qwave_batch.client.response_bodies import BadEncoding
from tests.every_case import in_one_test

KEY = ConnectionKey(
    host="api.example.com", port=443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None
)
NEVER_SENT = {
    "ClientConnectorError",
    "ClientConnectorDNSError",
    "ClientConnectorSSLError",
    "ClientConnectorCertificateError",
    "ClientProxyConnectionError",
    "ClientHttpProxyError",
    "ClientSSLError",
    "ConnectionTimeoutError",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "ServerFingerprintMismatch",
    "UnixClientConnectorError",
}
"""aiohttp's exceptions that are raised before a byte of the request leaves."""


def exceptions_of(*modules: object) -> Iterator[type[BaseException]]:
    for module in modules:
        for name, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, Exception) and not issubclass(member, Warning) and not name.startswith("_"):
                yield member


CLIENT_EXCEPTIONS = sorted(
    # the one that is left out is a TypeError of web sockets, which nobody here speaks
    set(exceptions_of(aiohttp.client_exceptions, http_exceptions)) - {aiohttp.WSMessageTypeError},
    key=lambda kind: kind.__name__,
)


@in_one_test("kind", CLIENT_EXCEPTIONS)
def test_every_exception_of_the_client_is_translated(kind: type[BaseException]) -> None:
    """Also one that this version of aiohttp raises and no other does: it may have been sent, to be safe."""
    error = kind.__new__(kind)
    if kind is aiohttp.ClientConnectorCertificateError:
        error = aiohttp.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError(1, "no"))
    assert isinstance(error, FOREIGN)
    failure = failure_of(error)
    assert isinstance(failure, NeverSent if kind.__name__ in NEVER_SENT else PerhapsSent)
    assert failure.reason


def test_the_walk_finds_the_exceptions_that_are_known_to_be_raised() -> None:
    assert {kind.__name__ for kind in CLIENT_EXCEPTIONS} >= NEVER_SENT


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ECONNREFUSED, "x")), NeverSent, "connection refused"),
        (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "unknown")), NeverSent, "can't be looked up"),
        (aiohttp.ClientConnectorDNSError(KEY, ForbiddenAddress("it is out of bounds")), Forbidden, "out of bounds"),
        (aiohttp.ClientOSError(errno.ECONNRESET, "reset"), PerhapsSent, "connection reset"),
        (aiohttp.ClientConnectionResetError("closing"), PerhapsSent, "connection broke"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), PerhapsSent, "connection reset"),
        (TimeoutError(), PerhapsSent, "in time"),
        (aiohttp.SocketTimeoutError(), PerhapsSent, "in time"),
        (ssl.SSLError(1, "[SSL] x"), PerhapsSent, "connection broke"),
        (ssl.SSLCertVerificationError(1, "bad"), Untrusted, "certificate is not trusted"),
        (socket.gaierror(-2, "unknown"), NeverSent, "looked up"),
        (UnicodeEncodeError("idna", "h", 0, 1, "label"), NeverSent, "makes no sense"),
        (EOFError(), PerhapsSent, "EOFError"),
        (BadEncoding("the compressed body is damaged"), PerhapsSent, "damaged"),
    ],
)
def test_what_a_failure_says(error: BaseException, kind: type[TransportFailed], says: str) -> None:
    assert isinstance(error, FOREIGN)
    failure = failure_of(error)
    assert type(failure) is kind
    assert says in failure.reason
