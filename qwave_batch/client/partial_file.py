"""What a download grows in: memory while it is small, else a file that is gone when the download fails."""

import contextlib
import threading
from pathlib import Path
from typing import BinaryIO

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.files.tree import place_of


class PartialFile:
    """Takes a download's bytes.

    It is not synced: whoever checks the file and gives it its name does that, once, for what turned out to be good.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tree, self._name = place_of(path)
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()
        self._discarded = False
        self.size_bytes = 0
        self.content: bytes | None = None
        """The whole body, when it was small: then there is no file."""

    def keep(self, data: bytes) -> None:
        """Hold a whole body in memory."""
        self.content, self.size_bytes = data, len(data)

    def write(self, data: bytes, *, last: bool) -> None:
        """Append the bytes, and close the file after the last; raises StorageError when the disk fails."""
        with self._lock:
            if self._discarded:  # the download was cancelled while this call waited for its thread
                return
            try:
                if self._file is None:
                    self._file = self._tree.create(self._name)
                self._write_all(data)
                if last:
                    self._file.close()
            except OSError as error:
                self._close()
                raise StorageError(f"can't write {self._path}: {error.strerror or error}") from error
            self.size_bytes += len(data)

    def discard(self) -> None:
        """Close the file and remove it, or what an earlier try left there; nothing is written from then on."""
        with self._lock:
            self._discarded = True
            self._close()
            with contextlib.suppress(OSError, FolderError):
                self._tree.remove(self._name)

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # what made the download fail is told, not this
                self._file.close()

    def _write_all(self, data: bytes) -> None:
        """Write every byte; a raw file may take fewer at a time."""
        rest = memoryview(data)
        while rest and self._file is not None:
            rest = rest[self._file.write(rest) :]
