"""Fetches a result: redirects by hand, never with the key, bounded in size and time."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from qwave_batch.client.addresses import BadAddress, WebAddress, read_address, redirected
from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.client.http import (
    Forbidden,
    HttpRequest,
    HttpResponse,
    TooLarge,
    Transport,
    TransportFailed,
    Untrusted,
)
from qwave_batch.client.partial_file import PartialFile
from qwave_batch.client.retry_after import retry_after_s
from qwave_batch.model.clock import Clock

MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
EXPIRED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""What says that an address serves no file: not yet, or not any more."""
_WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadLimits:
    """How much and how long a download may be."""

    max_bytes: int
    timeout_s: float
    """Over all redirects, to the last byte."""


async def download(
    transport: Transport, url: str, into: Path, *, limits: DownloadLimits, clock: Clock
) -> DownloadAnswer:
    """Fetch ``url`` into memory when it is small, else into the file ``into``; unless it comes whole, no file is left.

    Plain http is taken where the API itself names it, since a paid image weighs more than a careless address; a
    redirect from https to http is not.

    Raises StorageError when the disk fails.
    """
    sink = PartialFile(into)
    try:
        answer = await _follow(transport, url, sink, limits=limits, clock=clock)
    except BaseException:
        sink.discard()  # right here, since a cancelled task may not come to wait for a thread
        raise
    if not isinstance(answer, Downloaded):
        await asyncio.to_thread(sink.discard)
    return answer


async def _follow(
    transport: Transport, url: str, sink: PartialFile, *, limits: DownloadLimits, clock: Clock
) -> DownloadAnswer:
    deadline = clock.monotonic() + limits.timeout_s
    try:
        address = read_address(url)
        for _ in range(MAX_REDIRECTS + 1):
            left_s = deadline - clock.monotonic()
            if left_s <= 0:
                return DownloadFailed(reason="no whole file in time", retryable=True)
            request = HttpRequest(method="GET", url=address.text, timeout_s=left_s)
            response = await transport.fetch(request, sink, max_bytes=limits.max_bytes)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or location is None:
                return _judge(response, address, sink, now=clock.now())
            address = redirected(address, location)
    except BadAddress as bad:
        return DownloadFailed(reason=f"the address of the result is not right: {bad}", retryable=False)
    except TransportFailed as failed:
        final = isinstance(failed, Forbidden | TooLarge)
        named = failed.reason if isinstance(failed, Untrusted) else f"{address.host}: {failed.reason}"
        return DownloadFailed(reason=named, retryable=not final)
    return DownloadFailed(reason=f"more than {MAX_REDIRECTS} redirects", retryable=False)


def _judge(response: HttpResponse, address: WebAddress, sink: PartialFile, *, now: float) -> DownloadAnswer:
    """Return what the last response of a download means."""
    status = response.status
    if status == HTTPStatus.OK and sink.size_bytes:
        return Downloaded(size_bytes=sink.size_bytes, content=sink.content)
    if status == HTTPStatus.OK:
        return DownloadFailed(reason=f"{address.host} sent an empty file", retryable=True, status=status)
    reason = f"{address.host} answered HTTP {status}"
    if status in EXPIRED:
        return Expired(status=status, reason=reason)
    return DownloadFailed(
        reason=reason,
        retryable=status in _WORTH_ANOTHER_TRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        status=status,
        retry_after_s=retry_after_s(response.headers, now),
    )
