"""Withdrawing queued tasks from an API that answers in every way; time is virtual."""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qwave_batch.client.answers import AccountBlocked, Answer, NoAnswer, Refused, TaskAnswer, TaskNotFound, Throttled
from qwave_batch.errors import StorageError
from qwave_batch.ledger.attempt import Acceptance
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.state.stop_reasons import StopSignal
from qwave_batch.run.tasks.cancellation import AT_ONCE, TRIES, Cancelling, CancelOutcome, LeftAlone, NotSaid, Withdrawn
from tests.unit.run.virtual_time import run_virtually
from tests.unit.run.world import CLAIM, PRICE_NUSD, World, make_job

SILENCE = NoAnswer(reason="the connection was cut", sent=True)
TOO_LATE = Refused(status=400, code="task_not_cancellable", message="a task that is processing cannot be cancelled")
UNKNOWN = TaskNotFound(status=404, code="task_not_found", message="no such task")
BUSY = Throttled(wait_s=30.0)
BAD_KEY = AccountBlocked(kind="key", status=401, code="", message="no such key")


def told(state: TaskState) -> TaskAnswer:
    cost_nusd = 0 if state is TaskState.CANCELLED else None
    return TaskAnswer(task=Task(task_id="task-0", state=state, cost_nusd=cost_nusd))


QUEUED, PROCESSING, CANCELLED = told(TaskState.QUEUED), told(TaskState.PROCESSING), told(TaskState.CANCELLED)


@dataclass
class Script:
    """An API that answers a call of each kind with the next of its lines; the last one stays."""

    status_answers: list[Answer]
    cancel_answers: list[Answer] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def status(self, task_id: str) -> Answer:  # noqa: ARG002 - as the real one takes it
        self.calls.append("status")
        return self._next(self.status_answers)

    async def cancel(self, task_id: str) -> Answer:  # noqa: ARG002 - as the real one takes it
        self.calls.append("cancel")
        return self._next(self.cancel_answers)

    @staticmethod
    def _next(answers: list[Answer]) -> Answer:
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass
class Bench:
    """A folder with one task on record, and what becomes of it."""

    world: World
    stop: StopSignal = field(default_factory=StopSignal)
    refused: str = ""

    def cancel(self, api: Script) -> CancelOutcome:
        with Ledger.open(self.world.layout.workspace.ledger) as ledger:
            return run_virtually(self.world.clock, lambda: self._cancel(api, ledger))

    async def _cancel(self, api: Script, ledger: Ledger) -> CancelOutcome:
        journal = ledger.journal()
        attempt = await journal.intend(f"{0:016x}", held_nusd=PRICE_NUSD, sent_at=None)
        attempt = await journal.accept(
            attempt, Acceptance(task_id="task-0", submitted_at=1.0, held_nusd=PRICE_NUSD, hold_nusd=PRICE_NUSD)
        )
        cancelling = Cancelling(api=api, journal=journal, clock=self.world.clock, rng=random.Random(0), stop=self.stop)
        (outcome,) = await cancelling.cancel([attempt])
        self.refused = cancelling.refused
        return outcome

    def money(self) -> tuple[int, int]:
        with self.world.read() as ledger:
            return ledger.spent_nusd(), ledger.held_nusd()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    world = World(tmp_path)
    world.plan([make_job(0)])
    with world.read() as ledger:
        identity = ledger.identity()
        assert identity is not None
        assert identity.backend == CLAIM.backend
    return Bench(world)


def test_a_queued_task_is_withdrawn_and_its_money_is_free(bench: Bench) -> None:
    api = Script([QUEUED], [CANCELLED])
    outcome = bench.cancel(api)
    assert outcome == Withdrawn(job_id=f"{0:016x}", task_id="task-0", cost_nusd=0, refunded_nusd=PRICE_NUSD)
    assert api.calls == ["status", "cancel"]
    assert bench.world.statuses() == [JobStatus.CANCELLED]
    assert bench.money() == (0, 0)


@pytest.mark.parametrize("state", [TaskState.PROCESSING, TaskState.COMPLETED, TaskState.FAILED])
def test_a_task_that_was_begun_is_not_even_asked_to_stop(bench: Bench, state: TaskState) -> None:
    api = Script([told(state)])
    assert bench.cancel(api) == LeftAlone(job_id=f"{0:016x}", task_id="task-0", state=state)
    assert api.calls == ["status"]
    assert bench.world.statuses() == [JobStatus.PENDING]
    assert bench.money() == (0, PRICE_NUSD)


def test_a_task_that_begins_between_the_two_calls_is_left_alone(bench: Bench) -> None:
    outcome = bench.cancel(Script([QUEUED, PROCESSING], [TOO_LATE]))
    assert isinstance(outcome, LeftAlone)
    assert bench.world.statuses() == [JobStatus.PENDING]


def test_a_cancel_whose_answer_was_lost_is_found_out_about(bench: Bench) -> None:
    outcome = bench.cancel(Script([QUEUED, CANCELLED], [SILENCE]))
    assert isinstance(outcome, Withdrawn)
    assert bench.world.statuses() == [JobStatus.CANCELLED]


def test_a_pause_that_the_api_asks_for_is_kept(bench: Bench) -> None:
    outcome = bench.cancel(Script([Throttled(wait_s=7.0), QUEUED], [CANCELLED]))
    assert isinstance(outcome, Withdrawn)
    assert bench.world.clock.passed >= 7.0


