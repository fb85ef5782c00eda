import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwave_batch.files.regular_files import NotRegular
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import write_atomic

FILL = """
import resource, signal, sys
from pathlib import Path
from qwave_batch.errors import StorageError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import write_atomic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_atomic(Tree(Path(sys.argv[1]).parent), "manifest.jsonl", (b"x" * 1000 for _ in range(1000)))
except StorageError as error:
    print(error)
"""


def test_the_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "manifest.jsonl"
    write_atomic(Tree(tmp_path), "deep/manifest.jsonl", b"old")
    write_atomic(Tree(tmp_path), "deep/manifest.jsonl", (piece for piece in (b"ne", b"w")))
    assert path.read_bytes() == b"new"
    assert [file.name for file in path.parent.iterdir()] == ["manifest.jsonl"]


def test_a_source_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    write_atomic(Tree(tmp_path), "manifest.jsonl", b"old")

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_atomic(Tree(tmp_path), "manifest.jsonl", broken())
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.jsonl"]


def test_a_full_disk_is_named_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    write_atomic(Tree(tmp_path), "manifest.jsonl", b"old")
    command = [sys.executable, "-c", FILL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout == f"cannot write {path}: the file would be larger than the system allows\n"
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.jsonl"]


def test_an_os_error_of_the_source_is_not_taken_for_the_targets(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError, match="missing"):
        write_atomic(Tree(tmp_path), "x", (path.read_bytes() for path in [missing]))


def test_a_folder_under_the_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(NotRegular, match="is a folder, not a file"):
        write_atomic(Tree(tmp_path), "x", b"")


def test_new_files_are_for_their_owner_and_readable_by_the_group_at_most(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_atomic(Tree(tmp_path), "folder/ours", b"")
        os.umask(0o077)
        write_atomic(Tree(tmp_path), "folder/own", b"")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("folder", "folder/ours", "folder/own")]
    assert modes == [0o750, 0o640, 0o600]
