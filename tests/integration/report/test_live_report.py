"""``run --report``: a page from the first job on, thumbnails from the decode that checks an image, no failed run."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch.api.live_report import LiveReport
from qwave_batch.cli.main import main
from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.formats.shrinking import Shrinker
from qwave_batch.imaging.thumbnail import inspect_with_picture, thumbnail_of
from qwave_batch.model.clock import SystemClock
from qwave_batch.report.kept_thumbnails import thumbnail_path
from qwave_batch.report.report_folder import report_folder
from tests.integration.report.report_runs import data_of
from tests.unit.report.pictured_folder import PicturedFolder, picture, pictured_folder, sha256

SPEC = """\
version: 1
name: looked-at
catalog: "2026-10"
prompts: [a lantern, a kite, a wall]
matrix: {model: [z-image-turbo]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_a_run_leaves_the_page_that_report_would_write(spec: Path, tmp_path: Path) -> None:
    """Byte for byte, but for the moment at which it was made."""
    run = tmp_path / "run"
    stderr = StringIO()
    assert main(["run", str(spec), "-o", str(run), "--simulate", "--report"], StringIO(), stderr) == 0
    assert str(run / "report/index.html") in " ".join(stderr.getvalue().split())
    other = tmp_path / "other"
    assert main(["report", str(run), "-o", str(other)], StringIO(), StringIO()) == 0

    def files(root: Path) -> dict[str, bytes]:
        found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        return {path: (root / path).read_bytes() for path in found if not path.startswith("data/")}

    assert files(run / "report") == files(other)
    index = data_of(run / "report", "index")
    assert index == data_of(other, "index")
    assert [image["thumb"] for job in index["jobs"] for image in job["images"]] == [True] * 3
    assert data_of(run / "report", "revision")["live"] is False
    assert main(["verify", str(run)], StringIO(), StringIO()) == 0


def once_there(report: Path) -> Any:
    """Return the revision of a report, as soon as it has one."""
    ends_at = time.monotonic() + 15
    while not (report / "data/revision.js").exists() and time.monotonic() < ends_at:
        time.sleep(0.02)
    return data_of(report, "revision")


def test_the_page_is_there_while_the_run_is_at_work(spec: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"

    async def scenario() -> dict[str, Any]:
        stop = qb.runs.StopSignal()
        running = asyncio.ensure_future(
            qb.run_batch(
                spec,
                connection=qb.Simulated(latency="60"),
                out_dir=run,
                options=qb.RunOptions(report=True, grace_s=0.0),
                stop=stop,
            )
        )
        found: dict[str, Any] = await asyncio.to_thread(once_there, run / "report")
        stop.request()
        await running
        return found

    assert asyncio.run(scenario())["live"] is True
    assert data_of(run / "report", "revision")["live"] is False
    assert {job["status"] for job in data_of(run / "report", "index")["jobs"]} == {"pending"}


@pytest.mark.parametrize("obstacle", ["strangers", "file", "link"])
def test_a_report_that_can_not_be_written_is_a_note(spec: Path, tmp_path: Path, obstacle: str) -> None:
    """The run goes on and ends as ever; what stands in the place stays as it is."""
    run = tmp_path / "run"
    qb.run_batch_sync(spec, connection=qb.Simulated(latency="0"), out_dir=run, options=qb.RunOptions(limit=1))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    match obstacle:
        case "strangers":
            (run / "report").mkdir()
            (run / "report/notes.txt").write_text("mine")
        case "file":
            (run / "report").write_text("mine")
        case "link":
            (run / "report").mkdir()
            (run / "report/thumbs").symlink_to(elsewhere)
    summary = qb.run_batch_sync(
        spec, connection=qb.Simulated(latency="0"), out_dir=run, options=qb.RunOptions(report=True)
    )
    assert summary.exit_status == 0
    assert summary.counts.completed == 3
    assert [str(warning)[:29] for warning in summary.warnings] == ["the report is not complete: /"]
    assert summary.report is None
    assert list(elsewhere.iterdir()) == []


def test_a_run_that_is_refused_leaves_no_report(spec: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    qb.run_batch_sync(spec, connection=qb.Simulated(latency="0"), out_dir=run)
    other = tmp_path / "other.yaml"
    other.write_text(SPEC.replace("looked-at", "another"), encoding="utf-8")
    with pytest.raises(qb.errors.FolderError):
        qb.run_batch_sync(other, connection=qb.Simulated(latency="0"), out_dir=run, options=qb.RunOptions(report=True))
    assert not (run / "report").exists()


@dataclass(frozen=True)
class Watched:
    """A run folder without a run, and the report that is kept of it."""

    folder: PicturedFolder
    report: LiveReport


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    folder = pictured_folder(tmp_path / "run", [picture(1), picture(2)])
    return Watched(folder, LiveReport(RunLayout(folder.root), SystemClock(), lambda: False))


def pictured(data: bytes) -> Shrinker:
    return inspect_with_picture(data)[1]


def test_thumbnails_come_from_the_pictures_that_a_run_hands_over(watched: Watched) -> None:
    """No image is read for them: here the files are gone."""
    folder, report = watched.folder, watched.report
    for path in folder.images:
        (folder.root / path).unlink()
    report.begin()
    for data in folder.images.values():
        report.take(sha256(data), pictured(data), None)
    end = report.finish()
    assert end.warnings == ()
    for data in folder.images.values():
        assert (report.path / thumbnail_path(sha256(data))).read_bytes() == thumbnail_of(pictured(data)).webp
    assert data_of(report.path, "index")["jobs"][0]["images"][0]["thumb"] is True


def test_more_pictures_than_wait_are_made_with_the_page(tmp_path: Path) -> None:
    """A run does not wait for its thumbnails: those that find no place are made from the files in the end."""
    folder = pictured_folder(tmp_path / "run", [picture(seed, side=24) for seed in range(100)])
    report = LiveReport(RunLayout(folder.root), SystemClock(), lambda: False)
    report.begin()
    for data in folder.images.values():
        report.take(sha256(data), pictured(data), None)
    report.finish()
    assert all((report.path / thumbnail_path(each)).is_file() for each in folder.hashes())


def test_a_run_that_is_left_at_once_writes_no_last_page(watched: Watched) -> None:
    leaving = LiveReport(RunLayout(watched.folder.root), SystemClock(), lambda: True)
    leaving.begin()
    assert leaving.finish().warnings == ()


def test_the_last_page_waits_for_another_report_that_is_being_written(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``report --serve`` writes as soon as it sees that the run has ended, and so at the same moment."""
    with ExitStack() as other:
        other.enter_context(report_folder(watched.report.path))
        watched.report.begin()
        monkeypatch.setattr("time.sleep", lambda _: other.close())
        assert watched.report.finish().warnings == ()
    assert data_of(watched.report.path, "revision")["live"] is False


def test_the_last_page_does_not_wait_for_ever(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qwave_batch.api.live_report.PATIENCE_S", 0.0)
    with report_folder(watched.report.path):
        watched.report.begin()
        (warning,) = watched.report.finish().warnings
    assert "in use by another report" in str(warning)


def test_a_place_that_goes_away_is_a_note_in_the_end(watched: Watched) -> None:
    """A failure meanwhile is told once."""
    watched.report.begin()
    watched.report.refresh()
    (watched.folder.root / "manifest.jsonl").unlink()
    end = watched.report.finish()
    assert [str(warning)[:28] for warning in end.warnings] == ["the report is not complete: "]


def test_nothing_is_taken_after_the_end(watched: Watched) -> None:
    watched.report.begin()
    watched.report.finish()
    data = picture(9)
    watched.report.take(sha256(data), pictured(data), data)
    watched.report.refresh()
    assert not (watched.report.path / thumbnail_path(sha256(data))).exists()
