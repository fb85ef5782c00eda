"""A report that follows a run: served by a process of its own, and looked at in a browser meanwhile."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.api.report_upkeep import UpkeepPace, marks_of
from qwave_batch.cli.main import main
from qwave_batch.errors import QwaveError
from qwave_batch.model.run_events import Event, ImagesStored
from qwave_batch.reports import ReportRequest, ReportWritten
from qwave_batch.runs import RunOptions
from tests.chromium import Page
from tests.integration.exports.trap_runs import lines_of
from tests.integration.report.conftest import Pages
from tests.scored_folders import a_score, a_scorer, write_scores

SPEC = """\
version: 1
name: followed
catalog: "2026-10"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [one, two, three, four, five, six]
"""
JOBS = 6
FIRST = 2
QUICK = UpkeepPace(look_s=0.05, least_pause_s=0.05)
COMPLETED = "report.jobs.filter((job) => job.status === 'completed').length"


class HeldRun:
    """A run that stops after its first images, and goes on when it is told to."""

    def __init__(self, home: Path) -> None:
        """Prepare a run; its folder is ``home / "run"``."""
        (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
        self.folder = home / "run"
        self._home = home
        self._ended = 0
        self._reached = threading.Event()
        self._may_go_on = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def begin(self) -> None:
        """Return when the first images are there."""
        self._thread.start()
        assert self._reached.wait(20)

    def go_on(self) -> None:
        """Let the run make the others; it may go on when this returns."""
        self._may_go_on.set()

    def join(self) -> None:
        """Return when the run has ended."""
        self._may_go_on.set()
        self._thread.join()

    def _run(self) -> None:
        qb.run_batch_sync(
            self._home / "spec.yaml",
            connection=qb.Simulated(latency="0"),
            out_dir=self.folder,
            options=RunOptions(concurrency=1),
            on_event=self._hold,
        )

    def _hold(self, event: Event) -> None:
        if isinstance(event, ImagesStored):
            self._ended += 1
            if self._ended == FIRST:
                self._reached.set()
                self._may_go_on.wait()


@pytest.fixture
def held_run(tmp_path: Path) -> Iterator[HeldRun]:
    """A run at work whose first images are there, and the others are not."""
    run = HeldRun(tmp_path)
    run.begin()
    yield run
    run.join()


@contextmanager
def serving(folder: Path, *options: str, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that serves a report, and the first line that it prints."""
    argv = (sys.executable, "-m", "qwave_batch", "report", str(folder), "--serve", "--port", "0", *options)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def score_one(folder: Path) -> None:
    """Give the first image a score, as a score run does that is at work: its next line is not whole yet."""
    ocr, line = a_scorer(), lines_of(folder)[0]
    scored = replace(a_score(ocr, line["job_id"], {"cer": 0.25}), sha256=line["images"][0]["sha256"])
    write_scores(folder, [ocr, scored])
    with (folder / "scores.jsonl").open("ab") as file:
        file.write(b'{"job_id": "')


def wait_for(page: Page, condition: str) -> None:
    page.wait_for_function(f"() => {condition}", timeout=20_000)


