"""Opening, owning, planning and reading a ledger."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.ledger.folder_identity import FolderClaim, has_moved
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.record import JobStatus

MakeJob = Callable[..., Job]


def test_a_plan_is_read_back_as_it_was_written(ledger: Ledger, job_of: MakeJob) -> None:
    jobs = [job_of(0, tags=("a",), callback={"callback_url": "https://x"}), job_of(3, meta={"k": [1, {"z": None}]})]
    duplicate = Duplicate(job_id=jobs[0].job_id, index=1, prompt_id="p9", axes={"model": "m"}, tags=("t",))
    ledger.replace_plan([jobs[0], duplicate, jobs[1]])
    assert [(line.job, line.also) for line in ledger.lines()] == [(jobs[0], (duplicate,)), (jobs[1], ())]


def test_a_skipped_job_says_why(ledger: Ledger, job_of: MakeJob) -> None:
    reason = JobError(code="unsupported", message="no such tier", field="resolution")
    ledger.replace_plan([job_of(0, skip=reason)])
    record = next(ledger.lines()).record
    assert (record.status, record.error) == (JobStatus.SKIPPED, reason)


def test_plan_order_is_the_order_given_and_the_last_plan_counts(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan(job_of(index) for index in range(5))
    ledger.replace_plan(job_of(index) for index in (4, 2, 9))
    assert [line.job.index for line in ledger.lines()] == [4, 2, 9]


def test_a_plan_that_breaks_off_leaves_the_old_one(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0)])

    def broken() -> object:
        yield job_of(1)
        raise ValueError("row 2 is unreadable")

    with pytest.raises(ValueError, match="row 2"):
        ledger.replace_plan(broken())  # type: ignore[arg-type]
    assert [line.job.index for line in ledger.lines()] == [0]


def test_the_same_plan_again_writes_nothing(ledger: Ledger, path: Path, job_of: MakeJob) -> None:
    ledger.replace_plan(job_of(index) for index in range(50))
    log = path.with_name(path.name + "-wal")
    before = log.stat().st_size
    ledger.replace_plan(job_of(index) for index in range(50))
    assert log.stat().st_size == before


def test_it_can_be_read_while_it_is_written(ledger: Ledger, path: Path, job_of: MakeJob) -> None:
    with Ledger.open(path, read_only=True) as other:
        ledger.replace_plan([job_of(0)])
        assert [line.job.index for line in other.lines()] == [0]
        assert other.identity() == ledger.identity()


def test_a_stream_shows_one_moment(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan(job_of(index) for index in range(3))
    lines = ledger.lines()
    next(lines)
    ledger.replace_plan([])
    assert len(list(lines)) == 2


def test_reading_only_does_not_make_a_ledger(path: Path) -> None:
    with pytest.raises(FolderError, match="no ledger"):
        Ledger.open(path, read_only=True)
    assert not path.exists()


def test_writing_to_a_ledger_that_is_open_to_read_is_refused(ledger: Ledger, path: Path) -> None:
    with Ledger.open(path, read_only=True) as other, pytest.raises(StorageError, match="read only"):
        other.replace_plan([])


def test_a_newer_format_is_refused(ledger: Ledger, path: Path) -> None:
    ledger.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(FolderError, match="newer version"):
        Ledger.open(path)
    with pytest.raises(FolderError, match="newer version"):
        Ledger.open(path, read_only=True)


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\7" * 4000])
def test_another_file_is_no_ledger(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises((FolderError, StorageError), match="ledger"):
        Ledger.open(path)


def test_a_folder_that_is_not_there_is_the_disks_fault(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Ledger.open(tmp_path / "nowhere" / "ledger.sqlite")


def test_a_folder_belongs_to_one_spec(ledger: Ledger, claim: FolderClaim) -> None:
    with pytest.raises(FolderError, match='"tea", not of "coffee"') as refused:
        ledger.claim(replace(claim, spec_name="coffee"))
    assert refused.value.next_steps == (Advice(NextStep.NAME_FOLDER),)


def test_a_folder_belongs_to_one_backend(ledger: Ledger, claim: FolderClaim) -> None:
    with pytest.raises(FolderError, match="made with simulator") as refused:
        ledger.claim(replace(claim, backend="www.qingbo.dev"))
    assert refused.value.next_steps == (Advice(NextStep.NAME_FOLDER),)


def test_a_moved_folder_keeps_its_old_place_until_adopted(ledger: Ledger, claim: FolderClaim) -> None:
    moved = replace(claim, path="/elsewhere/tea")
    assert has_moved(ledger.claim(moved), moved)
    assert not has_moved(ledger.claim(moved, adopt=True), moved)


def test_the_key_is_nowhere_on_disk(ledger: Ledger, path: Path, claim: FolderClaim) -> None:
    ledger.close()
    assert claim.key.encode() not in path.read_bytes()
    assert claim.key not in repr(claim)


def test_another_key_is_fine_when_nothing_is_open(ledger: Ledger, claim: FolderClaim) -> None:
    before = ledger.identity()
    after = ledger.claim(replace(claim, key="another"))
    assert before is not None
    assert after.key_fingerprint != before.key_fingerprint
    assert after.folder_id == before.folder_id
