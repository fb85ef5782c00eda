"""Whether a file on disk is the image that the manifest says it is."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.folder.image_inspection import BadImage, ImageInfo, inspect_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import reason_of
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.model.record import ImageFile

_THREADS = 4
"""Decoding lets other threads run; more than a few only wait for the disk."""
_AHEAD = 64

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFault:
    """What is wrong with an image file."""

    kind: Literal["missing", "damaged"]
    message: str


def check_image(layout: RunLayout, image: ImageFile) -> FileFault | None:
    """Return what is wrong with an image's file, or None when it is the one on record, whole and decodable."""
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
    """Yield each item with what ``work`` makes of it, in order, some at a time and never many ahead.

    When the caller is interrupted, what is at work is not waited for.
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
