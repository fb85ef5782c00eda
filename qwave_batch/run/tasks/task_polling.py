"""Waiting for a task: asking when it is likely done, until it ends or patience does."""

from dataclasses import dataclass, replace
from typing import assert_never

from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Denied,
    NoAnswer,
    Refused,
    TaskAnswer,
    TaskNotFound,
    Throttled,
)
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.record import JobStatus
from qwave_batch.model.stop_reason import NoTaskStatus, TaskNotKnown
from qwave_batch.model.task import Task, TaskError, TaskState
from qwave_batch.run.desk import Desk
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.polling.callback_inbox import PendingCallback
from qwave_batch.run.polling.status_watchdog import STALE_S
from qwave_batch.run.polling.task_poll_plan import TaskPollPlan
from qwave_batch.run.schedule.slot_lease import SlotLease
from qwave_batch.run.tasks.job_errors import error_of_lost_task, timed_out
from qwave_batch.run.tasks.job_run import Finished, JobRun, RetryAt, Step
from qwave_batch.run.tasks.poll_calls import THROTTLED_S, ask, until_poll_may_leave

YOUNG_TASK_PATIENCE = 3
"""How often a task that was made a moment ago may not be found: it may not have reached every server yet."""
OLDEST_S = 30.0
"""A task of an earlier run counts as no older: whoever stamped it, and clocks that jump, may be wrong by days, and what
looks old is asked for once a minute only."""
SAME_WORD_S = 60.0
"""A word for a task's state that nobody knows is an end when it stays for so long, and tasks as a rule take less."""
EMPTY_ACCOUNT_S = 5.0
"""From one question to the next while the balance is used up."""


@dataclass(slots=True)
class _Watch:
    """One task that is waited for; times are monotonic seconds."""

    job_run: JobRun
    attempt: Attempt
    lease: SlotLease
    is_young: bool
    """Whether the task was made just now."""
    plan: TaskPollPlan
    expected: PendingCallback | None = None
    """What a call of the API wakes, where one is expected."""
    sent_at: float = 0.0
    """When the last question left."""
    silences: int = 0
    missed: int = 0
    last: str = ""
    """What was wrong with the last answer; empty when it told of a task at work."""
    word: str = ""
    """The word for the task's state that is not known, in the last answers."""
    word_since: float = 0.0


