"""How an image is judged: what it may declare, how long it may take, and what is said of one that is refused."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from qwave_batch.imaging.formats.shrinking import Shrinker

MAX_PIXELS = 200_000_000
"""Of one image. No model makes a tenth of it; a larger header is a mistake or an attack on the memory."""
MAX_FRAMES = 50_000
MAX_CHUNKS = 500_000
"""Parts that a file is made of, such as chunks or segments: more than any encoder writes, and walked in a second."""
MAX_MEMORY = 830 * 2**20
"""Bytes that a decode may take beside what the program takes itself."""
LARGE_DECODE = 256 * 2**20
"""Threads decode side by side up to here, and one after the other above: together they must not fill a machine."""
LARGE_FILE = 64 * 2**20
"""The same for reading a file."""
MAX_CPU_S = 4.5
"""The backstop behind the limits above, which keep every image that is sound well below it."""


class _LargeDecodes:
    """Decodes that take much memory: one at a time."""

    def __init__(self) -> None:
        self.lock: AbstractContextManager[object] = threading.RLock()  # a large file may take a large decode


large_decodes = _LargeDecodes()


def share_large_decodes(lock: AbstractContextManager[object]) -> None:
    """Let several processes do one large decode at a time, by a lock that they share."""
    large_decodes.lock = lock


Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""


class BadImage(Exception):
    """The bytes are not a complete image; the text says why. A verdict on bytes: the run fetches again, verify reports.

    The text never repeats what is in the file: it may be anybody's.
    """

    extension: str = ""
    """With its dot, of what the bytes are taken for; empty where nothing is known."""


class OtherFormat(BadImage):
    """The bytes are the result in a form that is not read, and may be whole: fetching them again changes nothing."""


class NotRead(Exception):
    """The library at hand does not read the format."""


class Content:
    """A file's bytes, which are let go of when a decoder works on a copy of its own."""

    def __init__(self, data: bytes, *, is_kept: bool, shrinker: "Shrinker | None" = None) -> None:
        self.data = data
        self.shrinker = shrinker
        """Takes the picture, for those who want it small; None where only the verdict is asked for."""
        self.is_kept = is_kept
        """Whether the caller keeps the bytes: then letting go of them frees nothing."""

    def let_go(self) -> None:
        """Forget the bytes."""
        self.data = b""


class Effort:
    """The processor time that one image may take, counted in the thread that judges it."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._ends_at = clock() + MAX_CPU_S

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time of the block: it is bounded by itself, and belongs to no verdict."""
        begun = self._clock()
        try:
            yield
        finally:
            self._ends_at += self._clock() - begun

    def check(self, ahead_s: float = 0.0) -> None:
        """Raise BadImage when the time is used up, or will be by what may take ``ahead_s`` more."""
        if self._clock() + ahead_s > self._ends_at:
            raise BadImage(f"it takes more than {MAX_CPU_S:g} s of processor time to decode")


def check_image_size(size: Size) -> None:
    """Raise BadImage when no image of that size is read."""
    width, height = size
    if not width or not height:
        raise BadImage(f"{width} x {height} pixels are not an image")
    if width * height > MAX_PIXELS:
        raise BadImage(f"{width} x {height} pixels are more than the {MAX_PIXELS:,} that are read")


@contextmanager
def memory(size_bytes: int, *, large: int = LARGE_DECODE) -> Iterator[None]:
    """Let the block take so much memory, one thread at a time when it is much; raise BadImage when it is too much."""
    if size_bytes > MAX_MEMORY:
        mib = 2**20
        raise BadImage(f"decoding it takes {size_bytes // mib:,} MiB of memory, more than {MAX_MEMORY // mib:,}")
    if size_bytes <= large:
        yield
        return
    with large_decodes.lock:
        yield


def check_frames(sizes: list[Size], *, most_pixels: int) -> None:
    """Raise BadImage when an animation has more frames, or more pixels in them all, than are read."""
    if len(sizes) > MAX_FRAMES:
        raise BadImage(f"{len(sizes):,} frames are more than the {MAX_FRAMES:,} that are read")
    pixels = sum(width * height for width, height in sizes)
    if pixels > most_pixels:
        raise BadImage(
            f"{len(sizes):,} frames of {pixels:,} pixels together are more than the {most_pixels:,} that are read"
        )


def check_frame_place(place: Size, frame: Size, canvas: Size) -> None:
    """Raise BadImage when a frame does not lie within the image that it is a part of."""
    if place[0] + frame[0] > canvas[0] or place[1] + frame[1] > canvas[1]:
        raise BadImage(
            f"a frame of {frame[0]} x {frame[1]} pixels at {place[0]}, {place[1]} "
            f"lies beyond the image of {canvas[0]} x {canvas[1]}"
        )
