"""Checks the files under images/: whether each matches the manifest, and which are not in it."""

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.folder.artifacts import IMAGES
from qwave_batch.folder.image_inspection import BadImage, ImageInfo, inspect_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import reason_of
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.model.record import ImageFile

_THREADS = 4
"""Decoding releases the interpreter lock; more than a few threads only wait for the disk."""
_AHEAD = 64

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFault:
    """A fault of an image file."""

    kind: Literal["missing", "damaged"]
    message: str


def check_image(layout: RunLayout, image: ImageFile) -> FileFault | None:
    """Return the fault of an image's file, or None if it matches the record, complete and decodable."""
    info = _inspect(layout, image.path)
    if isinstance(info, FileFault):
        return info
    if info.sha256 != image.sha256:
        sizes = f"; {info.size_bytes:,} bytes, not {image.size_bytes:,}"
        return FileFault(
            kind="damaged",
            message=f"its SHA-256 is {info.sha256[:12]}..., not {image.sha256[:12]}..."
            f"{sizes if info.size_bytes != image.size_bytes else ''}",
        )
    found = (info.size_bytes, info.width, info.height, info.format)
    if found != (image.size_bytes, image.width, image.height, image.format):
        return FileFault(
            kind="damaged",
            message=f"it is a {info.format} of {info.width} x {info.height} in {info.size_bytes:,} bytes, "
            f"and the manifest says {image.format}, {image.width} x {image.height}, {image.size_bytes:,}",
        )
    return None


def _inspect(layout: RunLayout, path: str) -> ImageInfo | FileFault:
    fault = path_fault(path)
    if fault is not None:
        return FileFault(kind="damaged", message=f"the path can't be right: {fault}")
    try:
        if layout.artifacts.look(path) is None:
            return FileFault(kind="missing", message="the file is not there")
        with layout.artifacts.open(path) as file:
            return inspect_file(file)
    except OSError as error:
        return FileFault(kind="damaged", message=f"it can't be read: {reason_of(error)}")
    except (UsageError, StorageError, BadImage) as error:  # a link, a pipe, larger than any image, or not an image
        return FileFault(kind="damaged", message=str(error))


def in_threads(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Yield each item with the result of ``work``, in order, some at a time and never many ahead.

    If the caller is interrupted, running work is not waited for.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) >= _AHEAD:
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
