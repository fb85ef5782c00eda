"""The paths that an export has begun to write and its record may not know of yet, for the next export to know.

The record is committed now and then. Without these, files of an export that was killed would be nobody's: exported
again with other options, an old image would stay beside the caption of a new one.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors

_MOST_BYTES = 1 << 28


@dataclass(slots=True)
class BegunFiles:
    """A list of paths in a file. A path is in it before its file is written, and survives a kill of the process."""

    tree: Tree
    path: str
    """The list's own path; there is no such file while the list is empty."""
    _file: BinaryIO | None = field(default=None, repr=False)

    def add(self, path: str) -> None:
        """Append a path.

        Raises:
            StorageError: the disk refuses.
        """
        with storage_errors(self.tree.root, below=path):
            if self._file is None:
                self._file = self.tree.create(self.path)
            rest = memoryview(f"{path}\n".encode())
            while rest:
                rest = rest[self._file.write(rest) :]

    def clear(self) -> None:
        """Forget all paths: the record knows them now."""
        self.close()
        with storage_errors(self.tree.root, "remove", self.path), suppress(FileNotFoundError):
            self.tree.remove(self.path)

    def close(self) -> None:
        """Close the file, and leave it."""
        if self._file is not None:
            self._file.close()
            self._file = None


def left_begun(tree: Tree, path: str) -> list[str]:
    """Return the paths in the list that an earlier export has left, each once; a last one that is cut off is not read.

    Raises:
        StorageError: the disk refuses.
    """
    with storage_errors(tree.root, "read", path):
        if not tree.is_file(path):
            return []
        whole, _, _ = tree.read(path, most_bytes=_MOST_BYTES).rpartition(b"\n")
    return list(dict.fromkeys(whole.decode("utf-8", "replace").split("\n"))) if whole else []
