"""Waiting for a task: asking when it is likely done, until it ends or patience does."""

from dataclasses import dataclass
from typing import assert_never

from qwave_batch.client.answers import Answer, Missing, Refused, Stopped, TaskAnswer, Throttled, Unanswered
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task
from qwave_batch.run.backoff import backoff_s
from qwave_batch.run.desk import Desk
from qwave_batch.run.failures import error_of_lost_task, timed_out
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.seat import Seat
from qwave_batch.run.trial import Done, Later, Step, Trial

YOUNG_TASK_PATIENCE = 3
"""How often a task that was made a moment ago may not be found: it may not have reached every server yet."""
UNSEEN_SHARE = 0.9
"""A task that was done at the first question, with nothing to say since when: so models that get faster are noticed."""


@dataclass(slots=True)
class _Watch:
    """One task that is waited for; times are monotonic seconds."""

    trial: Trial
    attempt: Attempt
    seat: Seat
    is_young: bool
    """Whether the task was made just now."""
    began: float
    not_done_at: float
    """When it was surely not done yet."""
    asked: int = 0
    silences: int = 0
    missed: int = 0


class Watching:
    """Asks for tasks until they end."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def watch(self, trial: Trial, attempt: Attempt, seat: Seat, *, is_young: bool) -> Task | Step:
        """Return the task in its end, or how the job goes on without it.

        Args:
            trial: The job.
            attempt: An accepted or lost attempt.
            seat: What the job holds.
            is_young: Whether the task was made just now, so that there is no use asking at once.
        """
        began = self._desk.now()
        watch = _Watch(trial=trial, attempt=attempt, seat=seat, is_young=is_young, began=began, not_done_at=began)
        deadline = began + self._context.terms.timeout_s
        wait_s = self._desk.polls.first_s(trial.job.model) if is_young else 0.0
        while True:
            await self._context.clock.sleep(max(0.0, min(wait_s, deadline - self._desk.now())))
            await self._until_polls_are_open()
            answer = await self._ask(watch)
            seat.answered()
            found = await self._judge(watch, answer)
            if not isinstance(found, float):
                return found
            if self._desk.now() >= deadline:
                return await self._give_up(trial, watch.attempt)
            wait_s = found

    async def _judge(self, watch: _Watch, answer: Answer) -> Task | Step | float:  # noqa: PLR0911 - one an answer
        """Return what a watch has come to, or seconds to wait before the next question."""
        polls, model, now = self._desk.polls, watch.trial.job.model, self._desk.now()
        match answer:
            case TaskAnswer(task=task) if task.state.is_terminal:
                if watch.is_young:
                    polls.learn(model, _latency(watch, task, now))
                return task
            case TaskAnswer():
                await self._found(watch)
                watch.not_done_at, watch.asked, watch.silences = now, watch.asked + 1, 0
                return polls.next_s(model, watch.asked)
            case Missing() if watch.is_young and watch.missed < YOUNG_TASK_PATIENCE:
                watch.missed += 1
                return float(watch.missed)
            case Missing():
                return await self._lose(watch.trial, watch.attempt, answer)
            case Throttled():
                return self._throttle(answer)
            case Unanswered() | Refused():
                watch.silences += 1
                asked_s = answer.retry_after_s if isinstance(answer, Unanswered) else None
                return max(backoff_s(watch.silences, self._context.rng), asked_s or 0.0)
            case Stopped(kind="key"):
                return Done(status=JobStatus.PENDING)
            case Stopped():  # an empty account still shows its tasks, as a rule
                return polls.next_s(model, watch.asked + 1)
            case _:
                assert_never(answer)

    async def _ask(self, watch: _Watch) -> Answer:
        assert watch.attempt.task_id is not None  # noqa: S101 - accepted attempts have one
        self._desk.tally.polls += 1
        self._desk.tally.retries += watch.silences > 0
        sent_at = self._desk.now()
        answer = await self._context.api.status(watch.attempt.task_id)
        self._desk.hear(answer)
        self._desk.gates.hear_poll(answer, sent_at, self._desk.now())
        return answer

    async def _until_polls_are_open(self) -> None:
        """Return when a poll may leave; where polls count, it is counted."""
        desk = self._desk
        while (at := desk.gates.polls_open_at(now := desk.now())) > now:
            await self._context.clock.sleep(min(at - now, 1.0))  # a window may open earlier than it seemed
        desk.gates.spend_poll(now)

    def _throttle(self, answer: Throttled) -> float:
        wait_s = self._desk.wait_of(answer)
        if wait_s is None:
            wait_s = self._context.terms.timeout_s  # until the deadline; the run stops meanwhile
        self._desk.brake.hold_all(self._desk.now() + wait_s)
        return wait_s

    async def _found(self, watch: _Watch) -> None:
        if watch.attempt.state is AttemptState.LOST:
            watch.attempt = watch.trial.attempt = await self._desk.journal.find_again(watch.attempt)

    async def _lose(self, trial: Trial, attempt: Attempt, answer: Missing) -> Step:
        if attempt.state is not AttemptState.LOST:
            error = error_of_lost_task(answer, str(attempt.task_id))
            trial.attempt = await self._desk.journal.lose(attempt, error)
            self._desk.halt.stop(HaltKind.ACCOUNT, error.message)
            return Done(status=JobStatus.UNKNOWN, is_final_failure=True)
        if self._context.options.resubmit_unknown and trial.is_planned:
            trial.is_resubmit = True
            return Later(at=self._desk.now())
        return Done(status=JobStatus.UNKNOWN)

    async def _give_up(self, trial: Trial, attempt: Attempt) -> Step:
        error = timed_out(self._context.terms.timeout_s)
        if attempt.state is AttemptState.ACCEPTED:
            trial.attempt = await self._desk.journal.remark(attempt, error)
        self._desk.tally.warn("some tasks were given up waiting for; the next run asks them first")
        return Done(status=JobStatus.UNKNOWN if attempt.state is AttemptState.LOST else JobStatus.PENDING)


def _latency(watch: _Watch, task: Task, now: float) -> float:
    """Return how long a task took: by the API's own stamps, as far as what we saw agrees with them."""
    least, most = watch.not_done_at - watch.began, now - watch.began
    if task.created_at is None or task.completed_at is None:
        return (least + most) / 2 if watch.asked else most * UNSEEN_SHARE
    return min(max(task.completed_at - task.created_at, least), most)
