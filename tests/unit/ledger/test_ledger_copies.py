"""Copies of a ledger: of one moment, and what they hold in doubt when they become another folder's ledger."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.ledger.attempt import Acceptance, Attempt, Charge, idempotency_key
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.ledger_copies import (
    LostTail,
    copy_ledger,
    prepare_copy,
    put_copy_in_place,
    remove_copy,
    set_ledger_aside,
)
from qwave_batch.model.job import Job, JobError

MakeJob = Callable[..., Job]
FREE = Charge(cost_nusd=0, cost_from="api")
FINAL = JobError(code="content_policy", message="no", retryable=False)
AGAIN = JobError(code="upstream_unavailable", message="no", retryable=True)
TAKEN_AT = 5_000.0
NEW, PARKED, SENDING, ACCEPTED, REFUSED, FAILED = (f"{number:016x}" for number in range(6))


@pytest.fixture
def copy(ledger: Ledger, path: Path, job_of: MakeJob) -> Path:
    """The copy of a ledger whose jobs are each in another state."""
    ledger.replace_plan([job_of(number) for number in range(6)])
    journal = ledger.journal()

    async def live() -> None:
        intended = {
            job: await journal.intend(job, held_nusd=1, sent_at=100.0)
            for job in (PARKED, SENDING, ACCEPTED, REFUSED, FAILED)
        }
        await journal.park(intended[PARKED])
        for job in (ACCEPTED, FAILED):
            intended[job] = await journal.accept(
                intended[job], Acceptance(task_id=f"task-{job}", submitted_at=101.0, held_nusd=1)
            )
        await journal.refuse(intended[REFUSED], FINAL)
        await journal.fail(intended[FAILED], ended_at=102.0, charge=FREE, error=AGAIN)

    asyncio.run(live())
    target = path.with_name("copy.sqlite")
    copy_ledger(path, target)
    return target


def newest(path: Path) -> dict[str, Attempt]:
    with Ledger.open(path, read_only=True) as ledger:
        found = {each.line.job.job_id: each.attempt for each in ledger.snapshots()}
    return {job: attempt for job, attempt in found.items() if attempt is not None}


def test_a_copy_holds_what_the_ledger_held_and_is_private(ledger: Ledger, path: Path, copy: Path) -> None:
    assert newest(copy) == newest(path)
    assert copy.stat().st_mode & 0o077 == 0


def test_a_copy_of_a_ledger_that_is_written_meanwhile_is_of_one_moment(
    ledger: Ledger, path: Path, job_of: MakeJob
) -> None:
    ledger.replace_plan([job_of(number) for number in range(300)])
    journal = ledger.journal()

    async def live() -> None:
        copying = asyncio.to_thread(copy_ledger, path, path.with_name("copy.sqlite"))
        sending = [journal.intend(f"{number:016x}", held_nusd=1, sent_at=1.0) for number in range(300)]
        await asyncio.gather(copying, *sending)

    asyncio.run(live())
    copied = path.with_name("copy.sqlite")
    with closing(sqlite3.connect(copied)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (sendings,) = connection.execute("SELECT sendings FROM identity").fetchone()
        assert connection.execute("SELECT COUNT(*) FROM attempts").fetchone() == (sendings,)
    prepare_copy(copied, None)


def test_nothing_is_in_doubt_in_a_whole_copy(copy: Path) -> None:
    before = newest(copy)
    facts = prepare_copy(copy, None)
    assert facts.doubted == 0
    assert newest(copy) == before


def test_each_job_that_could_have_been_submitted_since_has_its_next_key_out(copy: Path, ledger: Ledger) -> None:
    before = newest(copy)
    facts = prepare_copy(copy, LostTail(since=TAKEN_AT, is_retry=False))
    after = newest(copy)
    assert facts.doubted == 3
    expected = {NEW: 1, PARKED: 1, FAILED: 2}
    for job, number in expected.items():
        attempt = after[job]
        assert (attempt.state, attempt.number) == (AttemptState.SUBMITTING, number), job
        assert attempt.first_sent_at == attempt.next_sent_at == TAKEN_AT
        assert attempt.key == idempotency_key(facts.identity.folder_id, job, number)
    assert after[SENDING].first_sent_at == 100.0, "its key is as old as it was"
    assert after[REFUSED] == before[REFUSED], "no run submits it again by itself"


def test_the_attempt_after_one_that_was_open_counts_as_sent_since_the_copy(copy: Path) -> None:
    """The lost process may have seen the task fail, and sent the next key: hours ago, perhaps."""
    prepare_copy(copy, LostTail(since=TAKEN_AT, is_retry=False))
    with Ledger.open(copy) as ledger:
        journal = ledger.journal()

        async def go_on() -> tuple[Attempt, Attempt]:
            found = newest(copy)[ACCEPTED]
            failed = await journal.fail(found, ended_at=TAKEN_AT + 9, charge=FREE, error=AGAIN)
            second = await journal.intend(ACCEPTED, held_nusd=1, sent_at=TAKEN_AT + 1e6)
            accepted = await journal.accept(second, Acceptance(task_id="t2", submitted_at=1.0, held_nusd=1))
            assert failed.number < second.number
            await journal.fail(accepted, ended_at=1.0, charge=FREE, error=AGAIN)
            return second, await journal.intend(ACCEPTED, held_nusd=1, sent_at=TAKEN_AT + 2e6)

        second, third = asyncio.run(go_on())
    assert second.first_sent_at == third.first_sent_at == TAKEN_AT


@pytest.mark.parametrize("is_retry", [False, True])
def test_failed_jobs_are_in_doubt_only_where_the_lost_run_tried_them_again(copy: Path, *, is_retry: bool) -> None:
    prepare_copy(copy, LostTail(since=TAKEN_AT, is_retry=is_retry))
    found = newest(copy)[REFUSED]
    assert (found.number, found.state) == (1, AttemptState.REFUSED)
    assert found.next_sent_at == (TAKEN_AT if is_retry else None)


def test_a_second_loss_makes_no_key_look_younger(copy: Path) -> None:
    prepare_copy(copy, LostTail(since=TAKEN_AT, is_retry=False))
    before = newest(copy)
    assert prepare_copy(copy, LostTail(since=TAKEN_AT + 1e5, is_retry=False)).doubted == 0
    assert newest(copy) == before


def test_a_prepared_copy_takes_the_place_of_the_ledger_that_was_set_aside(
    ledger: Ledger, path: Path, copy: Path, tmp_path: Path
) -> None:
    ledger.begin(1.0)
    ledger.close()
    prepare_copy(copy, LostTail(since=TAKEN_AT, is_retry=False))
    aside = tmp_path / "aside.sqlite"
    set_ledger_aside(path, aside)
    put_copy_in_place(copy, path)
    with Ledger.open(path) as opened, Ledger.open(aside, read_only=True) as old:
        mine, its = opened.identity(), old.identity()
        assert mine is not None
        assert its is not None
        assert mine.folder_id == its.folder_id
        assert mine.lost_since is None, "the count beside the old ledger says nothing of the new one"
    assert not list(tmp_path.glob("copy*"))
    remove_copy(copy)


def test_a_copy_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    for name, content in (("text", b"not a database" * 100), ("empty", b"")):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises((FolderError, StorageError)):
            prepare_copy(file, None)


def test_the_version_changes_with_every_commit_and_with_nothing_else(ledger: Ledger, job_of: MakeJob) -> None:
    before = ledger.version()
    assert ledger.version() == before
    list(ledger.snapshots())
    assert ledger.version() == before
    ledger.replace_plan([job_of(0)])
    assert ledger.version() != before
