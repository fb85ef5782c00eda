"""The part of a worker elsewhere: it downloads an image, checks it and brings it as far as a worker may.

In a folder that all share that is a synced file under a name that no other try has. Its final name is given where the
ledger is, so nothing that a worker does late, after it was taken for dead, can end under a name. In an object store,
which renames nothing, the worker puts the image under its final name, and no write overwrites what it has not seen.
"""

import asyncio
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias, assert_never

from qwave_batch import client
from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.client.connection import Reached
from qwave_batch.client.downloads import DownloadLimits, download
from qwave_batch.client.task_api import DOWNLOAD_TIMEOUT_S, MAX_DOWNLOAD_BYTES
from qwave_batch.folder import stores
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import Placing
from qwave_batch.folder.workspace import PARTIAL, partial_path
from qwave_batch.imaging.image_inspection import BadImage, ImageInfo
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.store_url import read_store_url
from qwave_batch.run.images.image_arrival import UnusableBytes, inspected, put_in_place, stage
from qwave_batch.run.images.image_store import ImageRequest

if TYPE_CHECKING:
    from PIL.Image import Image

AT_ONCE = 16
"""Images that a worker has in hand at once: nearly all of them are on their way to it."""
_TRIES = 3
"""So often is a name looked for, where others write at the same moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSetup:
    """The setup of a worker. It has no key."""

    folder: Path
    """The run folder, by its absolute path; workers use it where there is no store."""
    store: str | None
    """The address of the object store that takes the images."""
    reached: Reached
    """The API, whose addresses are trusted, and the way into the network."""
    wants_picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOrder:
    """One image to fetch."""

    request: ImageRequest
    owners: Mapping[str, str] = field(default_factory=dict)
    """For a store: the jobs that have possible paths on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedImage:
    """A whole image that waits for its name."""

    info: ImageInfo
    partial: str
    """Its file, relative to the run folder."""
    small: "Image | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInStore:
    """A whole image that is in the store."""

    file: StoredFile
    small: "Image | None"
    content: bytes | None = field(repr=False)
    """Its bytes, for those who look at it here."""


FetchResult: TypeAlias = StagedImage | ImageInStore | UnusableBytes | Expired | DownloadFailed


def open_fetching(setup: FetchSetup) -> Callable[[FetchOrder], FetchResult]:
    """Return what fetches images, called by several threads at once; it lasts as long as the process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="downloads", daemon=True).start()
    return _ImageWorker(setup, loop).fetch


class _ImageWorker:
    def __init__(self, setup: FetchSetup, loop: asyncio.AbstractEventLoop) -> None:
        self._setup = setup
        self._loop = loop
        if setup.store is None:
            self._layout = RunLayout(setup.folder)
        else:
            self._scratch = TemporaryDirectory(prefix="qwave-worker-")
            store = stores.run_store.RunStore.opened(read_store_url(setup.store))
            self._layout = RunLayout(
                Path(self._scratch.name), store=replace(store, artifacts=store.artifacts.careful())
            )
            self._layout.tree.make_folder(PARTIAL)
        self._placing = Placing(self._layout)
        reached = setup.reached
        self._transport = client.transport.AiohttpTransport(
            reached.base_url, max_connections=AT_ONCE, proxies=reached.proxies, trust=reached.trust
        )
        self._opening = asyncio.Lock()
        self._is_open = False
        """Whether the transport is, which is closed with the process."""
        self._decoding = threading.Lock()
        """A worker has one processor."""

    def fetch(self, order: FetchOrder) -> FetchResult:
        """Fetch an image."""
        request = order.request
        partial = f"{partial_path(request.name.job_id, request.name.number)}-{secrets.token_hex(6)}"
        content = request.content
        if content is None:
            answer = self._download(request.url, partial)
            match answer:
                case Downloaded():
                    content = answer.content
                case Expired() | DownloadFailed():
                    return answer
                case _:
                    assert_never(answer)
        try:
            with self._decoding:
                info, shrinker = inspected(self._layout, partial, content, wants_picture=self._setup.wants_picture)
        except BadImage as bad:
            return self._unusable(request, UnusableBytes.of(bad, content, partial))
        small = None if shrinker is None else shrinker.small
        if self._setup.store is not None:
            return self._put(order, info, partial if content is None else content, small)
        stage(self._layout, partial, content)
        return StagedImage(info=info, partial=partial, small=small)

    def _download(self, url: str, partial: str) -> DownloadAnswer:
        limits = DownloadLimits(max_bytes=MAX_DOWNLOAD_BYTES, timeout_s=DOWNLOAD_TIMEOUT_S)
        into = self._layout.root / partial

        async def call() -> DownloadAnswer:
            async with self._opening:
                if not self._is_open:
                    await self._transport.__aenter__()
                    self._is_open = True
            return await download(self._transport, url, into, limits=limits, clock=SystemClock())

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result()

    def _unusable(self, request: ImageRequest, bytes_: UnusableBytes) -> UnusableBytes:
        """Return bytes that are evidence; from a folder of this worker's own they go along."""
        if not bytes_.is_evidence(request):
            if bytes_.content is None:
                self._layout.tree.remove(bytes_.partial)
            return replace(bytes_, content=None)
        if self._setup.store is not None and bytes_.content is None:
            content = self._layout.tree.read(bytes_.partial, most_bytes=MAX_DOWNLOAD_BYTES)
            self._layout.tree.remove(bytes_.partial)
            return replace(bytes_, content=content)
        return bytes_

    def _put(self, order: FetchOrder, info: ImageInfo, source: str | bytes, small: "Image | None") -> ImageInStore:
        for left in reversed(range(_TRIES)):
            try:
                file = put_in_place(self._placing, order.request, source, info, order.owners.get)
                break
            except stores.object_store.WriteLost:  # another has just written there
                if not left:
                    raise
        content = source if self._setup.wants_picture and isinstance(source, bytes) else None
        return ImageInStore(file=file, small=small, content=content)
