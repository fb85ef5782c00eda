"""A new file that one process writes, while others that would write the same one are told."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from qwave_batch.errors import UnsupportedSystem
from qwave_batch.files.tree import SHARED_MODE, Tree

try:
    import fcntl
except ImportError:  # not POSIX
    raise UnsupportedSystem from None


class WrittenByAnother(Exception):
    """Another process, or another writer of this one, is writing the file."""


@contextmanager
def lone_writer(tree: Tree, path: str) -> Iterator[BinaryIO]:
    """Yield an empty file that nobody else can write until the end of the block, which is to move or remove it.

    The leftover of a writer that was killed is taken over. The block may close the file: it stays its own.

    Raises:
        WrittenByAnother: somebody else is writing it.
        NotRegular, LinkInTheWay, OSError: as ``Tree.open_to_update``.
    """
    while True:
        descriptor = tree.open_to_update(path, mode=SHARED_MODE)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise WrittenByAnother from None
            status, there = os.fstat(descriptor), tree.look(path)
            if there is not None and there.st_ino == status.st_ino:  # else the one who had it has moved it meanwhile
                os.ftruncate(descriptor, 0)
                with os.fdopen(os.dup(descriptor), "wb") as file:
                    yield file
                return
        finally:
            os.close(descriptor)
