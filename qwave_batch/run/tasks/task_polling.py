"""Polls a task when it has probably ended, until it ends or the run gives up on it."""

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
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.record import JobStatus
from qwave_batch.model.stop_reason import NoTaskStatus, TaskNotKnown
from qwave_batch.model.task import Task, TaskError, TaskState
from qwave_batch.run.jobs.job_errors import error_of_lost_task, timed_out
from qwave_batch.run.jobs.job_run import AcceptedAttempt, EndedTask, Finished, JobRun, RetryAt, Step
from qwave_batch.run.jobs.slot_lease import SlotLease
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.polling.callback_inbox import CallbackInbox, PendingCallback
from qwave_batch.run.polling.status_watchdog import STALE_S, StatusWatchdog
from qwave_batch.run.polling.task_poll_plan import PollPlanner, TaskPollPlan
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.tasks.poll_calls import THROTTLED_S, PollCalls

YOUNG_TASK_MISSES = 3
"""How often a newly created task may not be found: it may not have reached every server yet."""
OLDEST_S = 30.0
"""Cap of the age of an earlier run's task: its stamp and jumping clocks may be wrong by days, and a task that looks old
is polled only once a minute."""
SAME_WORD_S = 60.0
"""An unknown word for a task's state is an end if it stays this long, and tasks usually take less."""
EMPTY_ACCOUNT_S = 5.0
"""Interval of polls while the balance is used up."""


@dataclass(slots=True)
class _PolledTask:
    """A polled task; times are monotonic seconds."""

    job_run: JobRun
    attempt: Attempt
    task_id: str
    lease: SlotLease
    is_young: bool
    """Whether the task was created just now."""
    plan: TaskPollPlan
    callback: PendingCallback | None = None
    """The callback that ends a wait, if one is expected."""
    sent_at: float = 0.0
    """When the last poll was sent."""
    failures: int = 0
    """Failed polls since the last success."""
    misses: int = 0
    """Polls that did not find it."""
    last: str = ""
    """The problem of the last answer; empty if it reported a running task."""
    word: str = ""
    """The unknown word for the task's state in the last answers."""
    word_since: float = 0.0

    @property
    def status(self) -> JobStatus:
        """The status of its job if the task does not end in this run."""
        return JobStatus.UNKNOWN if self.attempt.state is AttemptState.NOT_FOUND else JobStatus.PENDING


