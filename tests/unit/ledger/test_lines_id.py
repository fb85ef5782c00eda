"""The id of what the lines say: it stays while they do, and goes with every change."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.lines_id import LINES_ID, read_lines_id
from qwave_batch.model.job import Duplicate, Job

MakeJob = Callable[..., Job]


@pytest.fixture
def made(path: Path, claim: FolderClaim, job_of: MakeJob) -> str:
    """Return the id of a ledger of three jobs that was closed."""
    with Ledger.open(path) as ledger:
        ledger.claim(claim)
        ledger.replace_plan(job_of(index) for index in range(3))
        asked = ledger.lines_id()
    assert asked is not None
    assert read_lines_id(path) == asked
    return asked


def file_of(path: Path) -> Path:
    return path.with_name(path.name + LINES_ID)


def intend(ledger: Ledger, job: Job) -> None:
    asyncio.run(ledger.journal().intend(job.job_id, held_nusd=1, sent_at=1.0))


def test_it_is_the_same_for_readers_and_after_a_run_that_changes_nothing(
    path: Path, made: str, claim: FolderClaim, job_of: MakeJob
) -> None:
    for _ in range(2):
        with Ledger.open(path, read_only=True) as reader:
            assert reader.lines_id() == made
    with Ledger.open(path) as ledger:
        ledger.claim(claim)
        ledger.replace_plan(job_of(index) for index in range(3))
        ledger.begin(5.0)
        assert ledger.lines_id() == made
    assert read_lines_id(path) == made


@pytest.mark.parametrize("change", ["plan", "order", "duplicate", "attempt"])
def test_it_is_another_one_after_every_change_of_a_line(path: Path, made: str, job_of: MakeJob, change: str) -> None:
    jobs = [job_of(index) for index in range(3)]
    with Ledger.open(path) as ledger:
        if change == "attempt":
            intend(ledger, jobs[1])
        elif change == "plan":
            ledger.replace_plan([*jobs[:2], job_of(2, tags=("new",))])
        elif change == "order":
            ledger.replace_plan(jobs[::-1])
        else:
            ledger.replace_plan([*jobs, Duplicate(job_id=jobs[0].job_id, index=3, prompt_id="p")])
        now = ledger.lines_id()
        assert now != made
    assert read_lines_id(path) == now


def test_what_no_line_shows_leaves_it(path: Path, claim: FolderClaim, job_of: MakeJob) -> None:
    with Ledger.open(path) as ledger:
        ledger.claim(claim)
        ledger.replace_plan([job_of(0), job_of(1)])
        asyncio.run(leave_unsubmitted(ledger, job_of(1)))
        ledger.replace_plan([job_of(0)])
        before = ledger.lines_id()
        ledger.forget(job_of(1).job_id)
        ledger.doubt_files(["images/a.png"])
        assert ledger.lines_id() == before


async def leave_unsubmitted(ledger: Ledger, job: Job) -> None:
    journal = ledger.journal()
    attempt = await journal.intend(job.job_id, held_nusd=1, sent_at=1.0)
    await journal.park(attempt)


def test_nobody_else_knows_it_while_the_ledger_may_be_written(path: Path, made: str) -> None:
    with Ledger.open(path) as ledger:
        assert ledger.lines_id() == made
        assert not file_of(path).exists()
        with Ledger.open(path, read_only=True) as reader:
            assert reader.lines_id() is None


def test_a_crash_leaves_none(path: Path, made: str, job_of: MakeJob, tmp_path: Path) -> None:
    """A killed process leaves the files that are there while it works."""
    crashed = tmp_path / "crashed" / path.name
    crashed.parent.mkdir()
    with Ledger.open(path) as ledger:
        intend(ledger, job_of(0))
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy2(file, crashed.parent)
    assert read_lines_id(crashed) is None
    with Ledger.open(crashed) as again:
        assert again.lines_id() not in {None, made}


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("writer", ["an older version", "another program"])
def test_it_does_not_outlive_a_write_by_anyone_else(path: Path, writer: str) -> None:
    """An older version knows nothing of the file, and leaves it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE jobs SET position = 9 WHERE position = 2")
        if writer == "another program":  # one that is killed: its log stays
            assert read_lines_id(path) is None
    assert file_of(path).exists()
    assert read_lines_id(path) is None


@pytest.mark.usefixtures("made")
def test_an_older_ledger_that_was_put_back_has_none(path: Path, job_of: MakeJob, tmp_path: Path) -> None:
    shutil.copy2(path, tmp_path / "old")
    with Ledger.open(path) as ledger:
        intend(ledger, job_of(0))
    shutil.copy2(tmp_path / "old", path)
    assert read_lines_id(path) is None


def test_a_copy_keeps_it_where_its_files_keep_their_times(path: Path, made: str, tmp_path: Path) -> None:
    shutil.copytree(path.parent, tmp_path / "copy", copy_function=shutil.copy2)
    shutil.copytree(path.parent, tmp_path / "new", copy_function=shutil.copy)
    os.utime(tmp_path / "new" / path.name, ns=(1, 1))
    assert read_lines_id(tmp_path / "copy" / path.name) == made
    assert read_lines_id(tmp_path / "new" / path.name) is None


def forget_after_asking(path: Path, job: Job) -> None:
    with Ledger.open(path) as ledger:
        assert ledger.lines_id() is not None
        ledger.forget(job.job_id)


def test_it_is_left_only_where_somebody_asked_for_it_and_nothing_went_wrong(
    path: Path, claim: FolderClaim, job_of: MakeJob
) -> None:
    with Ledger.open(path) as ledger:
        ledger.claim(claim)
        ledger.replace_plan([job_of(0)])
    assert not file_of(path).exists()
    with pytest.raises(FolderError, match="part of the plan"):
        forget_after_asking(path, job_of(0))
    assert not file_of(path).exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 3}', '{"id": "x", "files": 1}', "\0" * 5000])
def test_a_file_that_is_not_as_written_counts_as_none(path: Path, made: str, text: str) -> None:
    file_of(path).write_text(text)
    assert read_lines_id(path) is None
    with Ledger.open(path) as ledger:
        assert ledger.lines_id() != made
