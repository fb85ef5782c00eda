"""The image store of one process: downloads in the event loop, checks and writes in threads, into the artifacts."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, assert_never

from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.folder.artifacts import Artifact
from qwave_batch.folder.evidence import broken_image_path, keep_bytes, keep_file, quarantine
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import Placing, without_ending
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.workspace import partial_path
from qwave_batch.imaging import formats
from qwave_batch.imaging.image_inspection import (
    MAX_IMAGE_BYTES,
    BadImage,
    ImageInfo,
    OtherFormat,
    inspect_bytes,
    inspect_file,
)
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.model.record import ImageFile
from qwave_batch.run.images.batch_threads import BatchItem, BatchThreads
from qwave_batch.run.images.image_store import BrokenImage, ImageOutcome, ImageRequest, UnreadFormat
from qwave_batch.run.images.stored_files import FileCheck, check_files
from qwave_batch.run.state.context import PictureSink

if TYPE_CHECKING:
    from qwave_batch.imaging.formats.shrinking import Shrinker

_THREADS = min(8, (os.cpu_count() or 1) + 1)
"""Decoding needs a processor, and one more thread may wait for the disk. Further threads cost more than they bring."""
_UPLOADS = 16
"""Images that are on their way to a store at once."""


class Download(Protocol):
    """The call that downloads a file; see ``client.task_api.TaskApi.download``."""

    async def __call__(self, url: str, into: Path) -> DownloadAnswer:
        """Download an address into memory if it is small, else into the file ``into``; on failure no file is left."""
        ...


@dataclass(frozen=True, slots=True)
class _Arrived:
    """An image that has come and is to be stored."""

    request: ImageRequest
    content: bytes | None
    """None if it is in its partial file."""


def _weight_of(arrived: _Arrived) -> int:
    """Return the size of an image in bytes; one that is too large for memory is heavy anyway."""
    return MAX_IMAGE_BYTES if arrived.content is None else len(arrived.content)


class ThreadImageStore:
    """An ``ImageStore`` whose work is done on this machine, over the workspace and the artifacts of a run folder."""

    def __init__(
        self,
        layout: RunLayout,
        download: Download,
        owner_of: Callable[[str], str | None],
        pictures: PictureSink | None = None,
    ) -> None:
        """Describe the store.

        Args:
            layout: The run folder.
            download: Downloads an address.
            owner_of: Returns the job that has a path on record, called in a thread (``Ledger.owner_of``).
            pictures: Takes a small picture of each image that is stored.
        """
        self._layout = layout
        self._download = download
        self._owner_of = owner_of
        self._pictures = pictures
        self._placing = Placing(layout)
        if layout.artifacts.is_remote:
            # each image is a request that is waited for: one image a thread, in threads that are in nobody's way
            pool = ThreadPoolExecutor(_UPLOADS, "uploads")
            self._threads = BatchThreads(self._store_together, lambda _: MAX_IMAGE_BYTES, threads=_UPLOADS, pool=pool)
        else:
            self._threads = BatchThreads(self._store_together, _weight_of, threads=_THREADS)

    async def fetch(self, request: ImageRequest) -> ImageOutcome:
        """Fetch an image and store it; see ``ImageStore.fetch``."""
        if request.content is not None:
            return await self._threads.do(_Arrived(request, request.content))
        into = self._layout.workspace.partial_of(request.name.job_id, request.name.number)
        answer = await self._download(request.url, into)
        match answer:
            case Downloaded():
                return await self._threads.do(_Arrived(request, answer.content))
            case Expired() | DownloadFailed():
                return answer
            case _:
                assert_never(answer)

    async def check(self, files: Sequence[StoredFile]) -> FileCheck:
        """Return which of a job's stored images are missing or changed."""
        return await asyncio.to_thread(check_files, self._layout, files)

    async def quarantine(self, job_id: str, attempt_number: int, damaged: Mapping[int, StoredFile]) -> None:
        """Move damaged images to the evidence."""
        paths = {place: file.image.path for place, file in damaged.items()}
        await asyncio.to_thread(quarantine, self._layout, job_id, attempt_number, paths)

    def _store_together(
        self, batch: Sequence[BatchItem[_Arrived, ImageOutcome]]
    ) -> Sequence[ImageOutcome | BaseException]:
        """Check and store images; all their names are durable when this returns.

        Raises:
            StorageError: none of the names is certain to be durable.
        """
        with storage_errors(self._layout.images, "sync"), self._layout.held() as layout:
            return [self._outcome(layout, each) for each in batch]

    def _outcome(self, layout: RunLayout, each: BatchItem[_Arrived, ImageOutcome]) -> ImageOutcome | BaseException:
        try:
            return self._store(layout, each)
        except BaseException as error:  # noqa: BLE001 - it is raised for this image, and the others go on
            return error

    def _store(self, layout: RunLayout, each: BatchItem[_Arrived, ImageOutcome]) -> ImageOutcome:
        request, content = each.item.request, each.item.content
        partial = partial_path(request.name.job_id, request.name.number)
        shrinker = None if self._pictures is None else formats.shrinking.Shrinker()
        try:
            with storage_errors(layout.root, below=partial):
                info = _inspect(layout, partial, shrinker) if content is None else inspect_bytes(content, shrinker)
        except BadImage as bad:
            _check_is_wanted(each)
            return _keep(layout, request, bad, content, partial)
        _check_is_wanted(each)
        goes_from_memory = content is not None and layout.artifacts.is_remote
        with storage_errors(layout.root, below=partial):
            if content is None:
                layout.tree.sync(partial)
            elif not goes_from_memory:
                layout.tree.write_synced(partial, content)
        source = content if goes_from_memory and content is not None else partial
        placed = self._put_in_place(layout, request, source, info)
        if self._pictures is not None and shrinker is not None:
            self._pictures.take(info.sha256, shrinker, content)
        return StoredFile(
            image=ImageFile(
                path=placed.path,
                sha256=info.sha256,
                size_bytes=info.size_bytes,
                width=info.width,
                height=info.height,
                format=info.format,
                source_url=request.source_url,
            ),
            modified_ns=placed.modified_ns,
        )

    def _put_in_place(self, layout: RunLayout, request: ImageRequest, source: str | bytes, info: ImageInfo) -> Artifact:
        placing, path = self._placing.within(layout), request.restores
        restored = None if path is None else placing.restore(source, path)
        if restored is not None:
            return restored

        def owner_of(path: str) -> str | None:
            return request.claims.get(without_ending(path)) or self._owner_of(path)

        return placing.place(source, info, request.name, owner_of)


def _inspect(layout: RunLayout, partial: str, shrinker: "Shrinker | None") -> ImageInfo:
    with layout.tree.open(partial) as file:
        return inspect_file(file, shrinker)


def _keep(
    layout: RunLayout, request: ImageRequest, bad: BadImage, content: bytes | None, partial: str
) -> BrokenImage | UnreadFormat:
    """Return the outcome for bytes that are not a complete image, kept as evidence if requested."""
    is_unread = isinstance(bad, OtherFormat)
    if not is_unread and not request.keeps_broken:
        return BrokenImage(reason=str(bad))
    name = request.name
    evidence = broken_image_path(name.job_id, request.attempt_number, name.number, bad.extension)
    if content is None:
        keep_file(layout, evidence, partial)
    else:
        keep_bytes(layout, evidence, content)
    return (UnreadFormat if is_unread else BrokenImage)(reason=str(bad), evidence=evidence)


def _check_is_wanted(each: BatchItem[_Arrived, ImageOutcome]) -> None:
    if not each.is_wanted:
        raise asyncio.CancelledError  # the run has ended, and another one may own the folder by now
