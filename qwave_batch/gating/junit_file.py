"""The file of a gate's JUnit XML: another one of its kind is replaced, and nothing else."""

from collections.abc import Iterable
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors, write_atomic

_BEGIN = b"<?xml"


def check_junit_place(path: Path, folders: Iterable[Path]) -> None:
    """Refuse a place in which something else stands, or that belongs to a run.

    Raises:
        UsageError: it is not a place for the file; nothing was written.
        StorageError: it can't be looked at.
    """
    for root in folders:
        if path.resolve().is_relative_to(root.resolve()):
            raise UsageError(f"{path} is in the run folder {root}, whose files belong to the run: name another place")
    tree = Tree(path.parent)
    with storage_errors(path):
        if tree.look(path.name) is None:
            return
        if not tree.is_file(path.name):
            raise UsageError(f"{path} is not a file: name another place")
        with tree.open(path.name) as file:
            if file.read(len(_BEGIN)) != _BEGIN:
                raise UsageError(f"{path} is there, and is not XML: name another place, or remove it")


def write_junit(path: Path, content: bytes) -> None:
    """Write the file, all of it or nothing.

    Raises:
        StorageError: the disk refuses.
    """
    write_atomic(Tree(path.parent), path.name, content)
