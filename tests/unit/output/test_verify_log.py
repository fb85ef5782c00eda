"""Shards that a verify has looked at count for the next one, and only while nothing has changed."""

import os
import shutil
from pathlib import Path

import pytest

from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stored_images import FileFault
from qwave_batch.folder.workspace import PRIVATE, VERIFIED
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.record import ImageFile
from qwave_batch.output.verify_log import MOST_AGE_S, VerifyLog, open_verify_log
from tests.mapped_folders import sound_folder

FAULTS = [None, FileFault(kind="missing", message="the file is not there")]
IMAGES = [
    ImageFile(path=f"images/m/{number}.png", sha256="", size_bytes=1, width=1, height=1, format="png", source_url="")
    for number in range(2)
]


class LaterClock(SystemClock):
    """Is ahead by some seconds."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead_s = ahead_s

    def now(self) -> float:
        return super().now() + self._ahead_s


class Killed(Exception):
    """Ends a verify before its end."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of which one shard was looked at."""
    root = sound_folder(tmp_path / "run", images=2)
    with pytest.raises(Killed):
        look_and_be_killed(root)
    return root


def look_and_be_killed(root: Path) -> None:
    with open_verify_log(RunLayout(root), SystemClock()) as log:
        log.add(log.key_of(IMAGES), FAULTS)
        raise Killed


def known(root: Path, *, ahead_s: float = 0.0) -> list[FileFault | None] | None:
    with open_verify_log(RunLayout(root), LaterClock(ahead_s)) as log:
        return faults_of(log)


def faults_of(log: VerifyLog) -> list[FileFault | None] | None:
    return log.faults(log.key_of(IMAGES), len(IMAGES))


def test_it_is_known_to_the_next_verify_and_to_no_later_one(folder: Path) -> None:
    assert known(folder) == FAULTS
    assert known(folder) is None


def test_a_file_that_was_touched_is_looked_at_again(folder: Path) -> None:
    os.utime(folder / IMAGES[1].path, ns=(1, 1))
    assert known(folder) is None


def test_a_copy_is_looked_at_anew(folder: Path, tmp_path: Path) -> None:
    """Somebody else may have written its log."""
    shutil.copytree(folder, tmp_path / "copy")
    assert known(tmp_path / "copy") is None
    shutil.rmtree(folder)
    (tmp_path / "copy").rename(folder)
    assert known(folder) is None


def test_after_a_day_it_is_looked_at_again(folder: Path) -> None:
    """The disk may have changed its bytes meanwhile."""
    assert known(folder, ahead_s=MOST_AGE_S + 60) is None


def test_half_a_line_and_nonsense_are_no_knowledge(folder: Path) -> None:
    log = folder / VERIFIED
    whole = log.read_bytes()
    log.write_bytes(b"nonsense\n[1]\n[]\n" + whole + whole[:-3])
    assert known(folder) == FAULTS


def test_where_nothing_can_be_kept_a_verify_goes_on(folder: Path) -> None:
    (folder / VERIFIED).unlink()
    (folder / VERIFIED).mkdir()
    assert known(folder) is None
    shutil.rmtree(folder / PRIVATE)
    assert known(folder) is None


def test_two_verifies_at_once_do_not_share_it(folder: Path) -> None:
    with open_verify_log(RunLayout(folder), SystemClock()) as first:
        assert known(folder) is None
        assert faults_of(first) == FAULTS
