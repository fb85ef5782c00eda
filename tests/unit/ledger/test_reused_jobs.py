"""Jobs that one ledger may give to another, and their records."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.ledger.attempt import Acceptance, Attempt, AttemptChange, Charge, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState, IllegalTransition
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.reused_jobs import ReusedJob
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.model.task import ResultImage

MakeJob = Callable[..., Job]
JOB = f"{0:016x}"
IMAGE = ImageFile(
    path="images/tea/0.png", sha256="ab", size_bytes=3, width=1, height=1, format="png", source_url="https://x"
)
FILE = StoredFile(image=IMAGE, modified_ns=5)
ORIGIN = ReusedFrom(folder="../other", folder_id="f" * 32, cost_usd=0.0007)
OOPS = JobError(code="task_failed", message="no", retryable=True)


async def make(journal: Journal) -> Attempt:
    attempt = await journal.intend(JOB, held_nusd=1_000_000, sent_at=1.0)
    attempt = await journal.accept(attempt, Acceptance(task_id="task-1", submitted_at=2.0, held_nusd=1_000_000))
    charge = Charge(cost_nusd=700_000, cost_from="api", catalog_nusd=700_000)
    attempt = await journal.complete(
        attempt, ended_at=6.0, submitted_at=2.0, charge=charge, results=[ResultImage(url="https://x")]
    )
    return await journal.store(attempt, [FILE])


@pytest.fixture
def reused(tmp_path: Path, claim: FolderClaim, job_of: MakeJob) -> ReusedJob:
    with Ledger.open(tmp_path / "other.sqlite") as other:
        other.claim(claim)
        other.replace_plan([job_of(0), job_of(1)])
        asyncio.run(make(other.journal()))
        assert other.reusable_job(f"{1:016x}") is None
        reusable = other.reusable_job(JOB)
    assert reusable is not None
    assert (reusable.files, reusable.cost_nusd) == ((FILE,), 700_000)
    return ReusedJob(
        reusable=reusable,
        origin=ORIGIN,
        files=[StoredFile(image=replace(IMAGE, path="images/here.png"), modified_ns=6)],
    )


def test_what_was_taken_is_completed_for_nothing_and_says_where_it_is_from(
    ledger: Ledger, reused: ReusedJob, job_of: MakeJob
) -> None:
    ledger.replace_plan([job_of(0)])
    ledger.journal().take([reused])
    record = ledger.record(JOB)
    assert (record.status, record.task_id, record.attempts) == (JobStatus.COMPLETED, "task-1", 0)
    assert (record.submitted_at, record.completed_at, record.seconds) == (2.0, 6.0, 4.0)
    assert (record.cost_nusd, record.cost_from, record.reused_from) == (0, None, ORIGIN)
    assert [image.path for image in record.images] == ["images/here.png"]
    assert ledger.owner_of("images/here.png") == JOB
    assert (ledger.spent_nusd(), ledger.held_nusd()) == (0, 0)
    assert ledger.cost_report().paid_nusd == ledger.cost_report().catalog_nusd == 0


async def parked(journal: Journal) -> None:
    await journal.park(await journal.intend(JOB, held_nusd=1, sent_at=None))


async def failed(journal: Journal) -> None:
    attempt = await journal.intend(JOB, held_nusd=1, sent_at=None)
    attempt = await journal.accept(attempt, Acceptance(task_id="task-9", submitted_at=1.0, held_nusd=1))
    await journal.fail(attempt, ended_at=2.0, charge=Charge(cost_nusd=0, cost_from="api"), error=OOPS)


async def spoiled(journal: Journal) -> None:
    await journal.spoil(await make(journal), [], OOPS)


async def intended(journal: Journal) -> None:
    await journal.intend(JOB, held_nusd=1, sent_at=None)


async def accepted(journal: Journal) -> None:
    attempt = await journal.intend(JOB, held_nusd=1, sent_at=None)
    await journal.accept(attempt, Acceptance(task_id="task-9", submitted_at=1.0, held_nusd=1))


async def unknown(journal: Journal) -> None:
    await journal.doubt(await journal.intend(JOB, held_nusd=1, sent_at=None), OOPS)


@pytest.mark.parametrize("before", [parked, failed, spoiled])
def test_images_may_be_taken_where_nothing_is_out(
    ledger: Ledger, reused: ReusedJob, job_of: MakeJob, before: Callable[[Journal], Awaitable[None]]
) -> None:
    ledger.replace_plan([job_of(0)])
    journal = ledger.journal()
    asyncio.run(before(journal))  # type: ignore[arg-type]
    spent = ledger.spent_nusd()
    journal.take([reused])
    assert ledger.record(JOB).status is JobStatus.COMPLETED
    assert ledger.record(JOB).error is None
    assert ledger.spent_nusd() == spent


@pytest.mark.parametrize("before", [intended, accepted, unknown, make])
def test_images_are_not_taken_while_something_may_still_come(
    ledger: Ledger, reused: ReusedJob, job_of: MakeJob, before: Callable[[Journal], Awaitable[None]]
) -> None:
    ledger.replace_plan([job_of(0), job_of(1)])
    journal = ledger.journal()
    asyncio.run(before(journal))  # type: ignore[arg-type]
    record = ledger.record(JOB)
    with pytest.raises(IllegalTransition):
        journal.take([reused])
    assert ledger.record(JOB) == record


def test_every_change_is_told_once_it_is_durable(ledger: Ledger, job_of: MakeJob) -> None:
    ledger.replace_plan([job_of(0)])
    told: list[tuple[AttemptState | None, AttemptState, JobStatus]] = []

    def hear(change: AttemptChange) -> None:
        told.append((change.before, change.attempt.state, ledger.record(JOB).status))

    asyncio.run(make(ledger.journal(hear)))
    assert told == [
        (None, AttemptState.SUBMITTING, JobStatus.PENDING),
        (AttemptState.SUBMITTING, AttemptState.ACCEPTED, JobStatus.PENDING),
        (AttemptState.ACCEPTED, AttemptState.COMPLETED, JobStatus.PENDING),
        (AttemptState.COMPLETED, AttemptState.STORED, JobStatus.COMPLETED),
    ]
