"""The image store of one process: downloads in the event loop, checks and writes in threads, into the artifacts."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never

from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.folder.evidence import quarantine
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import Placing
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.workspace import partial_path
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES, BadImage
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.run.images.batch_threads import BatchItem, BatchThreads, ItemT, ResultT
from qwave_batch.run.images.image_arrival import UnusableBytes, inspected, keep_unusable, put_in_place, stage
from qwave_batch.run.images.image_store import ImageOutcome, ImageRequest
from qwave_batch.run.images.stored_files import FileCheck, check_files
from qwave_batch.run.state.context import PictureSink

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
        try:
            info, shrinker = inspected(layout, partial, content, wants_picture=self._pictures is not None)
        except BadImage as bad:
            check_is_wanted(each)
            return keep_unusable(layout, request, UnusableBytes.of(bad, content, partial))
        check_is_wanted(each)
        source: str | bytes = partial
        if content is not None and layout.artifacts.is_remote:  # it goes there from memory
            source = content
        else:
            stage(layout, partial, content)
        stored = put_in_place(self._placing.within(layout), request, source, info, self._owner_of)
        if self._pictures is not None and shrinker is not None:
            self._pictures.take(info.sha256, shrinker, content)
        return stored


def check_is_wanted(each: BatchItem[ItemT, ResultT]) -> None:
    """Raise CancelledError for an item that nobody waits for any more."""
    if not each.is_wanted:
        raise asyncio.CancelledError  # the run has ended, and another one may own the folder by now
