"""Translates exceptions of aiohttp, sockets and TLS: the request was certainly not sent, or may have been."""

import os
import socket
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from qwave_batch.client.http import Forbidden, NeverSent, PerhapsSent, TransportFailed, Untrusted, words
from qwave_batch.client.resolver import ForbiddenAddress
from qwave_batch.client.response_bodies import BadEncoding

FOREIGN = (aiohttp.ClientError, HttpProcessingError, OSError, UnicodeError, EOFError, BadEncoding)
"""Everything that aiohttp, the sockets, TLS and a body raise because of a network, a server or an address."""

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
    (aiohttp.ClientResponseError, PerhapsSent, "the answer is not valid HTTP; does that port speak http, not https?"),
    (HttpProcessingError, PerhapsSent, "the answer is not valid HTTP; does that port speak http, not https?"),
    (TimeoutError, PerhapsSent, "no answer in time"),
)
"""The meaning of each exception; the first match wins, and without one the request may have been sent."""


_WRONG_CERTIFICATE = {
    9: "is not valid yet: is the clock right?",
    10: "has expired",
    62: "is for another name",
    64: "is for another address",
}
"""OpenSSL codes for failures that no extra trusted certificate can fix."""
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL"})


def failure_of(error: BaseException) -> TransportFailed:
    """Return the meaning of a foreign exception: certainly not sent, or perhaps sent."""
    forbidden = error if isinstance(error, ForbiddenAddress) else getattr(error, "os_error", None)
    if isinstance(forbidden, ForbiddenAddress):
        return Forbidden(forbidden.reason)
    if isinstance(error, BadEncoding):
        return PerhapsSent(str(error))
    if (untrusted := _distrust_message(error)) is not None:
        return Untrusted(untrusted)
    for foreign, kind, meaning in _MEANINGS:
        if isinstance(error, foreign):
            return kind(meaning or f"no connection: {_told(error)}")
    return PerhapsSent(f"the connection broke: {_told(error)}")


def _distrust_message(error: BaseException) -> str | None:
    """Return the fault of a server's certificate, with advice; None for any other failure."""
    host = words(getattr(error, "host", None), limit=253)
    whose = f" of {host}" if host else ""
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        code = getattr(cause, "verify_code", 0)
        told = words(getattr(cause, "verify_message", "")) or "it could not be verified"
        if code in _WRONG_CERTIFICATE:
            return f"the certificate{whose} {_WRONG_CERTIFICATE[code]} ({told})"
        return (
            f"the certificate{whose} is not trusted ({told}); if a proxy or server of your own is on the way, let "
            "SSL_CERT_FILE or REQUESTS_CA_BUNDLE name the file with its certificates"
        )
    is_before_a_word = isinstance(error, aiohttp.ClientConnectorSSLError)
    if is_before_a_word and isinstance(cause, ssl.SSLError) and getattr(cause, "reason", None) in _NO_TLS:
        return f"the server{whose} does not speak TLS at this port; is the address right, https and all?"
    return None


def _told(error: BaseException) -> str:
    """Return the operating system's or TLS's own words, or the exception's name: never a request's contents."""
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    if isinstance(cause, ssl.SSLError):
        told = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
        return words(told) or type(cause).__name__
    if isinstance(cause, OSError) and cause.errno is not None:
        return os.strerror(cause.errno).lower()  # asyncio's own message repeats the address
    return type(cause).__name__