class TaskPoller:
    """Asks for tasks until they end."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def watch(self, job_run: JobRun, attempt: Attempt, lease: SlotLease, *, is_young: bool) -> Task | Step:
        """Return the task in its end, or how the job goes on without it.

        Args:
            job_run: The job.
            attempt: An accepted or lost attempt.
            lease: What the job holds.
            is_young: Whether the task was made just now, so that there is no use asking at once.
        """
        watch = _Watch(
            job_run=job_run,
            attempt=attempt,
            lease=lease,
            is_young=is_young,
            plan=self._poll_plan(job_run, attempt, is_young=is_young),
        )
        hints, found = self._desk.hints_of(attempt), None
        if hints is not None and attempt.task_id is not None:
            watch.expected = hints.expect(attempt.task_id, job_run.job.model)
        try:
            found = await self._watch(watch)
            return found
        finally:
            watch.plan.close()
            if watch.expected is not None:
                self._desk.forget_call(watch.expected, is_over=isinstance(found, Task))

    async def _watch(self, watch: _Watch) -> Task | Step:
        deadline = self._desk.now() + self._context.terms.timeout_s
        if watch.is_young:
            await self._until_due(watch, deadline)
        while True:
            await until_poll_may_leave(self._desk, watch.job_run.job.model, watch.plan.turn_at)
            answer = await self._ask(watch)
            watch.lease.answered()
            self._record_status_answer(watch, answer)
            found = await self._judge(watch, answer)
            if not isinstance(found, float):
                return found
            now = self._desk.now()
            if now >= deadline:
                if self._desk.stops.is_on or not self._desk.watchdog.is_stale(now):
                    return await self._give_up(watch)
                deadline = now + STALE_S  # patience is for tasks that take long; none of them is heard of at all
            if found:
                await self._context.clock.sleep(max(0.0, min(found, deadline - self._desk.now())))
            await self._until_due(watch, deadline)

    def _poll_plan(self, job_run: JobRun, attempt: Attempt, *, is_young: bool) -> TaskPollPlan:
        model, now, polls, limiter = job_run.job.model, self._desk.now(), self._desk.polls, self._desk.limiter
        if (per_minute := limiter.shared_per_minute) is not None:
            polls.limit_polls(per_minute, slots=limiter.concurrency.limit)
        if is_young and job_run.held_s:
            return polls.plan_known_task(model, now, job_run.held_s)
        if is_young:
            return polls.plan_new_task(model, now)
        age_s = 0.0 if attempt.submitted_at is None else self._desk.api_stamp() - attempt.submitted_at
        return polls.plan_known_task(model, now, max(0.0, min(age_s, OLDEST_S)))

    async def _until_due(self, watch: _Watch, deadline: float) -> None:
        """Return when it is time to ask, which changes with what other tasks teach; at the latest at the deadline."""
        hints = self._desk.hints
        if hints is not None and watch.expected is not None and not hints.is_deaf:
            await hints.wait(watch.expected, max(0.0, deadline - self._desk.now()))
            return
        while (wait_s := watch.plan.sleep_s(now := self._desk.now())) and now < deadline:
            await self._context.clock.sleep(min(wait_s, deadline - now))

    async def _judge(self, watch: _Watch, answer: Answer) -> Task | Step | float:  # noqa: C901, PLR0911 - one an answer
        """Return what a watch has come to, or for how many seconds at least not to ask again."""
        match answer:
            case TaskAnswer(task=task) if task.state.is_terminal:
                watch.plan.done(watch.sent_at, task)
                return task
            case TaskAnswer(task=task):
                await self._found(watch)
                if self._is_stuck(watch, task):
                    return ended_by_word(task)
                watch.plan.not_yet(watch.sent_at)
                watch.silences = 0
                return 0.0
            case TaskNotFound() if watch.is_young and watch.missed < YOUNG_TASK_PATIENCE:
                watch.missed += 1
                return float(watch.missed)
            case TaskNotFound():
                return await self._lose(watch.job_run, watch.attempt, answer)
            case Throttled() | NoAnswer() | Denied() if self._desk.is_silenced:
                return Finished(status=_status_of(watch.attempt))
            case Throttled():  # polls are held until its time
                return THROTTLED_S
            case NoAnswer() | Refused() | Denied():  # that one poll is forbidden says nothing of the task
                watch.silences += 1
                watch.last = (
                    answer.reason if isinstance(answer, NoAnswer) else f"HTTP {answer.status}: {answer.message}"
                )
                asked_s = answer.retry_after_s if isinstance(answer, NoAnswer) else None
                return max(backoff_s(watch.silences, self._context.rng), asked_s or 0.0)
            case AccountBlocked(kind="key"):
                return Finished(status=_status_of(watch.attempt))
            case AccountBlocked():  # an empty account still shows its tasks, as a rule
                return EMPTY_ACCOUNT_S
            case _:
                assert_never(answer)

    async def _ask(self, watch: _Watch) -> Answer:
        assert watch.attempt.task_id is not None  # noqa: S101 - accepted attempts have one
        self._desk.counters.retries += watch.silences > 0
        watch.sent_at = self._desk.now()
        return await ask(self._desk, watch.attempt.task_id, is_earlier=watch.job_run.sends == 0)

    def _record_status_answer(self, watch: _Watch, answer: Answer) -> None:
        """Note whether the API still tells how tasks stand; after too long without, leave them to the next run."""
        watchdog, now, task_id = self._desk.watchdog, self._desk.now(), watch.attempt.task_id or ""
        match answer:
            case Throttled():
                why = f"HTTP 429: {answer.quoted}" if answer.quoted else "HTTP 429"
                watchdog.record_failure(task_id, now, why, is_throttled=True)
            case Denied():
                watchdog.record_failure(task_id, now, f"HTTP {answer.status}: {answer.message}", is_forbidden=True)
            case NoAnswer():
                watchdog.record_failure(task_id, now, answer.reason)
            case _:
                watchdog.record_success()
        if watchdog.is_given_up(now, self._context.options.max_wait_s):
            lasted_s = watchdog.silent_s(now)
            since = self._context.clock.now() - lasted_s
            reason = NoTaskStatus(why=watchdog.why, since=since, lasted_s=lasted_s, is_throttled=watchdog.is_throttled)
            self._desk.stops.stop(reason, leave=True)

    async def _found(self, watch: _Watch) -> None:
        if watch.attempt.state is AttemptState.NOT_FOUND:
            watch.attempt = watch.job_run.attempt = await self._desk.journal.find_again(watch.attempt)

    async def _lose(self, job_run: JobRun, attempt: Attempt, answer: TaskNotFound) -> Step:
        if attempt.state is not AttemptState.NOT_FOUND:
            error = error_of_lost_task(answer)
            job_run.attempt = await self._desk.journal.lose(attempt, error)
            self._desk.stops.stop(TaskNotKnown())
            return Finished(status=JobStatus.UNKNOWN, is_final_failure=True)
        if self._context.options.resubmit_unknown and job_run.is_planned:
            job_run.is_resubmit = True
            return RetryAt(at=self._desk.now())
        return Finished(status=JobStatus.UNKNOWN)

    def _is_stuck(self, watch: _Watch, task: Task) -> bool:
        """Whether a word that nobody knows has stayed for so long that it is an end, as tasks of the model go."""
        now = self._desk.now()
        if task.word != watch.word:
            watch.word, watch.word_since = task.word, now
        watch.last = f'its state is "{task.word}"' if task.word else ""
        return bool(task.word) and now - watch.word_since >= SAME_WORD_S and watch.plan.is_late(now)

    async def _give_up(self, watch: _Watch) -> Step:
        error, attempt = timed_out(self._context.terms.timeout_s, watch.last), watch.attempt
        if attempt.state is AttemptState.ACCEPTED:
            watch.job_run.attempt = await self._desk.journal.remark(attempt, error)
        self._desk.counters.warn("some tasks were given up waiting for; the next run asks them first")
        return Finished(status=_status_of(attempt))


def ended_by_word(task: Task) -> Task:
    """Return a task that says nothing but a word that nobody knows, as one that is over."""
    error = task.error or TaskError(code=task.word, message=f'the API has left the task as "{task.word}"')
    return replace(task, state=TaskState.ENDED, error=error)


def _status_of(attempt: Attempt) -> JobStatus:
    """Return how a job counts whose task did not come to its end in this run."""
    return JobStatus.UNKNOWN if attempt.state is AttemptState.NOT_FOUND else JobStatus.PENDING
