"""The folder of a report has one writer at a time."""

import threading
from pathlib import Path

import pytest

from qwave_batch.errors import FolderBusy
from qwave_batch.report.report_folder import report_folder


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
