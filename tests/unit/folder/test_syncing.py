from pathlib import Path

from qwave_batch.folder.syncing import sync_file, write_synced


def test_a_written_file_is_whole_and_its_time_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"something longer")
    modified_ns = write_synced(file, b"short")
    assert file.read_bytes() == b"short"
    assert file.stat().st_mtime_ns == modified_ns == sync_file(file)


def test_a_file_that_may_only_be_read_can_be_synced(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x")
    file.chmod(0o400)
    assert sync_file(file) == file.stat().st_mtime_ns
