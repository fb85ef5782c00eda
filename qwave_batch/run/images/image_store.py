"""From fetched bytes to a checked image under its name: the work of threads, a few at a time."""

import asyncio
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.client.answers import Downloaded
from qwave_batch.files.tree import PRIVATE_FOLDER_MODE, PRIVATE_MODE
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.image_inspection import BadImage, ImageInfo, inspect_bytes, inspect_file
from qwave_batch.folder.layout import EVIDENCE, RunLayout
from qwave_batch.folder.placing import ImageName, Placing
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.record import ImageFile

_THREADS = min(8, (os.cpu_count() or 1) + 1)
"""Decoding takes a processor, and one more may wait for the disk. Further threads cost more than they bring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadedImage:
    """An image that was fetched, with all that is known of where it belongs."""

    fetched: Downloaded
    into: Path
    """The file that it was downloaded to when it was too large for memory."""
    name: ImageName
    restores: str | None
    """The path on record that it is to have again."""
    source_url: str


class ImageStore:
    """Checks images and puts them in place."""

    def __init__(self, layout: RunLayout, ledger: Ledger) -> None:
        self._layout = layout
        self._placing = Placing(layout)
        self._names = _Names(ledger)
        self._free = asyncio.Semaphore(_THREADS)

    async def develop(self, negative: DownloadedImage) -> StoredFile | BadImage:
        """Return the image's file, which survives a power cut, or why the bytes are no whole image.

        The name is the job's until ``forget``. Raises StorageError when the disk fails. Cancelled, it puts nothing in
        place any more, though its thread may still be decoding.
        """
        is_wanted = threading.Event()
        is_wanted.set()
        async with self._free:
            try:
                return await asyncio.to_thread(self._develop, negative, is_wanted)
            except BadImage as bad:
                return bad
            finally:
                is_wanted.clear()

    async def keep_evidence(self, negative: DownloadedImage, attempt_number: int, extension: str = "") -> str:
        """Keep bytes that are no image, for whoever wants to know what came instead; return where, from the folder.

        Args:
            negative: What came.
            attempt_number: Of the job's attempt.
            extension: Of what it is taken for.
        """
        async with self._free:
            return await asyncio.to_thread(self._keep_evidence, negative, attempt_number, extension)

    async def keep_answer(self, job_id: str, attempt_number: int, answer: bytes) -> None:
        """Keep an answer in which nobody can read where the images are."""
        async with self._free:
            await asyncio.to_thread(self._keep_answer, f"{EVIDENCE}/{job_id}-{attempt_number}_answer.json", answer)

    def forget(self, job_id: str) -> None:
        """Let go of the names that a job has asked for, now that the ledger knows them."""
        self._names.forget(job_id)

    def _develop(self, negative: DownloadedImage, is_wanted: threading.Event) -> StoredFile:
        content, tree, partial = negative.fetched.content, self._layout.tree, self._layout.relative(negative.into)
        with storage_errors(negative.into):
            image = self._inspect(partial) if content is None else inspect_bytes(content)
            if not is_wanted.is_set():
                raise asyncio.CancelledError  # the run has left, and the folder may be another one's by now
            modified_ns = tree.sync(partial) if content is None else tree.write_synced(partial, content)
        path = self._put_in_place(negative, image)
        return StoredFile(
            image=ImageFile(
                path=path,
                sha256=image.sha256,
                size_bytes=image.size_bytes,
                width=image.width,
                height=image.height,
                format=image.format,
                source_url=negative.source_url,
            ),
            modified_ns=modified_ns,
        )

    def _inspect(self, partial: str) -> ImageInfo:
        with self._layout.tree.open(partial) as file:
            return inspect_file(file)

    def _put_in_place(self, negative: DownloadedImage, image: ImageInfo) -> str:
        path = negative.restores
        if path is not None and self._placing.restore(negative.into, path):
            return path
        job_id = negative.name.job_id
        return self._placing.place(negative.into, image, negative.name, lambda path: self._names.owner_of(path, job_id))

    def _keep_evidence(self, negative: DownloadedImage, attempt_number: int, extension: str) -> str:
        tree, content = self._layout.tree, negative.fetched.content
        path = f"{EVIDENCE}/{negative.name.job_id}-{attempt_number}_{negative.name.number}{extension}"
        with storage_errors(self._layout.root / path):
            tree.make_folder(EVIDENCE, mode=PRIVATE_FOLDER_MODE)
            if content is None:
                tree.move(self._layout.relative(negative.into), path)
            else:
                tree.write_synced(path, content, mode=PRIVATE_MODE)
        return path

    def _keep_answer(self, path: str, answer: bytes) -> None:
        with storage_errors(self._layout.root / path):
            self._layout.tree.make_folder(EVIDENCE, mode=PRIVATE_FOLDER_MODE)
            self._layout.tree.write_synced(path, answer, mode=PRIVATE_MODE)


class _Names:
    """Who has which path, counting the images that are being placed at this moment; for worker threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._asked: dict[str, str] = {}
        self._of_job: dict[str, list[str]] = {}

    def owner_of(self, path: str, job_id: str) -> str | None:
        # The claim comes before the look at the ledger: whoever has let go of a claim is on record there by then.
        with self._lock:
            claimant = self._asked.setdefault(path, job_id)
            if claimant != job_id:
                return claimant
            self._of_job.setdefault(job_id, []).append(path)
        return self._ledger.owner_of(path)

    def forget(self, job_id: str) -> None:
        with self._lock:
            for path in self._of_job.pop(job_id, ()):
                self._asked.pop(path, None)
