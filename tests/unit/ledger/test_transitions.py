"""Every call of the journal in every state: the transitions that docs/architecture.md draws, and no other.

The table is written out here once more, so that a way too many in the code is found.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from qwave_batch.ledger.attempt import Acceptance, Attempt, Charge
from qwave_batch.ledger.attempt_states import TRANSITIONS, AttemptState, IllegalTransition
from qwave_batch.ledger.database import open_to_read
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.reused_jobs import ReusableJob, ReusedJob
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import ReusedFrom

S = AttemptState
JOB = f"{0:016x}"
OOPS = JobError(code="x", message="no")
FREE = Charge(cost_nusd=0, cost_from="api")
ACCEPTED = Acceptance(task_id="task-1", submitted_at=1.0, held_nusd=1)

Call: TypeAlias = Callable[[Journal, Attempt], Awaitable[Attempt]]


async def take(journal: Journal, attempt: Attempt) -> Attempt:
    reusable = ReusableJob(attempt=replace(attempt, state=S.STORED), files=(), cost_nusd=0)
    reused_from = ReusedFrom(folder="../other", folder_id="f", cost_usd=0.0)
    journal.take([ReusedJob(reusable=reusable, files=(), origin=reused_from)])
    return replace(attempt, state=S.STORED)


CALLS: dict[str, Call] = {
    "intend_again": lambda journal, attempt: journal.intend_again(attempt, held_nusd=1, sent_at=1.0),
    "park": lambda journal, attempt: journal.park(attempt, OOPS),
    "accept": lambda journal, attempt: journal.accept(attempt, ACCEPTED),
    "find_again": lambda journal, attempt: journal.find_again(attempt),
    "refuse": lambda journal, attempt: journal.refuse(attempt, OOPS),
    "doubt": lambda journal, attempt: journal.doubt(attempt, OOPS),
    "lose": lambda journal, attempt: journal.lose(attempt, OOPS),
    "complete": lambda journal, attempt: journal.complete(
        attempt, ended_at=2.0, submitted_at=1.0, charge=FREE, results=[]
    ),
    "fail": lambda journal, attempt: journal.fail(attempt, ended_at=2.0, charge=FREE, error=OOPS),
    "cancelled": lambda journal, attempt: journal.cancelled(attempt, ended_at=2.0, charge=FREE, error=OOPS),
    "accept and complete": lambda journal, attempt: journal.complete(
        attempt, ended_at=2.0, submitted_at=1.0, charge=FREE, results=[], acceptance=ACCEPTED
    ),
    "accept and fail": lambda journal, attempt: journal.fail(
        attempt, ended_at=2.0, charge=FREE, error=OOPS, acceptance=ACCEPTED
    ),
    "accept and cancel": lambda journal, attempt: journal.cancelled(
        attempt, ended_at=2.0, charge=FREE, error=OOPS, acceptance=ACCEPTED
    ),
    "store": lambda journal, attempt: journal.store(attempt, []),
    "spoil": lambda journal, attempt: journal.spoil(attempt, [], OOPS),
    "recover": lambda journal, attempt: journal.recover(attempt, charge=FREE, results=[]),
    "intend": lambda journal, _: journal.intend(JOB, held_nusd=1, sent_at=1.0),
    "intend and pay again": lambda journal, _: journal.intend(JOB, held_nusd=1, sent_at=1.0, pay_again=True),
    "take": take,
}
UNPAID_ENDS = {S.REFUSED, S.FAILED, S.CANCELLED}
ALLOWED: dict[str, tuple[set[AttemptState], AttemptState]] = {
    "intend_again": ({S.NOT_SUBMITTED, S.UNKNOWN, S.NOT_FOUND}, S.SUBMITTING),
    "park": ({S.SUBMITTING}, S.NOT_SUBMITTED),
    "accept": ({S.SUBMITTING}, S.ACCEPTED),
    "find_again": ({S.NOT_FOUND}, S.ACCEPTED),
    "refuse": ({S.SUBMITTING}, S.REFUSED),
    "doubt": ({S.SUBMITTING}, S.UNKNOWN),
    "lose": ({S.ACCEPTED}, S.NOT_FOUND),
    "complete": ({S.ACCEPTED}, S.COMPLETED),
    "fail": ({S.ACCEPTED}, S.FAILED),
    "cancelled": ({S.ACCEPTED}, S.CANCELLED),
    "accept and complete": ({S.SUBMITTING}, S.COMPLETED),
    "accept and fail": ({S.SUBMITTING}, S.FAILED),
    "accept and cancel": ({S.SUBMITTING}, S.CANCELLED),
    "store": ({S.COMPLETED, S.STORED, S.UNRECOVERABLE}, S.STORED),
    "spoil": ({S.COMPLETED, S.STORED}, S.UNRECOVERABLE),
    "recover": ({S.FAILED}, S.COMPLETED),
    "intend": (UNPAID_ENDS, S.SUBMITTING),
    "intend and pay again": (UNPAID_ENDS | {S.UNRECOVERABLE}, S.SUBMITTING),
    "take": (UNPAID_ENDS | {S.NOT_SUBMITTED, S.UNRECOVERABLE}, S.STORED),
}
BEGINS_A_NEW_ATTEMPT = {"intend", "intend and pay again", "take"}
WAY_TO: dict[AttemptState, tuple[str, ...]] = {
    S.SUBMITTING: (),
    S.NOT_SUBMITTED: ("park",),
    S.ACCEPTED: ("accept",),
    S.COMPLETED: ("accept", "complete"),
    S.STORED: ("accept", "complete", "store"),
    S.UNRECOVERABLE: ("accept", "complete", "spoil"),
    S.FAILED: ("accept", "fail"),
    S.CANCELLED: ("accept", "cancelled"),
    S.REFUSED: ("refuse",),
    S.UNKNOWN: ("doubt",),
    S.NOT_FOUND: ("accept", "lose"),
}


async def bring_to(journal: Journal, state: AttemptState) -> Attempt:
    attempt = await journal.intend(JOB, held_nusd=1, sent_at=1.0)
    for call in WAY_TO[state]:
        attempt = await CALLS[call](journal, attempt)
    assert attempt.state is state
    return attempt


def newest(ledger: Ledger) -> Attempt:
    (snapshot,) = ledger.snapshots()
    assert snapshot.attempt is not None
    return snapshot.attempt


@pytest.fixture
def journal(ledger: Ledger, job_of: Callable[[int], Job]) -> Journal:
    ledger.replace_plan([job_of(0)])
    return ledger.journal()


@pytest.fixture
def reader(ledger: Ledger, path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_to_read(path)
    yield connection
    connection.close()


def test_the_table_has_the_ways_that_calls_take_and_no_other() -> None:
    single = ALLOWED.keys() - BEGINS_A_NEW_ATTEMPT - {call for call in ALLOWED if call.startswith("accept and")}
    ways = {(before, ALLOWED[call][1]) for call in single for before in ALLOWED[call][0]}
    assert ways == {(before, after) for before, followers in TRANSITIONS.items() for after in followers}


@pytest.mark.parametrize(
    ("state", "call"), [(state, call) for call in CALLS for state in S if state in ALLOWED[call][0]]
)
def test_a_call_leads_where_the_table_says(ledger: Ledger, journal: Journal, state: AttemptState, call: str) -> None:
    attempt = asyncio.run(bring_to(journal, state))
    asyncio.run(as_coroutine(CALLS[call], journal, attempt))
    assert newest(ledger).state is ALLOWED[call][1]
    assert newest(ledger).number == (2 if call in BEGINS_A_NEW_ATTEMPT else 1)


@pytest.mark.parametrize("state", S)
def test_any_other_call_raises_and_writes_nothing(
    journal: Journal, reader: sqlite3.Connection, state: AttemptState
) -> None:
    attempt = asyncio.run(bring_to(journal, state))
    before = list(reader.iterdump())
    for name, call in CALLS.items():
        if state not in ALLOWED[name][0]:
            with pytest.raises(IllegalTransition):
                asyncio.run(as_coroutine(call, journal, attempt))
            assert list(reader.iterdump()) == before, name


@pytest.mark.parametrize("state", S)
def test_what_was_read_before_another_change_is_held_to_what_is_on_record(
    journal: Journal, reader: sqlite3.Connection, state: AttemptState
) -> None:
    """A stale attempt may say that the way is open; the ledger's own word counts, and the round too."""
    attempt = asyncio.run(bring_to(journal, state))
    before = list(reader.iterdump())
    for call in sorted(CALLS.keys() - BEGINS_A_NEW_ATTEMPT):
        for claimed in ALLOWED[call][0]:
            stale = replace(attempt, state=claimed, round=attempt.round + (claimed is state))
            with pytest.raises(IllegalTransition):
                asyncio.run(as_coroutine(CALLS[call], journal, stale))
        assert list(reader.iterdump()) == before, call


async def as_coroutine(call: Call, journal: Journal, attempt: Attempt) -> Attempt:
    return await call(journal, attempt)