class TaskPoller:
    """Polls tasks until they end."""

    def __init__(
        self,
        run: RunState,
        calls: PollCalls,
        watchdog: StatusWatchdog,
        planner: PollPlanner,
        inbox: CallbackInbox | None,
    ) -> None:
        self._run = run
        self._calls = calls
        self._watchdog = watchdog
        self._planner = planner
        self._inbox = inbox
        self._context = run.context

    async def poll_until_ended(
        self, job_run: JobRun, accepted: AcceptedAttempt, lease: SlotLease, *, is_young: bool
    ) -> EndedTask | Step:
        """Return the ended task, or the job's next step without it.

        Args:
            job_run: The job.
            accepted: Its attempt; one whose task was not found is polled too.
            lease: The slot of the job.
            is_young: Whether the task was created just now, so that an immediate poll is useless.
        """
        attempt, inbox = accepted.attempt, self._inbox
        polled = _PolledTask(
            job_run=job_run,
            attempt=attempt,
            task_id=accepted.task_id,
            lease=lease,
            is_young=is_young,
            plan=self._plan(job_run, attempt, is_young=is_young),
        )
        if inbox is not None and inbox.serves(attempt.callback):
            polled.callback = inbox.expect(accepted.task_id, job_run.job.model)
        found: Task | Step | None = None
        try:
            found = await self._poll(polled)
        finally:
            polled.plan.close()
            if inbox is not None and polled.callback is not None:
                self._forget_callback(inbox, polled.callback, is_over=isinstance(found, Task))
        return EndedTask(polled.attempt, found) if isinstance(found, Task) else found

    def _plan(self, job_run: JobRun, attempt: Attempt, *, is_young: bool) -> TaskPollPlan:
        model, now, planner, limiter = job_run.job.model, self._run.now(), self._planner, self._run.limiter
        if (per_minute := limiter.known.shared_per_minute) is not None:
            planner.limit_polls(per_minute, slots=limiter.known.concurrency.limit)
        if is_young and job_run.held_s:
            return planner.plan_known_task(model, now, job_run.held_s)
        if is_young:
            return planner.plan_new_task(model, now)
        stamp = attempt.submitted_at
        age_s = 0.0 if stamp is None else self._run.connectivity.earliest_time() - stamp
        return planner.plan_known_task(model, now, max(0.0, min(age_s, OLDEST_S)))

    async def _poll(self, polled: _PolledTask) -> Task | Step:
        run = self._run
        deadline = run.now() + self._context.terms.timeout_s
        if polled.is_young:
            await self._wait_until_due(polled, deadline)
        while True:
            await self._calls.wait_until_open(polled.job_run.job.model, polled.plan.turn_at)
            polled.sent_at = run.now()
            answer = await self._calls.poll(
                polled.task_id, is_earlier=polled.job_run.sends == 0, is_retry=polled.failures > 0
            )
            polled.lease.answered()
            self._watch_status(polled, answer)
            found = await self._judge(polled, answer)
            if not isinstance(found, float):
                return found
            now = run.now()
            if now >= deadline:
                if run.stops.is_on or not self._watchdog.is_stale(now):
                    return await self._give_up(polled)
                deadline = now + STALE_S  # the timeout is for slow tasks; here no task's status is reported at all
            if found:
                await self._context.clock.sleep(max(0.0, min(found, deadline - run.now())))
            await self._wait_until_due(polled, deadline)

    async def _wait_until_due(self, polled: _PolledTask, deadline: float) -> None:
        """Return when it is time to poll, which changes as other tasks end; at the deadline at the latest."""
        inbox = self._inbox
        if inbox is not None and polled.callback is not None and not inbox.is_unreachable:
            await inbox.wait(polled.callback, max(0.0, deadline - self._run.now()))
            return
        while (wait_s := polled.plan.sleep_s(now := self._run.now())) and now < deadline:
            await self._context.clock.sleep(min(wait_s, deadline - now))

    async def _judge(self, polled: _PolledTask, answer: Answer) -> Task | Step | float:  # noqa: C901, PLR0911 - one an answer
        """Return the fate of the task or its job, or the minimum seconds until the next poll."""
        match answer:
            case TaskAnswer(task=task) if task.state.is_terminal:
                polled.plan.record(polled.sent_at, task)
                return task
            case TaskAnswer(task=task):
                await self._find_again(polled)
                if self._is_stuck(polled, task):
                    return ended_by_word(task)
                polled.plan.record(polled.sent_at, task)
                polled.failures = 0
                return 0.0
            case TaskNotFound() if polled.is_young and polled.misses < YOUNG_TASK_MISSES:
                polled.misses += 1
                return float(polled.misses)
            case TaskNotFound():
                return await self._lose(polled, answer)
            case Throttled() | NoAnswer() | Denied() if self._is_over:
                return Finished(status=polled.status)
            case Throttled():  # the limiter delays the next poll
                return THROTTLED_S
            case NoAnswer():
                return self._record_failure(polled, answer.reason, answer.retry_after_s or 0.0)
            case Refused() | Denied():  # a single forbidden poll says nothing about the task
                return self._record_failure(polled, f"HTTP {answer.status}: {answer.message}")
            case AccountBlocked(kind="key"):
                return Finished(status=polled.status)
            case AccountBlocked():  # an empty account usually still shows its tasks
                return EMPTY_ACCOUNT_S
            case _:
                assert_never(answer)

    def _record_failure(self, polled: _PolledTask, why: str, asked_s: float = 0.0) -> float:
        """Record a failed poll, and return the minimum seconds until the next one."""
        polled.failures += 1
        polled.last = why
        return max(backoff_s(polled.failures, self._context.rng), asked_s)

    @property
    def _is_over(self) -> bool:
        """Whether polling is over in this run."""
        return self._run.stops.is_leaving or self._calls.are_over

    def _watch_status(self, polled: _PolledTask, answer: Answer) -> None:
        """Record whether the API still reports tasks; after too long without, leave them to the next run."""
        watchdog, now, task_id = self._watchdog, self._run.now(), polled.task_id
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
        if watchdog.is_hopeless(now, self._context.options.max_wait_s):
            lasted_s = watchdog.stale_s(now)
            since = self._context.clock.now() - lasted_s
            reason = NoTaskStatus(why=watchdog.why, since=since, lasted_s=lasted_s, is_throttled=watchdog.is_throttled)
            self._run.stops.stop(reason, leave=True)

    async def _find_again(self, polled: _PolledTask) -> None:
        if polled.attempt.state is AttemptState.NOT_FOUND:
            polled.attempt = polled.job_run.attempt = await self._run.journal.find_again(polled.attempt)

    async def _lose(self, polled: _PolledTask, answer: TaskNotFound) -> Step:
        job_run, attempt = polled.job_run, polled.attempt
        if attempt.state is not AttemptState.NOT_FOUND:
            job_run.attempt = await self._run.journal.lose(attempt, error_of_lost_task(answer))
            self._run.stops.stop(TaskNotKnown())
            return Finished(status=JobStatus.UNKNOWN, is_final_failure=True)
        if self._context.options.resubmit_unknown and job_run.is_planned:
            job_run.is_resubmit = True
            return RetryAt(at=self._run.now())
        return Finished(status=JobStatus.UNKNOWN)

    def _is_stuck(self, polled: _PolledTask, task: Task) -> bool:
        """Whether an unknown word has stayed so long that it is an end, compared with other tasks of the model."""
        now = self._run.now()
        if task.word != polled.word:
            polled.word, polled.word_since = task.word, now
        polled.last = f'its state is "{task.word}"' if task.word else ""
        return bool(task.word) and now - polled.word_since >= SAME_WORD_S and polled.plan.is_late(now)

    async def _give_up(self, polled: _PolledTask) -> Step:
        error = timed_out(self._context.terms.timeout_s, polled.last)
        if polled.attempt.state is AttemptState.ACCEPTED:
            polled.job_run.attempt = await self._run.journal.remark(polled.attempt, error)
        self._run.counters.warn("some tasks were given up waiting for; the next run asks them first")
        return Finished(status=polled.status)

    def _forget_callback(self, inbox: CallbackInbox, callback: PendingCallback, *, is_over: bool) -> None:
        """Stop waiting for a task's callback, whether or not the task has ended."""
        inbox.forget(callback, is_over=is_over)
        if inbox.is_unreachable:
            self._run.counters.warn(
                "no call of the API has reached the receiver, so tasks are polled; is its public address right?",
                NextStep.CHECK_WEBHOOK_URL,
            )


def ended_by_word(task: Task) -> Task:
    """Return a task that only has an unknown word for its state, as one that is over."""
    error = task.error or TaskError(code=task.word, message=f'the API has left the task as "{task.word}"')
    return replace(task, state=TaskState.ENDED, error=error)