@pytest.mark.parametrize(
    ("api", "reason", "calls"),
    [
        (Script([SILENCE]), "the connection was cut", TRIES),
        (Script([UNKNOWN]), "the API does not know this task", 1),
        (Script([Throttled(wait_s=3_600.0, message="slow down")]), "slow down", 1),
        (Script([QUEUED], [QUEUED]), "the API did not cancel it", 2 * TRIES),
        (Script([BAD_KEY]), "the API refuses the account (HTTP 401, no such key)", 1),
    ],
)
def test_what_the_api_does_not_say_changes_nothing(bench: Bench, api: Script, reason: str, calls: int) -> None:
    outcome = bench.cancel(api)
    assert outcome == NotSaid(job_id=f"{0:016x}", task_id="task-0", reason=reason)
    assert len(api.calls) == calls
    assert bench.world.statuses() == [JobStatus.PENDING]
    assert bench.money() == (0, PRICE_NUSD)
    assert bool(bench.refused) == (api.status_answers == [BAD_KEY])


def test_nothing_is_asked_after_a_stop(bench: Bench) -> None:
    bench.stop.request()
    api = Script([QUEUED], [CANCELLED])
    assert isinstance(bench.cancel(api), NotSaid)
    assert api.calls == []


def test_a_plain_run_takes_up_what_was_withdrawn(bench: Bench) -> None:
    bench.cancel(Script([QUEUED], [CANCELLED]))
    end = bench.world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.cost_nusd) == (0, 1, PRICE_NUSD)
    assert bench.world.statuses() == [JobStatus.COMPLETED]


# --- many tasks


@dataclass
class Crowd:
    """An API with as many queued tasks as it is asked for, that says 429 as long as its rule says so."""

    world: World
    is_busy: Callable[["Crowd"], bool]
    answer: Answer = BUSY
    calls: list[float] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def status(self, task_id: str) -> Answer:
        return await self._told(task_id, TaskState.QUEUED)

    async def cancel(self, task_id: str) -> Answer:
        return await self._told(task_id, TaskState.CANCELLED)

    async def _told(self, task_id: str, state: TaskState) -> Answer:
        self.calls.append(self.world.clock.passed)
        is_busy = self.is_busy(self)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.world.clock.sleep(0.1)
        self.at_once -= 1
        return self.answer if is_busy else TaskAnswer(task=Task(task_id=task_id, state=state, cost_nusd=0))


def cancel_all(world: World, api: Crowd, tasks: int = 20) -> list[CancelOutcome]:
    world.plan(make_job(index) for index in range(tasks))

    async def way(ledger: Ledger) -> list[CancelOutcome]:
        journal = ledger.journal()
        attempts = [
            await journal.accept(
                await journal.intend(f"{index:016x}", held_nusd=1, sent_at=None),
                Acceptance(task_id=f"task-{index}", submitted_at=1.0, held_nusd=1),
            )
            for index in range(tasks)
        ]
        stop, rng = StopSignal(), random.Random(0)
        return await Cancelling(api=api, journal=journal, clock=world.clock, rng=rng, stop=stop).cancel(attempts)

    with Ledger.open(world.layout.workspace.ledger) as ledger:
        return run_virtually(world.clock, lambda: way(ledger))


def test_a_429_holds_all_questions_for_its_time_and_one_alone_tries_the_door(world: World) -> None:
    api = Crowd(world, is_busy=lambda api: len(api.calls) == 1)
    outcomes = cancel_all(world, api)
    assert all(isinstance(outcome, Withdrawn) for outcome in outcomes)
    assert [call < 30.0 for call in api.calls].count(True) == 1, "not one before its time"
    assert len(api.calls) == 1 + 2 * 20
    assert api.most > 1


def test_a_429_among_many_questions_holds_those_that_have_not_left(world: World) -> None:
    api = Crowd(world, is_busy=lambda api: 5 < len(api.calls) < 14)
    assert all(isinstance(outcome, Withdrawn) for outcome in cancel_all(world, api))
    assert api.calls == sorted(api.calls)
    gaps = [later - earlier for earlier, later in itertools.pairwise(api.calls)]
    assert max(gaps) >= 29.0


def test_an_api_that_says_429_for_ever_is_asked_a_few_times_in_all(world: World) -> None:
    api = Crowd(world, is_busy=lambda _: True)
    assert all(isinstance(outcome, NotSaid) for outcome in cancel_all(world, api))
    assert [round(call) for call in api.calls] == [0, 30, 60, 90, 120]


def test_a_key_that_is_refused_on_the_way_ends_the_questions_and_keeps_what_was_withdrawn(world: World) -> None:
    api = Crowd(world, is_busy=lambda api: len(api.calls) > 10, answer=BAD_KEY)
    outcomes = cancel_all(world, api)
    assert {type(outcome) for outcome in outcomes} == {Withdrawn, NotSaid}
    assert len(api.calls) <= 10 + AT_ONCE


def test_a_disk_that_fails_ends_all_questions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(Journal, "cancelled", full)
    api = Crowd(world, is_busy=lambda _: False)
    with pytest.raises(StorageError, match="disk is full"):
        cancel_all(world, api)
    assert len(api.calls) < 20, "the others do not outlive it"
