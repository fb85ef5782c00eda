"""The folder of a report has one writer at a time."""

import threading
from io import BytesIO
from pathlib import Path

import pytest

from qwave_batch.errors import FolderBusy
from qwave_batch.imaging.thumbnail import inspect_with_picture, thumbnail_of
from qwave_batch.report.report_folder import report_folder
from qwave_batch.report.thumbnail_store import open_thumbnails
from tests.unit.report.pictured_folder import picture, sha256


def test_a_second_writer_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    with (
        report_folder(tmp_path / "out"),
        pytest.raises(FolderBusy, match="in use by another report"),
        report_folder(tmp_path / "out", patience_s=0),
    ):
        pytest.fail("two at once")
    with report_folder(tmp_path / "out", patience_s=0):
        pass


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    """A run and a server may both keep a page current."""
    is_waiting, order = threading.Event(), []

    def write_second() -> None:
        is_waiting.set()
        with report_folder(tmp_path / "out", patience_s=20):
            order.append("second")

    second = threading.Thread(target=write_second)
    with report_folder(tmp_path / "out"):
        second.start()
        assert is_waiting.wait(20)
        order.append("first")
    second.join()
    assert order == ["first", "second"]


def test_two_stores_of_thumbnails_in_one_report_disturb_neither(tmp_path: Path) -> None:
    """As a run has that keeps its page current, and a server beside it."""
    info, shrinker = inspect_with_picture(BytesIO(picture(1)))
    thumbnail = thumbnail_of(shrinker)
    with open_thumbnails(tmp_path) as of_the_run:
        of_the_run.add(info.sha256, thumbnail)
        with open_thumbnails(tmp_path) as of_the_server:
            of_the_server.add(sha256(b"second"), thumbnail)
        for number in range(3):
            of_the_run.add(sha256(b"%d" % number), thumbnail)
    assert len(list(tmp_path.rglob("*.webp"))) == 5
    assert not list(tmp_path.rglob(".part"))
