"""Withdrawing queued tasks from an API that answers in every way; time is virtual."""

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qwave_batch.client.answers import Answer, Missing, Refused, Stopped, TaskAnswer, Throttled, Unanswered
from qwave_batch.ledger.journal import Acceptance
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.cancelling import TRIES, Cancelling, CancelOutcome, LeftAlone, NotSaid, Withdrawn
from qwave_batch.run.stop import StopSignal
from tests.unit.run.virtual_time import run_virtually
from tests.unit.run.world import CLAIM, PRICE_NUSD, World, make_job

SILENCE = Unanswered(reason="the connection was cut", sent=True)
TOO_LATE = Refused(status=400, code="task_not_cancellable", message="a task that is processing cannot be cancelled")
UNKNOWN = Missing(status=404, code="task_not_found", message="no such task")
BAD_KEY = Stopped(kind="key", status=401, code="", message="no such key")


def told(state: TaskState) -> TaskAnswer:
    cost_quota = 0 if state is TaskState.CANCELLED else None
    return TaskAnswer(task=Task(task_id="task-0", state=state, cost_quota=cost_quota))


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
        with Ledger.open(self.world.layout.ledger) as ledger:
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
    end = bench.world.ended()
    assert (end.exit_status, end.requests.submit, end.cost_nusd) == (0, 1, PRICE_NUSD)
    assert bench.world.statuses() == [JobStatus.COMPLETED]
