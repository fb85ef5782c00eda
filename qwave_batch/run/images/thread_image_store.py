"""The image store of one process: downloads in the event loop, checks and writes in threads, into the artifacts."""

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, assert_never

from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.folder.artifacts import Artifact
from qwave_batch.folder.evidence import broken_image_path, keep_bytes, keep_file, quarantine
from qwave_batch.folder.image_inspection import BadImage, ImageInfo, OtherFormat, inspect_bytes, inspect_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import Placing
from qwave_batch.folder.storage import storage_errors
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.model.record import ImageFile
from qwave_batch.run.images.image_store import BrokenImage, ImageOutcome, ImageRequest, UnreadFormat
from qwave_batch.run.images.stored_files import FileCheck, check_files

_THREADS = min(8, (os.cpu_count() or 1) + 1)
"""Decoding needs a processor, and one more thread may wait for the disk. Further threads cost more than they bring."""


class Download(Protocol):
    """The call that downloads a file; see ``client.task_api.TaskApi.download``."""

    async def __call__(self, url: str, into: Path) -> DownloadAnswer:
        """Download an address into memory if it is small, else into the file ``into``; on failure no file is left."""
        ...


class ThreadImageStore:
    """An ``ImageStore`` whose work is done on this machine, over the workspace and the artifacts of a run folder."""

    def __init__(self, layout: RunLayout, download: Download) -> None:
        self._layout = layout
        self._download = download
        self._placing = Placing(layout)
        self._free = asyncio.Semaphore(_THREADS)

    async def fetch(self, request: ImageRequest) -> ImageOutcome:
        """Fetch an image and store it; see ``ImageStore.fetch``."""
        into = self._layout.workspace.partial_of(request.name.job_id, request.name.number)
        if request.content is not None:
            return await self._store(request, request.content, into)
        answer = await self._download(request.url, into)
        match answer:
            case Downloaded():
                return await self._store(request, answer.content, into)
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

    async def _store(self, request: ImageRequest, content: bytes | None, into: Path) -> ImageOutcome:
        """Check bytes, None for those in the file ``into``, and store them."""
        is_wanted = threading.Event()
        is_wanted.set()
        async with self._free:
            try:
                return await asyncio.to_thread(self._store_in_thread, request, content, into, is_wanted)
            finally:
                is_wanted.clear()

    def _store_in_thread(
        self, request: ImageRequest, content: bytes | None, into: Path, is_wanted: threading.Event
    ) -> ImageOutcome:
        tree, partial = self._layout.tree, self._layout.relative(into)
        try:
            with storage_errors(into):
                info = self._inspect(partial) if content is None else inspect_bytes(content)
        except BadImage as bad:
            _check_is_wanted(is_wanted)
            return self._keep(request, bad, content, partial)
        _check_is_wanted(is_wanted)
        with storage_errors(into):
            if content is None:
                tree.sync(partial)
            else:
                tree.write_synced(partial, content)
        placed = self._put_in_place(request, into, info)
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

    def _inspect(self, partial: str) -> ImageInfo:
        with self._layout.tree.open(partial) as file:
            return inspect_file(file)

    def _put_in_place(self, request: ImageRequest, into: Path, info: ImageInfo) -> Artifact:
        path = request.restores
        restored = None if path is None else self._placing.restore(into, path)
        if restored is not None:
            return restored
        return self._placing.place(into, info, request.name, request.owners.get)

    def _keep(
        self, request: ImageRequest, bad: BadImage, content: bytes | None, partial: str
    ) -> BrokenImage | UnreadFormat:
        """Return the outcome for bytes that are not a complete image, kept as evidence if requested."""
        is_unread = isinstance(bad, OtherFormat)
        if not is_unread and not request.keeps_broken:
            return BrokenImage(reason=str(bad))
        name = request.name
        evidence = broken_image_path(name.job_id, request.attempt_number, name.number, bad.extension)
        if content is None:
            keep_file(self._layout, evidence, partial)
        else:
            keep_bytes(self._layout, evidence, content)
        return (UnreadFormat if is_unread else BrokenImage)(reason=str(bad), evidence=evidence)


def _check_is_wanted(is_wanted: threading.Event) -> None:
    if not is_wanted.is_set():
        raise asyncio.CancelledError  # the run has ended, and another one may own the folder by now
