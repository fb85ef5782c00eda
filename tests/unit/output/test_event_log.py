"""A log of events tells everything while it can, and holds up nobody when it can't."""

import json
import os
import threading
import time
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import StorageError
from qwave_batch.model.job import JobError
from qwave_batch.model.progress import WaitKind
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.run_events import (
    Event,
    ImagesStored,
    JobSetBack,
    RunEnded,
    RunEstimated,
    RunStarted,
    RunWaiting,
    SubmitBegun,
    TaskAccepted,
    TaskEnded,
)
from qwave_batch.output import event_log
from qwave_batch.output.event_lines import event_as_json
from qwave_batch.output.event_log import EventLog

NOW = 1_795_334_400.25
IMAGE = ImageFile(
    path="images/a.png", sha256="ab", size_bytes=3, width=1, height=1, format="png",
    source_url="https://files.example/a.png?signature=secret",
)  # fmt: skip
OOPS = JobError(code="task_failed", message="no\u2028", retryable=True)
ORIGIN = ReusedFrom(folder="../other", folder_id="f", cost_usd=0.1)
EVENTS: tuple[Event, ...] = (
    RunStarted(time=NOW, name="tea", folder="runs/tea"),
    RunEstimated(time=NOW, reused=1, to_submit=3, estimated_usd=0.1),
    SubmitBegun(time=NOW, job_id="j", attempt=1),
    TaskAccepted(time=NOW, job_id="j", attempt=1, task_id="t"),
    TaskEnded(time=NOW, job_id="j", attempt=1, task_id="t", status="failed", cost_usd=0.0, seconds=4.2, error=OOPS),
    ImagesStored(time=NOW, job_id="j", attempt=1, images=(IMAGE,), reused_from=ORIGIN),
    JobSetBack(time=NOW, job_id="j", attempt=1, status=JobStatus.PENDING, error=None),
    RunWaiting(time=NOW, note="rate limit", kind=WaitKind.RATE_LIMIT, model="m", until=NOW + 30),
    RunEnded(time=NOW, kind=EndKind.INCOMPLETE, exit_status=1, reason="1 failed", completed=2, cost_usd=0.1),
)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_every_event_is_a_line_in_the_order_it_happened(tmp_path: Path) -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))
    file = tmp_path / "events.jsonl"
    file.write_text('{"event": "of an earlier run"}\n', encoding="ascii")
    with EventLog(file) as log:
        for event in EVENTS:
            log.write(event)
    lines = read(file)
    assert [line["event"] for line in lines[1:]] == [
        "run_started", "run_estimated", "submit_begun", "task_accepted", "task_ended", "images_stored", "job_set_back",
        "run_waiting", "run_ended",
    ]  # fmt: skip
    assert all(list(line)[:2] == ["time", "event"] for line in lines[1:])
    assert lines[1]["time"] == "2026-11-22T08:00:00.250Z"
    assert not log.trouble


def test_no_address_of_an_image_is_told() -> None:
    assert "secret" not in json.dumps(event_as_json(EVENTS[5]))


def test_every_key_is_documented(checkout: Path) -> None:
    page = (checkout / "docs" / "events.md").read_text(encoding="utf-8")
    for event in EVENTS:
        assert {f"`{key}`" for key in event_as_json(event)} - {f"`{word}`" for word in page.split("`")} == set()
        assert f"`{event_as_json(event)['event']}`" in page


def test_a_line_is_there_as_soon_as_it_happened(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with EventLog(file) as log:
        log.write(EVENTS[0])
        end = time.monotonic() + 5
        while not file.read_bytes().endswith(b"\n"):
            assert time.monotonic() < end
            time.sleep(0.005)


def test_a_full_disk_ends_the_log_and_nothing_else() -> None:
    with EventLog(Path("/dev/full")) as log:
        for event in EVENTS * 3:
            log.write(event)
    assert log.trouble == "events are no longer written to /dev/full: the disk is full"


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write events to"):
        EventLog(tmp_path / "nowhere" / "events.jsonl")


def test_a_reader_that_leaves_a_pipe_ends_the_log(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with EventLog(pipe) as log:
        with pipe.open("rb") as reader:
            log.write(EVENTS[0])
            assert json.loads(reader.readline())["event"] == "run_started"
        for event in EVENTS:
            log.write(event)
        time.sleep(0.05)
        log.write(EVENTS[0])
    assert "events are no longer written" in log.trouble


def test_a_pipe_that_nobody_reads_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "PATIENCE_S", 0.2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with EventLog(pipe) as log:
        for _ in range(event_log.MOST_WAITING + 5):
            log.write(EVENTS[2])
    assert log.trouble == f"nobody read {pipe}, so its last events are lost"
    with pipe.open("rb") as reader:  # let its thread go
        reader.read(1)


def test_a_slow_reader_is_told_how_much_it_missed(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lines: list[dict[str, Any]] = []

    def follow() -> None:
        with pipe.open("rb") as reader:
            lines.extend(json.loads(line) for line in reader)

    many = event_log.MOST_WAITING + 500
    with EventLog(pipe) as log:
        for _ in range(many):
            log.write(EVENTS[2])
        reader = threading.Thread(target=follow)
        reader.start()
        while log._waiting.qsize() > 10:
            time.sleep(0.01)
        log.write(EVENTS[0])
    reader.join()
    dropped = [line["count"] for line in lines if line["event"] == "dropped"]
    assert sum(dropped) + sum(line["event"] == "submit_begun" for line in lines) == many
    assert lines[-1]["event"] == "run_started"
    assert "read too slowly" in log.trouble


def test_a_stream_will_do_and_a_closed_one_ends_the_log() -> None:
    stream = StringIO()
    with EventLog(stream) as log:
        log.write(EVENTS[0])
    assert json.loads(stream.getvalue())["name"] == "tea"
    stream.close()
    with EventLog(stream) as log:
        log.write(EVENTS[0])
    assert "stdout" in log.trouble


@given(text=st.text())
def test_whatever_a_server_says_stays_on_one_line(text: str) -> None:
    stream = StringIO()
    with EventLog(stream) as log:
        log.write(JobSetBack(time=NOW, job_id="j", attempt=1, status=JobStatus.FAILED,
                             error=JobError(code="x", message=text)))  # fmt: skip
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["error"]["message"] == text
