"""Whether a file on disk is the image that the manifest says it is."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from qwave_batch.errors import UsageError
from qwave_batch.folder.disk import reason_of
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.pictures import BadPicture, Picture, inspect_file
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
    picture = _inspect(layout, image.path)
    if isinstance(picture, FileFault):
        return picture
    if picture.sha256 != image.sha256:
        sizes = f"; {picture.size_bytes:,} bytes, not {image.size_bytes:,}"
        return FileFault(
            kind="damaged",
            message=f"its SHA-256 is {picture.sha256[:12]}..., not {image.sha256[:12]}..."
            f"{sizes if picture.size_bytes != image.size_bytes else ''}",
        )
    found = (picture.size_bytes, picture.width, picture.height, picture.format)
    if found != (image.size_bytes, image.width, image.height, image.format):
        return FileFault(
            kind="damaged",
            message=f"it is a {picture.format} of {picture.width} x {picture.height} in {picture.size_bytes:,} bytes, "
            f"and the manifest says {image.format}, {image.width} x {image.height}, {image.size_bytes:,}",
        )
    return None


def _inspect(layout: RunLayout, path: str) -> Picture | FileFault:
    fault = path_fault(path)
    if fault is not None:
        return FileFault(kind="damaged", message=f"the path can't be right: {fault}")
    try:
        if layout.tree.look(path) is None:
            return FileFault(kind="missing", message="the file is not there")
        with layout.tree.open(path) as file:
            return inspect_file(file)
    except OSError as error:
        return FileFault(kind="damaged", message=f"it can't be read: {reason_of(error)}")
    except (UsageError, BadPicture) as error:  # a link, a pipe, larger than any image, or not an image
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
