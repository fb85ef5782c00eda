"""Checks the files under images/: whether each matches the manifest, and which are not in it."""

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from qwave_batch.executors.image_shards import image_work, map_tagged, shard_span, shards_of
from qwave_batch.executors.workers import Workers
from qwave_batch.folder.artifacts import IMAGES, ArtifactStore, LocalArtifacts
from qwave_batch.folder.inspection_processes import cores, inspect_by_processes
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stored_images import FileFault, inspect_stored
from qwave_batch.imaging.image_inspection import ImageInfo
from qwave_batch.model.record import ImageFile
from qwave_batch.output.verify_log import Faults, VerifyLog

_REQUESTS = 16
"""Images that are on their way from a store at once."""
_THREADS = 4
"""Decoding releases the interpreter lock; more than a few threads only wait for the disk."""
_AHEAD = 64

Item = TypeVar("Item")
Result = TypeVar("Result")


def check_images(
    layout: RunLayout, images: Iterable[tuple[Item, ImageFile]], *, by_processes: bool
) -> Iterator[tuple[Item, ImageFile, FileFault | None]]:
    """Yield each image with its fault, or None if it matches the record, complete and decodable, in order.

    Args:
        layout: The folder.
        images: The recorded images, each with anything that comes back with it.
        by_processes: Whether there are so many that it is worth starting a process for each core.
    """
    artifacts = layout.artifacts
    asked = (((item, image), image.path) for item, image in images)
    if by_processes and isinstance(artifacts, LocalArtifacts) and (processes := cores()) > 1:
        inspected = inspect_by_processes(artifacts.tree, asked, processes=processes)
    else:
        threads = threads_over(artifacts)
        found = in_threads(lambda each: inspect_stored(artifacts, each[1]), asked, threads=threads)
        inspected = ((each, what) for (each, _), what in found)
    for (item, image), what in inspected:
        yield item, image, _fault(what, image)


def check_by_workers(
    layout: RunLayout, images: Iterable[tuple[Item, ImageFile]], workers: Workers, log: VerifyLog
) -> Iterator[tuple[Item, ImageFile, FileFault | None]]:
    """Yield what ``check_images`` does, by workers, and without looking again at the shards of a log."""

    def shards() -> Iterator[tuple[tuple[Sequence[tuple[Item, ImageFile]], str | None, Faults | None], Sequence[str]]]:
        for shard in shards_of(images):
            key = log.key_of([image for _, image in shard])
            known = log.faults(key, len(shard))
            yield (shard, key, known), () if known is not None else tuple(image.path for _, image in shard)

    answers = map_tagged(
        workers,
        image_work(layout, inspect_stored),
        shards(),
        named=lambda tag: shard_span([image.path for _, image in tag[0]]),
    )
    for (shard, key, known), found in answers:
        if known is None:
            faults = [_fault(what, image) for what, (_, image) in zip(found, shard, strict=True)]
            log.add(key, faults)
        else:
            faults = known
        for (item, image), fault in zip(shard, faults, strict=True):
            yield item, image, fault


def _fault(found: ImageInfo | FileFault, image: ImageFile) -> FileFault | None:
    if isinstance(found, FileFault):
        return found
    if found.sha256 != image.sha256:
        sizes = f"; {found.size_bytes:,} bytes, not {image.size_bytes:,}"
        return FileFault(
            kind="damaged",
            message=f"its SHA-256 is {found.sha256[:12]}..., not {image.sha256[:12]}..."
            f"{sizes if found.size_bytes != image.size_bytes else ''}",
        )
    facts = (found.size_bytes, found.width, found.height, found.format)
    if facts != (image.size_bytes, image.width, image.height, image.format):
        return FileFault(
            kind="damaged",
            message=f"it is a {found.format} of {found.width} x {found.height} in {found.size_bytes:,} bytes, "
            f"and the manifest says {image.format}, {image.width} x {image.height}, {image.size_bytes:,}",
        )
    return None


def threads_over(*stores: ArtifactStore) -> int:
    """Return how many threads read images of these stores well: those over a network mostly wait."""
    return _REQUESTS if any(store.is_remote for store in stores) else _THREADS


def in_threads(
    work: Callable[[Item], Result], items: Iterable[Item], *, ahead: int = _AHEAD, threads: int = _THREADS
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with the result of ``work``, in order, some at a time and at most ``ahead`` of them.

    If the caller is interrupted, running work is not waited for.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) >= ahead:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


# Files that no line names.

_OF_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".gitignore", ".gitkeep", ".gitattributes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A file that the manifest does not name."""

    path: str
    """Relative to the run folder."""
    size_bytes: int


def stray_files(layout: RunLayout, named: Collection[str]) -> Iterator[Stray]:
    """Yield the files under ``images/`` whose paths, as ``stray_key`` gives them, are not in ``named``."""
    for found in layout.artifacts.list(IMAGES):
        name = found.path.rpartition("/")[2]
        if name in _OF_SYSTEMS or name.startswith("._") or stray_key(found.path) in named:
            continue
        yield Stray(path=found.path, size_bytes=found.size_bytes)


def stray_key(path: str) -> str:
    """Return a path in the form that all file systems return; some decompose names."""
    return unicodedata.normalize("NFC", path)


def possible_stems(job_path: str, job_id: str) -> Iterator[str]:
    """Yield the names that a job's images may have, as ``stem_of`` gives them (``folder.placing``)."""
    if job_path:
        for path in (f"images/{job_path}", f"images/{job_path}-{job_id}", f"images/{job_id}"):
            yield stray_key(path)


def stem_of(path: str) -> str:
    """Return an image's path without its extension and its number among its job's images."""
    return re.sub(r"(_[0-9]+)?\.[a-z0-9]+$", "", stray_key(path))
