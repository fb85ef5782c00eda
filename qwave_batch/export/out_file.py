"""The single file that an export makes, with a record of its origin beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from qwave_batch.errors import FolderBusy, UsageError
from qwave_batch.files.folder_handles import TEMPORARY_PREFIX
from qwave_batch.files.lone_writer import WrittenByAnother, lone_writer
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import sha256_of, storage_errors, write_atomic

ORIGIN_ENDING = ".origin.json"
"""Follows the name of an exported file in that of its record."""


@dataclass(slots=True)
class OutFile:
    """An output file, to be written once."""

    path: Path
    is_changed: bool = False
    """Whether the file was written; False while it holds the same bytes as before."""

    @contextmanager
    def new_file(self) -> Iterator[BinaryIO]:
        """Yield a new file that takes the place of the old one at the end of the block, unless the bytes are the same.

        If the block fails, the old one is untouched.

        Raises:
            FolderBusy: another export is writing the same file.
            StorageError: the disk refuses.
        """
        tree = Tree(self.path.parent)
        name = self.path.name
        part = f"{TEMPORARY_PREFIX}{name[-100:]}"
        with storage_errors(self.path):
            tree.make_folder()
            try:
                with lone_writer(tree, part) as file:
                    try:
                        yield file
                        file.close()
                        self.is_changed = not tree.is_file(name) or _sha256(tree, name) != _sha256(tree, part)
                        if self.is_changed:
                            self._claim(tree)
                            tree.move(part, name)
                    finally:
                        if tree.is_file(part):
                            tree.remove(part)
            except WrittenByAnother:
                raise FolderBusy(str(self.path), "another export") from None

    def _claim(self, tree: Tree) -> None:
        """Leave a record, still empty, before there is a file: one without a record is somebody else's."""
        name = self.path.name
        if not tree.is_file(name) and not tree.is_file(f"{name}{ORIGIN_ENDING}"):
            write_atomic(tree, f"{name}{ORIGIN_ENDING}", b"{}\n")

    def write_origin(self, data: bytes) -> None:
        """Write the record beside the file, unless it is there with the same bytes."""
        tree = Tree(self.path.parent)
        record = f"{self.path.name}{ORIGIN_ENDING}"
        with storage_errors(self.path, below=record):
            status = tree.look(record)
            if status is None or status.st_size != len(data) or tree.read(record, most_bytes=len(data)) != data:
                write_atomic(tree, record, data)


def check_out_file(path: Path) -> None:
    """Refuse a file that no export made; nothing is changed.

    Raises:
        UsageError: it is a folder, or a file without the record that exports leave beside theirs.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder, and this format makes a file; name one in it")
    if (path.exists() or path.is_symlink()) and not path.with_name(f"{path.name}{ORIGIN_ENDING}").is_file():
        raise UsageError(f"{path} was not made by an export; remove it, or name another file")


def _sha256(tree: Tree, path: str) -> str:
    with tree.open(path) as file:
        return sha256_of(file)
