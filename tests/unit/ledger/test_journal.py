"""The transitions of an attempt, and what the ledger says after each."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.ledger.attempt import (
    Acceptance,
    Attempt,
    AttemptChange,
    Charge,
    StoredFile,
    idempotency_key,
    results_from_text,
)
from qwave_batch.ledger.attempt_states import NEW_ROUNDS, RANK, TRANSITIONS, AttemptState, IllegalTransition
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.model.run_events import ImagesStored
from qwave_batch.model.task import ResultImage
from qwave_batch.run.state.attempt_events import event_of

MakeJob = Callable[..., Job]
PAID = Charge(cost_nusd=700_000, cost_from="api")
FREE = Charge(cost_nusd=0, cost_from="api")
OOPS = JobError(code="task_failed", message="no", retryable=True)
FILE = StoredFile(
    image=ImageFile(
        path="images/tea/0.png", sha256="ab", size_bytes=3, width=1, height=1, format="png", source_url="https://x"
    ),
    modified_ns=5,
)


@pytest.fixture
def journal(ledger: Ledger, job_of: MakeJob) -> Journal:
    ledger.replace_plan([job_of(0), job_of(1)])
    return ledger.journal()


JOB = f"{0:016x}"


async def accepted(journal: Journal) -> Attempt:
    attempt = await journal.intend(JOB, held_nusd=1_000_000, sent_at=100.0)
    return await journal.accept(attempt, Acceptance(task_id="task-1", submitted_at=100.5, held_nusd=800_000))


async def completed(journal: Journal) -> Attempt:
    return await journal.complete(
        await accepted(journal),
        ended_at=104.5,
        submitted_at=100.5,
        charge=PAID,
        results=[ResultImage(url="https://x")],
    )


def test_a_job_goes_from_intent_to_image(ledger: Ledger, journal: Journal) -> None:
    async def way() -> None:
        attempt = await completed(journal)
        assert attempt.results == (ResultImage(url="https://x"),)
        assert ledger.record(JOB).status is JobStatus.PENDING
        await journal.store(attempt, [FILE])

    asyncio.run(way())
    record = ledger.record(JOB)
    assert (record.status, record.task_id, record.attempts) == (JobStatus.COMPLETED, "task-1", 1)
    assert (record.submitted_at, record.completed_at, record.seconds) == (100.5, 104.5, 4.0)
    assert (record.cost_nusd, record.cost_from, record.images) == (700_000, "api", (FILE.image,))
    assert ledger.owner_of("images/tea/0.png") == JOB
    assert (ledger.spent_nusd(), ledger.held_nusd()) == (700_000, 0)


def test_money_is_held_from_intent_to_end(ledger: Ledger, journal: Journal) -> None:
    async def way() -> list[int]:
        attempt = await journal.intend(JOB, held_nusd=1_000_000, sent_at=None)
        held = [ledger.held_nusd()]
        attempt = await journal.accept(attempt, Acceptance(task_id="t", submitted_at=1.0, held_nusd=800_000))
        held.append(ledger.held_nusd())
        await journal.fail(attempt, ended_at=2.0, charge=FREE, error=OOPS)
        return [*held, ledger.held_nusd()]

    assert asyncio.run(way()) == [1_000_000, 800_000, 0]


def test_a_new_attempt_needs_an_unpaid_end(ledger: Ledger, journal: Journal) -> None:
    async def way() -> None:
        attempt = await accepted(journal)
        with pytest.raises(IllegalTransition):
            await journal.intend(JOB, held_nusd=1, sent_at=None)
        await journal.fail(attempt, ended_at=101.0, charge=FREE, error=OOPS)
        second = await journal.intend(JOB, held_nusd=1, sent_at=None)
        assert (second.number, second.key) != (attempt.number, attempt.key)

    asyncio.run(way())
    record = ledger.record(JOB)
    assert (record.status, record.error, record.attempts) == (JobStatus.PENDING, OOPS, 1)


def test_a_failed_task_that_was_paid_is_paid_for_again_only_on_request(journal: Journal) -> None:
    async def way() -> None:
        await journal.fail(await accepted(journal), ended_at=101.0, charge=PAID, error=OOPS)
        with pytest.raises(IllegalTransition):
            await journal.intend(JOB, held_nusd=1, sent_at=None)
        assert (await journal.intend(JOB, held_nusd=1, sent_at=None, pay_again=True)).number == 2

    asyncio.run(way())


def test_what_was_perhaps_paid_stays_held_when_the_key_is_sent_again(ledger: Ledger, journal: Journal) -> None:
    async def way() -> None:
        attempt = await journal.intend(JOB, held_nusd=1_000, sent_at=1.0)
        attempt = await journal.doubt(attempt, OOPS)
        assert ledger.record(JOB).status is JobStatus.UNKNOWN
        again = await journal.intend_again(attempt, held_nusd=1_000, sent_at=2.0)
        assert (again.key, again.number, again.round) == (attempt.key, attempt.number, 1)
        again = await journal.accept(again, Acceptance(task_id="t", submitted_at=2.0, held_nusd=1_000))
        await journal.fail(again, ended_at=3.0, charge=FREE, error=OOPS)

    asyncio.run(way())
    assert ledger.held_nusd() == 1_000


def test_a_parked_attempt_holds_nothing_and_keeps_its_key(ledger: Ledger, journal: Journal) -> None:
    async def way() -> None:
        attempt = await journal.park(await journal.intend(JOB, held_nusd=1_000, sent_at=1.0))
        assert ledger.held_nusd() == 0
        assert ledger.record(JOB).status is JobStatus.PENDING
        again = await journal.intend_again(attempt, held_nusd=1_000, sent_at=5.0)
        assert (again.key, again.first_sent_at, again.doubt_nusd) == (attempt.key, 5.0, 0)

    asyncio.run(way())


def test_a_lost_task_is_remembered_when_another_takes_its_place(ledger: Ledger, journal: Journal) -> None:
    async def way() -> None:
        lost = await journal.lose(await accepted(journal), OOPS)
        again = await journal.intend_again(lost, held_nusd=1, sent_at=None)
        await journal.accept(again, Acceptance(task_id="task-2", submitted_at=1.0, held_nusd=1))

    asyncio.run(way())
    record = ledger.record(JOB)
    assert (record.task_id, record.attempts) == ("task-2", 2)


def test_an_attempt_that_changed_since_it_was_read_is_not_touched(ledger: Ledger, journal: Journal) -> None:
    async def way() -> None:
        stale = await journal.intend(JOB, held_nusd=1, sent_at=None)
        await journal.accept(stale, Acceptance(task_id="task-1", submitted_at=1.0, held_nusd=1))
        with pytest.raises(IllegalTransition):
            await journal.accept(stale, Acceptance(task_id="task-2", submitted_at=1.0, held_nusd=1))

    asyncio.run(way())
    assert ledger.record(JOB).task_id == "task-1"


def test_one_bad_write_does_not_spoil_its_neighbours(ledger: Ledger, journal: Journal) -> None:
    async def way() -> list[object]:
        stale = replace(await journal.intend(JOB, held_nusd=1, sent_at=None), round=7)
        return list(
            await asyncio.gather(
                journal.park(stale),
                journal.intend(f"{1:016x}", held_nusd=1, sent_at=None),
                return_exceptions=True,
            )
        )

    bad, good = asyncio.run(way())
    assert isinstance(bad, IllegalTransition)
    assert isinstance(good, Attempt)


def test_what_was_written_is_there_after_opening_again(
    ledger: Ledger, journal: Journal, path: Path, claim: FolderClaim
) -> None:
    asyncio.run(accepted(journal))
    before = ledger.record(JOB)
    ledger.close()
    with Ledger.open(path) as again:
        assert again.record(JOB) == before
        with pytest.raises(FolderError, match="1 open task under another API key") as refused:
            again.claim(replace(claim, key="another"))
        assert refused.value.next_steps == (Advice(NextStep.RUN_WITH_KEY),)


def test_a_job_that_leaves_the_plan_keeps_what_it_has(ledger: Ledger, journal: Journal, job_of: MakeJob) -> None:
    async def way() -> None:
        await journal.store(await completed(journal), [FILE])

    asyncio.run(way())
    ledger.replace_plan([job_of(1)])
    assert [record.job_id for record in ledger.unplanned()] == [JOB]
    ledger.replace_plan([job_of(0), job_of(1)])
    assert [line.record.status for line in ledger.lines()] == [JobStatus.COMPLETED, JobStatus.PENDING]
    assert list(ledger.unplanned()) == []


def test_what_left_the_plan_still_tells_what_it_was_made_from(
    ledger: Ledger, journal: Journal, job_of: MakeJob
) -> None:
    parents = (ParentLink("b" * 16, 2), ParentLink("c" * 16))
    ledger.replace_plan([job_of(0, stage="night", parents=parents), job_of(1)])

    async def way() -> None:
        await journal.store(await completed(journal), [FILE])

    asyncio.run(way())
    assert ledger.unplanned_parents() == {}
    ledger.replace_plan([job_of(1)])
    assert ledger.unplanned_parents() == {JOB: ["b" * 16, "c" * 16]}
    line = ledger.line_of(JOB)
    assert line is not None
    assert (line.job.parents, line.record.images) == (parents, (FILE.image,))
    assert ledger.line_of("0" * 15 + "9") is None


def test_a_forgotten_job_leaves_its_money(ledger: Ledger, journal: Journal, job_of: MakeJob) -> None:
    async def way() -> None:
        await journal.store(await completed(journal), [FILE])

    asyncio.run(way())
    with pytest.raises(FolderError, match="part of the plan"):
        ledger.forget(JOB)
    ledger.replace_plan([])
    ledger.forget(JOB)
    assert list(ledger.unplanned()) == []
    assert ledger.owner_of("images/tea/0.png") is None
    assert ledger.spent_nusd() == 700_000


def test_an_open_task_is_not_forgotten(ledger: Ledger, journal: Journal) -> None:
    asyncio.run(accepted(journal))
    ledger.replace_plan([])
    with pytest.raises(FolderError, match="open task"):
        ledger.forget(JOB)
    assert [snapshot.is_planned for snapshot in ledger.snapshots()] == [False]


def test_keys_differ_by_folder_job_and_attempt() -> None:
    keys = {idempotency_key(*parts) for parts in product(("f", "g"), ("a", "b"), (1, 2))}
    assert len(keys) == 8


def test_within_a_round_states_only_move_forward() -> None:
    for before, followers in TRANSITIONS.items():
        for after in followers:
            assert (before, after) in NEW_ROUNDS or RANK[after] > RANK[before] or before is after is AttemptState.STORED


def test_no_state_is_unreachable_and_every_one_is_ranked() -> None:
    reached = {AttemptState.SUBMITTING}
    for _ in AttemptState:
        reached |= {after for before in reached for after in TRANSITIONS[before]}
    assert reached == set(AttemptState) == set(TRANSITIONS) == set(RANK)


def on_record(ledger: Ledger, job_id: str = JOB) -> Attempt:
    (snapshot,) = [each for each in ledger.snapshots() if each.line.job.job_id == job_id]
    assert snapshot.attempt is not None
    return snapshot.attempt


def test_addresses_that_an_older_version_has_written_are_read() -> None:
    """It kept beside each until when it was good."""
    assert results_from_text('[["https://x", 9.0], ["", null]]') == (ResultImage(url="https://x"), ResultImage(url=""))


def test_what_a_call_returns_is_what_is_on_record(ledger: Ledger, journal: Journal) -> None:
    """Above all an address that holds a secret, which is kept from the disk, is kept from the caller too."""
    secret = ResultImage(url="https://x/?key=s", masked_url="https://x/?key=...")

    async def way() -> None:
        attempt = await journal.intend(JOB, held_nusd=1_000_000, sent_at=100.0, callback={"callback_url": "https://c"})
        assert attempt == on_record(ledger)
        attempt = await journal.park(attempt, OOPS)
        assert attempt == on_record(ledger)
        attempt = await journal.intend_again(
            attempt, held_nusd=2, sent_at=101.0, callback={"callback_url": "https://d"}
        )
        assert attempt == on_record(ledger)
        attempt = await journal.accept(attempt, Acceptance(task_id="t", submitted_at=101.5, held_nusd=3, hold_nusd=3))
        assert attempt == on_record(ledger)
        attempt = await journal.remark(attempt, OOPS)
        assert attempt == on_record(ledger)
        attempt = await journal.complete(attempt, ended_at=102.0, submitted_at=101.5, charge=PAID, results=[secret])
        assert attempt == on_record(ledger)
        assert attempt.results == (ResultImage(url=""),)
        attempt = await journal.renew(attempt, [ResultImage(url="https://y")])
        assert attempt == on_record(ledger)
        attempt = await journal.store(attempt, [FILE])
        assert attempt == on_record(ledger)

    asyncio.run(way())


def test_a_task_that_ended_in_the_first_answer_is_on_record_in_one_write(ledger: Ledger) -> None:
    changes: list[tuple[AttemptState | None, AttemptState]] = []
    journal = ledger.journal(lambda change: changes.append((change.before, change.attempt.state)))
    acceptance = Acceptance(task_id="t", submitted_at=100.5, held_nusd=800_000, hold_nusd=700_000)

    async def way() -> Attempt:
        attempt = await journal.intend(JOB, held_nusd=1_000_000, sent_at=100.0)
        return await journal.complete(
            attempt, ended_at=104.5, submitted_at=100.5, charge=PAID, results=[], acceptance=acceptance
        )

    attempt = asyncio.run(way())
    assert (attempt.state, attempt.task_id, attempt.held_nusd) == (AttemptState.COMPLETED, "t", 800_000)
    assert changes == [
        (None, AttemptState.SUBMITTING),
        (AttemptState.SUBMITTING, AttemptState.ACCEPTED),
        (AttemptState.ACCEPTED, AttemptState.COMPLETED),
    ]


def test_a_fresh_address_is_no_news_however_the_attempt_stands(ledger: Ledger) -> None:
    changes: list[AttemptChange] = []
    journal = ledger.journal(changes.append)

    async def way() -> None:
        spoiled = await journal.spoil(await completed(journal), [], OOPS)
        told = len(changes)
        renewed = await journal.renew(spoiled, [ResultImage(url="https://y")])
        assert len(changes) == told
        assert renewed.error == OOPS, "the old error stays until the images are there"
        await journal.store(renewed, [FILE])

    asyncio.run(way())
    assert isinstance(event_of(changes[-1], 1.0), ImagesStored)


def test_of_two_transitions_in_one_write_none_stands_alone(ledger: Ledger, journal: Journal) -> None:
    acceptance = Acceptance(task_id="t", submitted_at=1.0, held_nusd=1)

    async def way() -> Attempt:
        stale = await journal.intend(JOB, held_nusd=1, sent_at=None)
        parked = await journal.park(stale)
        with pytest.raises(IllegalTransition):
            await journal.fail(stale, ended_at=2.0, charge=FREE, error=OOPS, acceptance=acceptance)
        return parked

    assert asyncio.run(way()).task_id is None
    assert ledger.record(JOB).task_id is None
