"""Downloads a result: follows redirects without the key, bounded in size and time."""

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.client.http import (
    Forbidden,
    HttpRequest,
    HttpResponse,
    ResponseTooLarge,
    Transport,
    TransportFailed,
    Untrusted,
)
from qwave_batch.client.retry_after import retry_after_s
from qwave_batch.client.web_addresses import BadAddress, WebAddress, read_address, redirected
from qwave_batch.errors import FolderError, StorageError
from qwave_batch.files.tree import place_of
from qwave_batch.model.clock import Clock


class PartialFile:
    """Receives a download's bytes.

    It is not synced: the caller that checks the file and renames it syncs it once, if it is good.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tree, self._name = place_of(path)
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()
        self._discarded = False
        self.size_bytes = 0
        self.content: bytes | None = None
        """The whole body if it was small; then no file exists."""

    def keep(self, data: bytes) -> None:
        """Keep a whole body in memory."""
        self.content, self.size_bytes = data, len(data)

    def write(self, data: bytes, *, last: bool) -> None:
        """Append the bytes, and close the file after the last; raises StorageError when the disk fails."""
        with self._lock:
            if self._discarded:  # the download was cancelled while this call waited for its thread
                return
            try:
                if self._file is None:
                    self._file = self._tree.create(self._name)
                self._write_all(data)
                if last:
                    self._file.close()
            except OSError as error:
                self._close()
                raise StorageError(f"can't write {self._path}: {error.strerror or error}") from error
            self.size_bytes += len(data)

    def discard(self) -> None:
        """Close and remove the file, or one that an earlier try left; nothing is written from then on."""
        with self._lock:
            self._discarded = True
            self._close()
            with contextlib.suppress(OSError, FolderError):
                self._tree.remove(self._name)

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # the reason why the download failed is reported, not this
                self._file.close()

    def _write_all(self, data: bytes) -> None:
        """Write every byte; a raw file may accept fewer at a time."""
        rest = memoryview(data)
        while rest and self._file is not None:
            rest = rest[self._file.write(rest) :]


MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
EXPIRED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Statuses of an address that does not serve the file, not yet or no longer."""
_WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadLimits:
    """Limits on the size and duration of a download."""

    max_bytes: int
    timeout_s: float
    """Over all redirects, to the last byte."""


async def download(
    transport: Transport, url: str, into: Path, *, limits: DownloadLimits, clock: Clock
) -> DownloadAnswer:
    """Download ``url`` into memory if it is small, else into the file ``into``; a partial file is removed.

    Plain http is accepted where the API itself names it, since a paid image matters more than a careless address; a
    redirect from https to http is not.

    Raises StorageError when the disk fails.
    """
    sink = PartialFile(into)
    try:
        answer = await _follow(transport, url, sink, limits=limits, clock=clock)
    except BaseException:
        sink.discard()  # at once, since a cancelled task may not get to wait for a thread
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
        final = isinstance(failed, Forbidden | ResponseTooLarge)
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
