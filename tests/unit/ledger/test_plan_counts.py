"""The counts of a plan in SQL are those of its lines."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from pathlib import Path

import pytest

from qwave_batch.ledger.attempt import Acceptance, Attempt, Charge, StoredFile
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.ledger.reused_jobs import ReusableJob, ReusedJob
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.model.task import ResultImage
from qwave_batch.output.line_counts import LineCounter

MakeJob = Callable[..., Job]
ERROR = JobError(code="boom", message="it failed")
CHARGE = Charge(cost_nusd=7, cost_from="api")
FREE = Charge(cost_nusd=0, cost_from="api")


def counted(ledger: Ledger) -> LineCounts:
    counter = LineCounter()
    for line in ledger.lines():
        counter.add_plan_line(line)
    return counter.counts()


def files(attempt: Attempt, count: int) -> list[StoredFile]:
    return [
        StoredFile(
            image=ImageFile(
                path=f"images/{attempt.job_id}_{number}.png", sha256="0" * 64, size_bytes=100 + number, width=1,
                height=1, format="png", source_url="https://x",
            ),
            modified_ns=1,
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


async def take(journal: Journal, job_id: str, end: str, images: int, *, is_second: bool) -> None:
    """Take a job to an end, on a second attempt after one that failed and was paid, or on its first."""
    acceptance = Acceptance(task_id=f"t-{job_id}", submitted_at=1.0, held_nusd=10)
    if is_second:
        first = await journal.intend(job_id, held_nusd=10, sent_at=1.0)
        await journal.fail(first, ended_at=2.0, charge=CHARGE, error=ERROR, acceptance=acceptance)
    attempt = await journal.intend(job_id, held_nusd=10, sent_at=1.0, pay_again=is_second)
    if end in UNACCEPTED:
        await UNACCEPTED[end](journal, attempt)
        return
    attempt = await journal.accept(attempt, acceptance)
    if end in IMAGELESS:
        await IMAGELESS[end](journal, attempt)
        return
    results = [ResultImage(url="https://x")] * images
    attempt = await journal.complete(attempt, ended_at=2.0, submitted_at=1.0, charge=CHARGE, results=results)
    if end == "stored":
        await journal.store(attempt, files(attempt, images))
    if end == "spoiled":
        await journal.spoil(attempt, files(attempt, images), ERROR)


async def stay(_: Journal, attempt: Attempt) -> Attempt:
    return attempt


End = Callable[[Journal, Attempt], Awaitable[Attempt]]
UNACCEPTED: dict[str, End] = {
    "intended": stay,
    "parked": lambda journal, attempt: journal.park(attempt),
    "parked with an error": lambda journal, attempt: journal.park(attempt, ERROR),
    "refused": lambda journal, attempt: journal.refuse(attempt, ERROR),
    "unknown": lambda journal, attempt: journal.doubt(attempt, ERROR),
}
IMAGELESS: dict[str, End] = {
    "accepted": stay,
    "failed": lambda journal, attempt: journal.fail(attempt, ended_at=2.0, charge=CHARGE, error=ERROR),
    "cancelled": lambda journal, attempt: journal.cancelled(attempt, ended_at=2.0, charge=FREE, error=ERROR),
    "lost": lambda journal, attempt: journal.lose(attempt, ERROR),
    "awaited": lambda journal, attempt: journal.await_images(attempt, ERROR, ended_at=2.0, held_nusd=10),
}
ENDS = (*UNACCEPTED, *IMAGELESS, "completed", "stored", "spoiled")


@pytest.mark.parametrize("is_left", [False, True])
def test_they_are_those_of_the_lines_for_every_end_of_a_job(ledger: Ledger, job_of: MakeJob, *, is_left: bool) -> None:
    ways = list(product(ENDS, (False, True), (1, 2)))
    jobs = [job_of(index, max_images=2) for index in range(len(ways))]
    never = [job_of(900), job_of(901, skip=ERROR), job_of(902, meta={"skip": {"a": 1}, "max_images": 9})]
    duplicate = Duplicate(job_id=jobs[0].job_id, index=950, prompt_id="p")
    ledger.replace_plan([*jobs, *never, duplicate])

    async def go() -> None:
        journal = ledger.journal()
        for job, (end, is_second, images) in zip(jobs, ways, strict=True):
            await take(journal, job.job_id, end, images, is_second=is_second)

    asyncio.run(go())
    skipped = [job_of(index, max_images=2, skip=ERROR) for index in (3, 47)]
    if is_left:  # half of the jobs leave the plan, and two are skipped by now
        ledger.replace_plan([*jobs[4::2], *skipped, *never])
    counts = ledger.line_counts()
    assert counts == counted(ledger)
    assert ledger.unplanned_count() == sum(1 for _ in ledger.unplanned())
    assert min(counts.short, counts.in_flight, counts.image_bytes, counts.cost_nusd) > 0
    assert all(getattr(counts, status.value) for status in JobStatus)
    assert counts.stages == {}


def test_those_of_each_stage_stand_in_the_order_of_the_plan(ledger: Ledger, job_of: MakeJob) -> None:
    stages = ["night", "night", "draft", "night", "poster"]
    jobs = [job_of(9 - index, stage=stage, skip=ERROR if index == 1 else None) for index, stage in enumerate(stages)]
    ledger.replace_plan(jobs)

    async def go() -> None:
        await take(ledger.journal(), jobs[0].job_id, "stored", 1, is_second=True)
        await take(ledger.journal(), jobs[2].job_id, "failed", 1, is_second=False)

    asyncio.run(go())
    counts = ledger.line_counts()
    assert counts == counted(ledger)
    assert list(counts.stages) == ["night", "draft", "poster"]
    night = counts.stages["night"]
    assert (night.jobs, night.completed, night.skipped, night.pending, night.cost_nusd) == (3, 1, 1, 1, 14)
    assert counts.stages["draft"].failed == counts.stages["poster"].pending == 1
    assert counts.as_json()["stages"]["draft"] == counts.stages["draft"].as_json()  # type: ignore[index, call-overload]


def test_what_was_reused_counts_so(ledger: Ledger, tmp_path: Path, job_of: MakeJob) -> None:
    with Ledger.open(tmp_path / "other.sqlite") as other:
        other.claim(FolderClaim(spec_name="tea", backend="simulator", path="/other", host="here", key="k"))
        other.replace_plan([job_of(0)])
        asyncio.run(take(other.journal(), job_of(0).job_id, "stored", 1, is_second=False))
        reusable = other.reusable_job(job_of(0).job_id)
    assert isinstance(reusable, ReusableJob)
    ledger.replace_plan([job_of(0), job_of(1)])
    origin = ReusedFrom(folder="../other", folder_id="f", cost_usd=0.1)
    ledger.journal().take([ReusedJob(reusable=reusable, origin=origin, files=reusable.files)])
    assert ledger.line_counts() == counted(ledger)
    assert ledger.line_counts().reused == 1


def test_a_ledger_without_a_plan_has_no_lines(ledger: Ledger) -> None:
    assert ledger.line_counts() == LineCounts()
