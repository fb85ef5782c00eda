"""Cancels tasks that are still queued at the API: each open task is polled, and only queued ones are cancelled."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, assert_never

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
from qwave_batch.ledger.attempt import Attempt, Charge
from qwave_batch.ledger.journal import Journal
from qwave_batch.model.clock import Clock
from qwave_batch.model.job import JobError
from qwave_batch.model.money import InUsd, InUsdIfKnown
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.limits.admission import CancelCall
from qwave_batch.run.limits.rate_limiter import RateLimiter
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.state.stop_reasons import StopSignal

AT_ONCE = 8
"""Maximum number of tasks polled at the same time."""
TRIES = 5
LONGEST_WAIT_S = 60.0
"""Maximum pause."""


class CancelCalls(Protocol):
    """The calls of ``client.task_api.TaskApi`` that this uses."""

    async def status(self, task_id: str) -> Answer:
        """Ask for the state of a task."""
        ...

    async def cancel(self, task_id: str) -> Answer:
        """Cancel a task that is still queued."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The task is cancelled according to the API, and that is recorded."""

    job_id: str
    task_id: str
    cost_nusd: int
    """The price that the API charges anyway; usually nothing."""
    refunded_nusd: int | None
    """The amount that the API had held and gives back; None if it did not say."""
    cost_usd = InUsd()
    refunded_usd = InUsdIfKnown()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """The task has started or is over, so it cannot be cancelled; the next run collects it."""

    job_id: str
    task_id: str
    state: TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSaid:
    """The API did not report the outcome; the record is unchanged."""

    job_id: str
    task_id: str
    reason: str


CancelOutcome: TypeAlias = Withdrawn | LeftAlone | NotSaid
"""The outcome of a cancel for one task."""


@dataclass(frozen=True, slots=True)
class _Again:
    reason: str
    wait_s: float


@dataclass(slots=True)
class Cancelling:
    """Polls and cancels the open tasks of one folder."""

    api: CancelCalls
    journal: Journal
    clock: Clock
    rng: random.Random
    stop: StopSignal
    refused: str = ""
    """Why the account was rejected; then no more calls are made."""
    _denied: str = ""
    """The message of the first forbidden call."""
    _is_known: bool = False
    """Whether the API has reported any task."""
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _limiter: RateLimiter = field(init=False)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the only call in flight, while they are sent one by one."""
    _last: Answer | None = None
    """The answer after which nothing more is sent: it counts as the answer to all other calls."""

    def __post_init__(self) -> None:
        self._limiter = RateLimiter(rng=self.rng, max_wait_s=LONGEST_WAIT_S)

    async def cancel(self, attempts: Sequence[Attempt]) -> list[CancelOutcome]:
        """Return the outcome of each accepted attempt, in the order given.

        Raises:
            StorageError: the ledger's disk refuses.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._cancel_in_turn(attempt)) for attempt in attempts]
        except BaseExceptionGroup as failed:  # the first has ended the others, and describes them
            raise failed.exceptions[0] from None
        if self._denied and not self._is_known:  # all calls are forbidden: the key is the reason
            self.refused = self.refused or f"the API refuses the account ({self._denied})"
        return [task.result() for task in tasks]

    async def _cancel_in_turn(self, attempt: Attempt) -> CancelOutcome:
        async with self._gate:
            return await self._cancel(attempt)

    async def _cancel(self, attempt: Attempt) -> CancelOutcome:
        task_id = attempt.task_id or ""
        reason = "stopped before it was asked"
        for tries in range(1, TRIES + 1):
            if self.stop.is_stopping:
                break
            found = await self._judge(attempt, task_id, await self._ask(task_id), tries)
            if not isinstance(found, _Again):
                return found
            reason = found.reason
            if found.wait_s > LONGEST_WAIT_S or self._last is not None:
                break
            if tries < TRIES:
                await self.clock.sleep(found.wait_s)
        return NotSaid(job_id=attempt.job_id, task_id=task_id, reason=reason)

    async def _judge(self, attempt: Attempt, task_id: str, answer: Answer, tries: int) -> "CancelOutcome | _Again":  # noqa: PLR0911 - one an answer
        match answer:
            case TaskAnswer(task=task) if task.state is TaskState.CANCELLED:
                return await self._withdraw(attempt, task)
            case TaskAnswer(task=task) if task.state is not TaskState.QUEUED:
                return LeftAlone(job_id=attempt.job_id, task_id=task_id, state=task.state)
            case TaskAnswer():
                return _Again("the API did not cancel it", 1.0)
            case Refused():  # it was started between the two calls: poll it again
                return _Again(answer.message or answer.code, 0.0)
            case TaskNotFound():
                return NotSaid(job_id=attempt.job_id, task_id=task_id, reason="the API does not know this task")
            case Denied():
                self._denied = self._denied or f"HTTP {answer.status}{_added(answer.message)}"
                return NotSaid(job_id=attempt.job_id, task_id=task_id, reason=f"the API forbids it ({answer.message})")
            case AccountBlocked():
                self.refused = f"the API refuses the account (HTTP {answer.status}{_added(answer.message)})"
                return _Again(self.refused, 0.0)
            case Throttled():  # the limiter delays the next call
                return _Again(answer.message or "the API asks for fewer requests", 0.0)
            case NoAnswer():
                return _Again(answer.reason, max(backoff_s(tries, self.rng), answer.retry_after_s or 0.0))
            case _:
                assert_never(answer)

    async def _ask(self, task_id: str) -> Answer:
        """Return the state of a task, after a cancel if it was queued."""
        answer = await self._call(lambda: self.api.status(task_id))
        self._is_known = self._is_known or isinstance(answer, TaskAnswer | TaskNotFound)
        if isinstance(answer, TaskAnswer) and answer.task.state is TaskState.QUEUED:
            return await self._call(lambda: self.api.cancel(task_id))
        return answer

    async def _call(self, send: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer to a call sent in its turn: alone until one was answered, then in parallel."""
        if not self._limiter.cancels_flow:
            async with self._alone:
                now = self.clock.monotonic()
                while self._last is None and (at := self._limiter.admit(CancelCall(), now).at) > now:
                    await self.clock.sleep(at - now)
                    now = self.clock.monotonic()
                if not self._limiter.cancels_flow:  # the one before may have changed it
                    return await self._send(send, CancelCall(is_alone=True))
        return await self._send(send, CancelCall())

    async def _send(self, send: Callable[[], Awaitable[Answer]], call: CancelCall) -> Answer:
        if self._last is not None:
            return self._last
        sent_at = self.clock.monotonic()
        answer = await send()
        reaction = self._limiter.record(call, answer, sent_at=sent_at, now=self.clock.monotonic())
        if isinstance(answer, AccountBlocked) or reaction.too_long is not None:
            self._last = answer
        return answer

    async def _withdraw(self, attempt: Attempt, task: Task) -> Withdrawn:
        cost_nusd = task.cost_nusd or 0
        await self.journal.cancelled(
            attempt,
            ended_at=self.clock.now() if task.completed_at is None else task.completed_at,
            charge=Charge(cost_nusd=cost_nusd, cost_from=None if task.cost_nusd is None else "api", catalog_nusd=0),
            error=JobError(code="cancelled", message="it was withdrawn before it was begun", retryable=True),
        )
        return Withdrawn(
            job_id=attempt.job_id,
            task_id=task.task_id,
            cost_nusd=cost_nusd,
            refunded_nusd=None if attempt.hold_nusd is None else max(0, attempt.hold_nusd - cost_nusd),
        )


def _added(message: str) -> str:
    return f", {message}" if message else ""
