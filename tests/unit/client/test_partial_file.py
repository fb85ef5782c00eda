from pathlib import Path

import pytest

from qwave_batch.client.partial_file import PartialFile
from qwave_batch.errors import StorageError


def test_a_file_grows_and_knows_its_size(tmp_path: Path) -> None:
    file = PartialFile(tmp_path / "a.partial")
    file.write(b"one", last=False)
    file.write(b"two", last=True)
    assert (tmp_path / "a.partial").read_bytes() == b"onetwo"
    assert (file.size_bytes, file.content) == (6, None)


def test_a_small_body_stays_in_memory(tmp_path: Path) -> None:
    file = PartialFile(tmp_path / "a.partial")
    file.keep(b"small")
    assert (file.size_bytes, file.content) == (5, b"small")
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_try_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.partial").write_bytes(b"an older and longer try")
    PartialFile(tmp_path / "a.partial").write(b"new", last=True)
    assert (tmp_path / "a.partial").read_bytes() == b"new"


def test_a_discarded_file_is_gone_and_stays_gone(tmp_path: Path) -> None:
    """A write that comes late, from a worker thread, does not bring it back."""
    file = PartialFile(tmp_path / "a.partial")
    file.write(b"one", last=False)
    file.discard()
    file.write(b"two", last=True)
    file.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"can't write .*No such file"):
        PartialFile(tmp_path / "missing" / "a.partial").write(b"x", last=True)
    with pytest.raises(StorageError, match="can't write /dev/full: No space left"):
        PartialFile(Path("/dev/full")).write(b"x", last=True)
