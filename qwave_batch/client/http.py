"""Requests and responses on the wire, before interpretation, and the Protocol of a transport."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.signed_links import unsigned_text


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request; its headers and body are kept out of its repr, since they hold the key and the prompt."""

    method: Literal["GET", "POST"]
    url: str
    """Absolute, already percent-encoded; sent as it is."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeout_s: float = 30.0
    """From the start of connecting to the last byte of the response."""
    stall_timeout_s: float | None = None
    """Longest time without any byte; None means ``timeout_s``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One complete response."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; the values of a repeated header are joined with commas."""
    body: bytes = field(default=b"", repr=False)


class Sink(Protocol):
    """Receives a download's bytes."""

    def write(self, data: bytes, *, last: bool) -> None:
        """Write the next bytes; ``last`` is true once, at the end of a complete body.

        Called in a worker thread, one call at a time. Raises StorageError when the disk fails.
        """
        ...

    def keep(self, data: bytes) -> None:
        """Keep a complete small body, in place of all writes; called in the event loop, so it must not block."""
        ...


class Transport(Protocol):
    """Carries requests. It follows no redirect, keeps no cookie and raises nothing but TransportFailed."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Return the API's response, whatever its status; the body is bounded."""
        ...

    async def fetch(self, request: HttpRequest, sink: Sink, *, max_bytes: int) -> HttpResponse:
        """Put the body of a 200 into ``sink`` and return the response without it.

        For any address, not only the API's: an address inside the private network is rejected unless the API itself
        is there. Any other status leaves ``sink`` alone, and its body is not read.
        """
        ...


class TransportFailed(Exception):
    """No complete response came."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NeverSent(TransportFailed):
    """The request certainly did not reach the server: no address, no connection, no TLS."""


class Untrusted(NeverSent):
    """The server's certificate was rejected, or it does not speak TLS; a quick retry does not fix that."""


class Forbidden(NeverSent):
    """The address is not allowed; a retry would end the same."""


class PerhapsSent(TransportFailed):
    """The request may have reached the server and taken effect."""


class ResponseTooLarge(PerhapsSent):
    """The response is larger than allowed; a retry would end the same."""


Redact: TypeAlias = Callable[[str], str]
"""Removes secrets from a text."""

MAX_LENGTH = 1000


def words(value: Json, *, limit: int = MAX_LENGTH, redact: Redact = str) -> str:
    """Return a text on one line, without control characters or lone surrogates, cut short; empty for no text.

    Secrets are removed first, since a cut could leave half of one, and so are the signatures of addresses.
    """
    if not isinstance(value, str):
        return ""
    start = unsigned_text(redact(value))[: 4 * limit]  # anything cut here would be cut below
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in start).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
