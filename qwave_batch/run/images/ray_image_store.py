"""The image store of workers elsewhere: they fetch, check and write; names are given and evidence is kept here."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from qwave_batch.client.answers import DownloadFailed, Expired
from qwave_batch.errors import WorkerKilled
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.executors.workers import Work
from qwave_batch.folder.evidence import quarantine
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import Placing, possible_names
from qwave_batch.folder.storage import storage_errors
from qwave_batch.imaging import formats
from qwave_batch.imaging.image_inspection import EXTENSIONS
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.run.images.batch_threads import BatchItem, BatchThreads
from qwave_batch.run.images.image_arrival import UnusableBytes, keep_unusable, put_in_place
from qwave_batch.run.images.image_store import ImageOutcome, ImageRequest
from qwave_batch.run.images.image_worker import (
    FetchOrder,
    FetchResult,
    FetchSetup,
    ImageInStore,
    StagedImage,
    open_fetching,
)
from qwave_batch.run.images.pool_calls import PoolCalls
from qwave_batch.run.images.stored_files import FileCheck, check_files
from qwave_batch.run.images.thread_image_store import check_is_wanted
from qwave_batch.run.state.context import PictureSink

if TYPE_CHECKING:
    from PIL.Image import Image

_THREADS = 4
"""That give names and keep evidence: each waits for the disk."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """An image as a worker has brought it."""

    request: ImageRequest
    result: StagedImage | UnusableBytes


class RayImageStore:
    """An ``ImageStore`` whose work is done by the workers of a pool."""

    def __init__(
        self,
        layout: RunLayout,
        pool: WorkerPool,
        setup: FetchSetup,
        owner_of: Callable[[str], str | None],
        pictures: PictureSink | None = None,
    ) -> None:
        """Describe the store.

        Args:
            layout: The run folder.
            pool: The workers.
            setup: The setup of each.
            owner_of: Returns the job that has a path on record, called in a thread (``Ledger.owner_of``).
            pictures: Takes a small picture of each image that is stored.
        """
        self._layout = layout
        self._calls: PoolCalls[FetchOrder, FetchResult] = PoolCalls(pool, Work(open_fetching, setup))
        self._owner_of = owner_of
        self._pictures = pictures
        self._placing = Placing(layout)
        self._threads: BatchThreads[_Fetched, ImageOutcome] = BatchThreads(
            self._settle_together, lambda _: 0, threads=_THREADS
        )

    async def fetch(self, request: ImageRequest) -> ImageOutcome:
        """Have a worker fetch an image, and store it; see ``ImageStore.fetch``.

        Raises:
            StorageError: the storage refuses, here or at the worker.
            WorkersGone: there are no workers any more.
        """
        owners: Mapping[str, str] = {}
        if self._layout.artifacts.is_remote:
            owners = await asyncio.to_thread(self._owners, request)
        order = FetchOrder(request=request, owners=owners)
        try:
            result = await self._calls.do(order)
        except WorkerKilled as killed:
            return DownloadFailed(reason=f"it ended {killed.workers} workers, one after the other", retryable=False)
        match result:
            case StagedImage() | UnusableBytes():
                return await self._threads.do(_Fetched(request, result))
            case ImageInStore():
                self._take_picture(result.file.image.sha256, result.small, result.content)
                return result.file
            case Expired() | DownloadFailed():
                return result
            case _:
                assert_never(result)

    async def check(self, files: Sequence[StoredFile]) -> FileCheck:
        """Return which of a job's stored images are missing or changed."""
        return await asyncio.to_thread(check_files, self._layout, files)

    async def quarantine(self, job_id: str, attempt_number: int, damaged: Mapping[int, StoredFile]) -> None:
        """Move damaged images to the evidence."""
        paths = {place: file.image.path for place, file in damaged.items()}
        await asyncio.to_thread(quarantine, self._layout, job_id, attempt_number, paths)

    def _owners(self, request: ImageRequest) -> Mapping[str, str]:
        paths = (f"{name}{ending}" for name in possible_names(request.name) for ending in set(EXTENSIONS.values()))
        found = {path: self._owner_of(path) for path in paths}
        return {path: owner for path, owner in found.items() if owner is not None}

    def _settle_together(
        self, batch: Sequence[BatchItem[_Fetched, ImageOutcome]]
    ) -> Sequence[ImageOutcome | BaseException]:
        """Name images and keep evidence; all names are durable when this returns.

        Raises:
            StorageError: none of the names is certain to be durable.
        """
        with storage_errors(self._layout.images, "sync"), self._layout.held() as layout:
            return [self._outcome(layout, each) for each in batch]

    def _outcome(self, layout: RunLayout, each: BatchItem[_Fetched, ImageOutcome]) -> ImageOutcome | BaseException:
        try:
            check_is_wanted(each)
            request, result = each.item.request, each.item.result
            if isinstance(result, UnusableBytes):
                return keep_unusable(layout, request, result)
            stored = put_in_place(self._placing.within(layout), request, result.partial, result.info, self._owner_of)
        except BaseException as error:  # noqa: BLE001 - it is raised for this image, and the others go on
            return error
        self._take_picture(result.info.sha256, result.small, None)
        return stored

    def _take_picture(self, sha256: str, small: "Image | None", content: bytes | None) -> None:
        if self._pictures is not None and small is not None:
            shrinker = formats.shrinking.Shrinker()
            shrinker.small = small
            self._pictures.take(sha256, shrinker, content)
