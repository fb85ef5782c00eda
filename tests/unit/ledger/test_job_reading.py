"""Jobs are read by the page: what that costs in statements, and that nothing is lost between pages."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qwave_batch.ledger.database import open_to_read
from qwave_batch.ledger.job_reading import PAGE, read_plan_lines, read_snapshots, read_unplanned
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Duplicate, Job

MakeJob = Callable[..., Job]


def intend_all(journal: Journal, jobs: list[Job]) -> None:
    async def intend() -> None:
        await asyncio.gather(*(journal.intend(job.job_id, held_nusd=1, sent_at=1.0) for job in jobs))

    asyncio.run(intend())


@pytest.mark.parametrize("jobs", [1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_every_job_has_its_own_attempts_and_duplicates(ledger: Ledger, path: Path, job_of: MakeJob, jobs: int) -> None:
    planned = [job_of(index, job_id=f"{index * 7919 % 10_007:016x}") for index in range(jobs)]
    duplicates = [Duplicate(job_id=job.job_id, index=jobs + job.index, prompt_id="p") for job in planned[::2]]
    ledger.replace_plan([*planned, *duplicates])
    intend_all(ledger.journal(), planned[::3])
    with closing(open_to_read(path)) as connection:
        snapshots = [snapshot for page in read_snapshots(connection) for snapshot in page]
    assert [snapshot.line.job for snapshot in snapshots] == planned
    assert [snapshot.line.also for snapshot in snapshots[::2]] == [(duplicate,) for duplicate in duplicates]
    assert not any(snapshot.line.also for snapshot in snapshots[1::2])
    found = [snapshot.attempt.job_id if snapshot.attempt else None for snapshot in snapshots]
    assert found == [None if job.index % 3 else job.job_id for job in planned]


def test_rows_are_read_in_the_order_given(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan(job_of(index) for index in range(9))
    rows = [snapshot.row for snapshot in ledger.snapshots()]
    asked = [rows[7], rows[2], 10_000, rows[4]]
    assert [snapshot.line.job.index for snapshot in ledger.snapshots_of(asked)] == [7, 2, 4]


@pytest.mark.parametrize("read", [read_snapshots, read_plan_lines, read_unplanned])
def test_the_number_of_statements_grows_with_the_pages_and_not_with_the_jobs(
    ledger: Ledger, path: Path, job_of: MakeJob, read: Callable[..., Iterator[list[object]]]
) -> None:
    jobs = [job_of(index) for index in range(3 * PAGE)]
    ledger.replace_plan(jobs)
    intend_all(ledger.journal(), jobs)
    if read is read_unplanned:
        ledger.replace_plan([])
    statements: list[str] = []
    with closing(open_to_read(path)) as connection:
        connection.set_trace_callback(statements.append)
        pages = list(read(connection))
    assert sum(len(page) for page in pages) == len(jobs)
    assert len(statements) <= 4 * 3 + 2


def test_requests_that_hold_images_make_short_pages(ledger: Ledger, path: Path, job_of: MakeJob) -> None:
    """A page of jobs with inline inputs must not fill the memory."""
    ledger.replace_plan(job_of(index, request={"image": "data:," + "x" * 2_000_000}) for index in range(6))
    with closing(open_to_read(path)) as connection:
        assert [len(page) for page in read_plan_lines(connection)] == [2, 2, 2]
