"""Folders that are held open for several steps: few at once, and a disk that failed once is not forgotten."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from qwave_batch.files import held_tree as module
from qwave_batch.files.held_tree import MOST_HANDLES, held_tree

DEPTH = 12


def test_a_name_that_is_not_durable_is_not_forgotten_for_a_folder_made_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making a folder lets go of the others: what the disk says then is about the names put there before."""
    for name in ("from", "to"):
        (tmp_path / name).mkdir()
    (tmp_path / "from/a").touch()
    said = [OSError(errno.EIO, "the disk"), None]

    def sync_folder(_: int) -> bool:
        if (error := said.pop(0) if said else None) is not None:
            raise error
        return True

    monkeypatch.setattr(module, "sync_folder", sync_folder)

    def steps() -> None:
        with held_tree(tmp_path) as tree:
            tree.move("from/a", "to/a")
            with suppress(OSError):
                tree.make_folder("another")
            tree.write_synced("from/b", b"b")

    with pytest.raises(OSError, match="the disk"):
        steps()


@contextmanager
def few_files(most: int) -> Iterator[None]:
    """Allow this process few more open files than it has."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Path(os.devnull).open() as newest:  # the lowest number that is free
        first = newest.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (first + most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_many_deep_folders_are_not_all_open_at_once(tmp_path: Path) -> None:
    paths = ["/".join([f"folder-{number}", *"abcdefghijkl"[:DEPTH], "file"]) for number in range(40)]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    (tmp_path / "to").mkdir()
    with few_files(MOST_HANDLES + 2 * DEPTH + 10), held_tree(tmp_path) as tree:
        for number, path in enumerate(paths):
            tree.open(path).close()
            tree.move(path, f"to/{number}")
    assert len(list((tmp_path / "to").iterdir())) == len(paths)
