"""Where the exceptions of aiohttp, the sockets and TLS become ours: a request was surely not sent, or perhaps."""

import os
import socket
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from qwave_batch.client.http import Forbidden, NeverSent, PerhapsSent, TransportFailed
from qwave_batch.client.inflate import BadEncoding
from qwave_batch.client.resolver import ForbiddenAddress
from qwave_batch.client.words import words

FOREIGN = (aiohttp.ClientError, HttpProcessingError, OSError, UnicodeError, EOFError, BadEncoding)
"""Everything that aiohttp, the sockets, TLS and a body raise for what a network, a server or an address does."""

_MEANINGS: tuple[tuple[type[BaseException], type[TransportFailed], str], ...] = (
    (aiohttp.ClientConnectorDNSError, NeverSent, "the host's name can't be looked up"),
    (aiohttp.ClientConnectorError, NeverSent, ""),
    (aiohttp.ConnectionTimeoutError, NeverSent, "no connection in time"),
    (aiohttp.ClientSSLError, NeverSent, ""),
    (ssl.SSLCertVerificationError, NeverSent, ""),
    (aiohttp.ClientHttpProxyError, NeverSent, "the proxy refused to connect"),
    (aiohttp.ServerFingerprintMismatch, NeverSent, ""),
    (aiohttp.InvalidURL, NeverSent, "the address makes no sense"),
    (aiohttp.NonHttpUrlClientError, NeverSent, "the address makes no sense"),
    (socket.gaierror, NeverSent, "the host's name can't be looked up"),
    (ConnectionRefusedError, NeverSent, ""),
    (UnicodeError, NeverSent, "the address makes no sense"),
    (aiohttp.ServerDisconnectedError, PerhapsSent, "the server hung up without an answer"),
    (aiohttp.ClientPayloadError, PerhapsSent, "the answer is cut off"),
    (aiohttp.ClientResponseError, PerhapsSent, "the answer is no proper HTTP"),
    (HttpProcessingError, PerhapsSent, "the answer is no proper HTTP"),
    (TimeoutError, PerhapsSent, "no answer in time"),
)
"""What an exception means; the first line that fits counts, and without one the request was perhaps sent."""


def failure_of(error: BaseException) -> TransportFailed:
    """Return what a foreign exception means for a request: surely not sent, or perhaps sent."""
    forbidden = error if isinstance(error, ForbiddenAddress) else getattr(error, "os_error", None)
    if isinstance(forbidden, ForbiddenAddress):
        return Forbidden(forbidden.reason)
    if isinstance(error, BadEncoding):
        return PerhapsSent(str(error))
    for foreign, kind, meaning in _MEANINGS:
        if isinstance(error, foreign):
            return kind(meaning or f"no connection: {_told(error)}")
    return PerhapsSent(f"the connection broke: {_told(error)}")


def _told(error: BaseException) -> str:
    """Return the operating system's or TLS' own words, or the exception's name: never a request's contents."""
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    if isinstance(cause, ssl.SSLError):
        told = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
        return words(told) or type(cause).__name__
    if isinstance(cause, OSError) and cause.errno is not None:
        return os.strerror(cause.errno).lower()  # asyncio's own wording repeats the address
    return type(cause).__name__