def test_a_served_page_shows_images_and_scores_as_they_come_and_says_when_the_run_has_ended(
    held_run: HeldRun, checkout: Path, pages: Pages
) -> None:
    env = {"PYTHONPATH": str(checkout)}
    with serving(held_run.folder, env=env) as (process, address):
        page = pages.open(address, "q=e")
        assert FIRST <= page.evaluate(COMPLETED) < JOBS
        page.get_by_text("Live, as of now").wait_for()
        page.evaluate("document.getElementById('theme').focus()")
        held_run.go_on()
        wait_for(page, f"{COMPLETED} === {JOBS}")
        page.get_by_text("Run ended").wait_for()
        assert page.evaluate("document.activeElement.id") == "theme"
        assert page.evaluate("location.hash") == "#q=e"
        assert page.evaluate("document.querySelectorAll(\"script[src^='data/']\").length") == page.evaluate(
            "liveState.names.length + 1"
        )
        score_one(held_run.folder)
        page.evaluate("setView({showscore: 'ocr.cer'})")
        asked = "() => { void askForRevision(liveState); return knownScores().length > 0; }"
        page.wait_for_function(asked, polling=300, timeout=20_000)
        page.get_by_role("gridcell", name="ocr.cer 0.25").wait_for()
        pages.expect("ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0, said
        page.evaluate("Object.assign(liveState, {misses: 2}), askForRevision(liveState)")
        page.get_by_text("No news since").wait_for()


def test_a_page_from_disk_follows_what_is_written_and_passes_over_what_is_half_there(
    held_run: HeldRun, pages: Pages
) -> None:
    request = ReportRequest(folders=(held_run.folder,))
    out = qb.reports.write_report(request).out
    revision = out / "data/revision.js"
    page = pages.open(out)
    page.get_by_text("Live, as of now").wait_for()
    pages.expect("SyntaxError|Unexpected end of input|ERR_FILE_NOT_FOUND")
    whole = revision.read_bytes()
    revision.write_bytes(whole[: len(whole) // 2])
    page.evaluate("askForRevision(liveState)")
    revision.unlink()
    page.evaluate("askForRevision(liveState)")
    assert FIRST <= page.evaluate(COMPLETED) < JOBS
    held_run.join()
    qb.reports.write_report(request)
    wait_for(page, f"{COMPLETED} === {JOBS}")
    page.get_by_text("Run ended").wait_for()
    assert page.evaluate("liveState.misses") == 0


def test_writing_a_report_is_no_change_and_votes_are_one(run_folder: Path, tmp_path: Path) -> None:
    """Else a report would be written again and again because it was written."""
    folder = shutil.copytree(run_folder, tmp_path / "run")
    before = marks_of([folder])
    qb.reports.write_report(ReportRequest(folders=(folder,)))
    assert marks_of([folder]) == before
    (folder / "votes.jsonl").touch()
    assert marks_of([folder]) != before


def test_a_folder_that_went_away_is_told_once_and_its_return_too(run_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(run_folder, tmp_path / "run")
    request = ReportRequest(folders=(folder,), out=tmp_path / "out")
    written = qb.reports.write_report(request)
    updates: asyncio.Queue[ReportWritten | QwaveError] = asyncio.Queue()

    async def main() -> None:
        async with qb.reports.serve_report(request, written, port=0, on_update=updates.put_nowait, pace=QUICK):
            assert isinstance(await updates.get(), ReportWritten)
            folder.rename(tmp_path / "away")
            error = await updates.get()
            assert isinstance(error, QwaveError)
            assert "there is no folder" in str(error)
            (tmp_path / "away").rename(folder)
            while isinstance(await updates.get(), QwaveError):
                pass

    asyncio.run(main())


def test_serving_for_programs_prints_one_line_and_opens_the_users_own_way_in(
    run_folder: Path, tmp_path: Path, checkout: Path
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n', encoding="utf-8")
    browser.chmod(0o755)
    env = {"PYTHONPATH": str(checkout), "BROWSER": str(browser), "PATH": "/usr/bin:/bin"}
    out = tmp_path / "out"
    with serving(run_folder, "-o", str(out), "--json", "--open", env=env) as (process, line):
        told = json.loads(line)
        assert process.stderr is not None
        while "export them" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, "")
    assert told["address"].startswith("http://127.0.0.1:")
    assert (told["page"], told["jobs"], told["live"]) == (str(out / "index.html"), 66, False)
    assert opened.read_text().strip() == (out / "open-served.html").as_uri()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--port", "8378"), "--port is for --serve"),
        (("--serve", "--port", "65536"), "65536"),
        (("--serve", "--port", "x"), "x"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused_before_anything_is_written(
    run_folder: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    said = StringIO()
    assert main(["report", str(run_folder), "-o", str(tmp_path / "out"), *options], StringIO(), said, environ={}) == 2
    assert message in said.getvalue()
    assert not (tmp_path / "out").exists()
