"""A file of lines that one process at a time appends to, so that a kill at any point leaves whole lines."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from qwave_batch.errors import UnsupportedSystem
from qwave_batch.files.lone_writer import WrittenByAnother
from qwave_batch.files.tree import SHARED_MODE, Tree

try:
    import fcntl
except ImportError:  # not POSIX
    raise UnsupportedSystem from None

_PIECE_BYTES = 1 << 16


class AppendedLines:
    """The file, while its block is open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size_bytes = _end_of_lines(descriptor)
        os.ftruncate(descriptor, self._size_bytes)  # cut what a writer that was killed left of a line

    def append(self, lines: Sequence[bytes]) -> list[int]:
        """Add lines, durably, and return the place of each; when the disk refuses, none of them is there."""
        places, place = [], self._size_bytes
        for line in lines:
            places.append(place)
            place += len(line)
        rest, at = memoryview(b"".join(lines)), self._size_bytes
        try:
            while rest:
                written = os.pwrite(self._descriptor, rest, at)
                rest, at = rest[written:], at + written
            os.fsync(self._descriptor)
        except BaseException:
            os.ftruncate(self._descriptor, self._size_bytes)
            raise
        self._size_bytes = place
        return places

    def read_from(self, place: int, size_bytes: int) -> bytes:
        """Return at most so many bytes from a place on."""
        return os.pread(self._descriptor, min(size_bytes, self._size_bytes - place), place)


@contextmanager
def appended_lines(tree: Tree, path: str) -> Iterator[AppendedLines]:
    """Yield a file of lines, made if it is missing, that nobody else appends to until the end of the block.

    Raises:
        WrittenByAnother: somebody else is appending to it.
        NotRegular, LinkInTheWay, OSError: as ``Tree.open_to_update``.
    """
    is_new = tree.look(path) is None
    descriptor = tree.open_to_update(path, mode=SHARED_MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WrittenByAnother from None
        if is_new:
            tree.sync_folder(path.rpartition("/")[0])
        yield AppendedLines(descriptor)
    finally:
        os.close(descriptor)


def _end_of_lines(descriptor: int) -> int:
    """Return the place behind the last line that is whole."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - _PIECE_BYTES)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
