"""What all workers of one run share: the account's limits and money, and what was heard from the API."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Balance,
    Denied,
    NoAnswer,
    ResponseMeta,
    TaskAnswer,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.journal import Journal
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.progress import Progress, Waiting, WaitKind
from qwave_batch.model.record import JobStatus
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.stop_reason import (
    AccountRefused,
    FolderMoved,
    ModelLeft,
    ModelTrouble,
    Refusal,
    Unreachable,
    WaitTooLong,
)
from qwave_batch.run.budget import MoneyBudget
from qwave_batch.run.connectivity import ApiTime
from qwave_batch.run.context import RunContext
from qwave_batch.run.counters import RunCounters
from qwave_batch.run.images.image_breaker import GIVES_UP_S, ImageBreaker
from qwave_batch.run.limits.rate_limiter import RateLimiter
from qwave_batch.run.limits.throttle_state import LongWait
from qwave_batch.run.polling.callback_inbox import CallbackInbox, PendingCallback
from qwave_batch.run.polling.long_poll import LongPollPolicy
from qwave_batch.run.polling.status_watchdog import StatusWatchdog
from qwave_batch.run.polling.task_poll_plan import PollPlanner
from qwave_batch.run.schedule.completion_history import time_left
from qwave_batch.run.schedule.model_queue import ModelQueue
from qwave_batch.run.schedule.stop_reasons import StopReasons
from qwave_batch.run.schedule.waits import Wait, wait_for_answer, wait_for_submit

CALLBACK_URL = "callback_url"
_SERVER_ERROR = 500
_DISTRUSTS = 2
"""So many calls that fail for a certificate, and none that was answered, end the run."""


@dataclass(slots=True)
class Desk:
    """The shared state of a run; all of it is touched from the event loop's thread only."""

    context: RunContext
    journal: Journal
    budget: MoneyBudget
    counters: RunCounters
    limiter: RateLimiter
    polls: PollPlanner
    prefer: LongPollPolicy
    hints: CallbackInbox | None = None
    """Where calls of the API are waited for, if at all."""
    breaker: ImageBreaker = field(default_factory=ImageBreaker)
    """Whether images can be had."""
    notify: Callable[[], None] = lambda: None
    """Tells the scheduler that something has changed."""
    moved: FolderMoved | None = None
    """Why nothing may be submitted from here: the folder was last used elsewhere, and is not adopted."""
    stops: StopReasons = field(default_factory=StopReasons)
    api_time: ApiTime = field(default_factory=ApiTime)
    silent_since: float | None = None
    """Monotonic seconds of the first call without an answer since the API's last sign of life."""
    silence: str = ""
    """What happened to the last of those calls."""
    silent: set[str] = field(default_factory=set)
    """The models whose submits they were; empty names stand for calls that concern the API as a whole."""
    watchdog: StatusWatchdog = field(default_factory=StatusWatchdog)
    """Whether the API tells how tasks stand."""
    model_queues: Sequence[ModelQueue] = ()
    """What is left to do of each model."""
    wait: Wait | None = None
    """What the next submit waits for."""
    is_proven: bool = False
    """Whether the API has taken our key in this run."""
    balance_is_hidden: bool = False
    """Whether the API does not show the key the balance, by an answer that proves nothing."""
    balance_denial: Denied | None = None
    """How it was forbidden, if it was."""
    distrusts: int = 0
    """Calls that failed for the server's certificate."""
    denied: set[str] = field(default_factory=set)
    """Models and tasks that were forbidden without a reason while nothing had proven the key."""
    barred: dict[str, float] = field(default_factory=dict)
    """Models refused for want of money or for the account, and when the first submit of theirs left that was."""
    made_at: float = -math.inf
    """When the newest submit left that made a task."""
    has_told_unread: bool = False
    """Whether a ``Retry-After`` that makes no sense is among the warnings."""
    is_home: bool = False
    """Whether a task of an earlier run was found in this one: the key is of the account that made the folder."""
    doubted_at: float | None = None
    """Monotonic seconds of the first answer that made us doubt it."""

    @property
    def is_silenced(self) -> bool:
        """Whether nothing more is asked in this run."""
        return self.stops.is_leaving or self.watchdog.final_throttle is not None

    @property
    def collects(self) -> bool:
        """Whether what is paid is still waited for, with growing pauses."""
        return not self.stops.is_on or (self.stops.collects and not self.stops.is_for(EndKind.NO_IMAGES))

    @property
    def is_tail_over(self) -> bool:
        """Whether nothing but images was waited for long enough."""
        return self.breaker.is_tail_over(self.now())

    def now(self) -> float:
        """Return monotonic seconds."""
        return self.context.clock.monotonic()

    def api_now(self) -> float:
        """Return Unix seconds by the API's clock, the later time where ours disagree."""
        clock = self.context.clock
        return self.api_time.latest(now=clock.now(), monotonic=clock.monotonic())

    def api_stamp(self) -> float:
        """Return Unix seconds by the API's clock, the earlier time where ours disagree: what is stamped looks older."""
        clock = self.context.clock
        return self.api_time.earliest(now=clock.now(), monotonic=clock.monotonic())

    def callback_of(self, job: Job) -> JsonObject:
        """Return the callback fields of a new submit: the job's own, or the address of the run's receiver."""
        if self.hints is None or self.hints.is_deaf or CALLBACK_URL in job.callback:
            return job.callback
        return {**job.callback, CALLBACK_URL: self.hints.url}

    def hints_of(self, attempt: Attempt) -> CallbackInbox | None:
        """Return where a call about an attempt's task may arrive; None when it is to be polled."""
        if self.hints is None or (attempt.callback or {}).get(CALLBACK_URL) != self.hints.url:
            return None
        return None if self.hints.is_deaf else self.hints

    def forget_call(self, expected: PendingCallback, *, is_over: bool) -> None:
        """Wait no longer for a call about a task, whether or not it was found in its end."""
        if self.hints is None:
            return
        self.hints.forget(expected, is_over=is_over)
        if self.hints.is_deaf:
            self.counters.warn(
                "no call of the API has reached the receiver, so tasks are polled; is --webhook-url right?"
            )

    def progress(self) -> Progress:
        """Return how the run stands, with what it waits for."""
        now, unix_now = self.now(), self.context.clock.now()
        return replace(
            self.counters.progress(now),
            waiting=self._waiting(now, unix_now),
            remaining_s=self._time_left(now),
            allowed=self.limiter.allowed,
            throttle=self.limiter.state(now, unix_now),
        )

    def _waiting(self, now: float, unix_now: float) -> Waiting | None:
        """Return what the run waits for, when it is worth a word: an API that does not answer comes first."""
        if self.silent_since is not None:
            longest_s, silent_s = self.context.options.max_offline_s, now - self.silent_since
            if wait := wait_for_answer(self.silence, silent_s, longest_s, self.silent, unix_now=unix_now):
                return wait
        if self.watchdog.is_stale(now):
            since, why = unix_now - self.watchdog.silent_s(now), self.watchdog.why
            return Waiting(kind=WaitKind.NO_STATUS, model=None, until=None, seen_at=unix_now, why=why, since=since)
        if self.breaker.held_since is not None and not self.stops.is_on:
            left_s = max(0.0, self.breaker.held_since + GIVES_UP_S - now)
            return Waiting(
                kind=WaitKind.IMAGES,
                model=None,
                until=unix_now + left_s,
                seen_at=unix_now,
                why=self.breaker.why,
                jobs=self.breaker.waiting,
            )
        window, said = self.limiter.quota_window, self.limiter.said
        return wait_for_submit(self.wait, window=window, said=said, now=now, unix_now=unix_now)

    def _time_left(self, now: float) -> float | None:
        alive = sum(model_queue.alive for model_queue in self.model_queues)
        open_queues = [] if self.stops.is_on else self.model_queues
        jobs = (
            alive
            + sum(model_queue.open_tasks.left for model_queue in self.model_queues)
            + sum(model_queue.submits_left for model_queue in open_queues)
        )
        is_held = self.wait is not None and self.wait.reason is not WaitKind.RETRY  # another try may be as vain
        return time_left(
            jobs if self.model_queues else self.counters.statuses[JobStatus.PENDING],
            self.counters.ends,
            alive=alive,
            opens_at=self.wait.until if self.wait is not None and is_held else now,
            last_submit_at=self.limiter.last_submit_at(
                {
                    model_queue.model: model_queue.submits_left
                    for model_queue in open_queues
                    if model_queue.submits_left
                },
                now,
            ),
            now=now,
        )

    def hear(self, answer: Answer | Balance | Trouble, *, model: str = "", task_id: str = "") -> None:
        """Take in what every answer tells beside its meaning: the date, that the API lives, whether the run may go on.

        A bad key ends the run at once; an empty account ends its submits.

        Args:
            answer: What came.
            model: The model whose submit it answers, if it does.
            task_id: The task that was asked for, if one was.
        """
        self._observe(answer)
        match answer:
            case NoAnswer() if answer.status is None:
                self.silence = answer.reason
                self.silent = {model if answer.sent else ""} | (self.silent if self.silent_since is not None else set())
                self.distrusts += answer.is_untrusted
                self._check_reach(is_over=answer.is_untrusted and self.distrusts >= _DISTRUSTS and not self.is_proven)
            case NoAnswer():
                self.silent_since = None
            case Denied():
                self.silent_since = None
                self._hear_denial(answer, model, task_id)
            case AccountBlocked(kind="key"):
                refused = AccountRefused(refusal=Refusal.KEY, http_status=answer.status, said=answer.message)
                self.stops.stop(refused, leave=True)
            case AccountBlocked(status=HTTPStatus.PAYMENT_REQUIRED):
                refused = AccountRefused(refusal=Refusal.BALANCE, http_status=answer.status, said=answer.message)
                self.stops.stop(refused)
            case AccountBlocked():  # of a submit, which knows its model
                self.silent_since = None
            case _:
                self.silent_since = None
                self.is_proven = True
                if isinstance(answer, Throttled):
                    self._note_throttle(answer)
                if isinstance(answer, TaskAnswer) and answer.task.state.is_terminal:
                    self.watchdog.record_success()  # it held the answer to a submit until its end

    def hear_balance(self, answer: Balance | Trouble) -> None:
        """Take in the answer to a question for the balance; that it is not shown says nothing of what else a key may.

        Nor does an API that knows no balance prove the key: the first submit does, and goes alone until then.
        """
        match answer:
            case Denied():
                self.balance_denial = answer
                told = f"HTTP {answer.status}: {answer.message}"
            case TaskNotFound():
                told = f"HTTP {answer.status}: {answer.message}"
            case NoAnswer(status=int(status)) if status < _SERVER_ERROR or status == HTTPStatus.NOT_IMPLEMENTED:
                told = answer.reason
            case _:
                self.hear(answer)
                return
        self._observe(answer)
        self.silent_since, self.balance_is_hidden = None, True
        self.counters.warn(
            f"the API does not show this key the balance ({told}), so the first submit is to prove the key"
        )

    def concern_of(self, answer: Denied) -> str:
        """Return what a 403 is about; words in which the balance was forbidden too tell nothing of a job or model."""
        balance = self.balance_denial
        is_said_of_all = balance is not None and (balance.code, balance.concerns) == (answer.code, answer.concerns)
        return "unsaid" if is_said_of_all and answer.concerns in {"job", "model"} else answer.concerns

    def _hear_denial(self, answer: Denied, model: str, task_id: str) -> None:
        """End the run where all that the key was tried for is forbidden, and not for a job's or model's own sake."""
        concern = self.concern_of(answer)
        if self.is_proven or not self.balance_is_hidden or concern in {"job", "model"}:
            return
        self.denied.add(model or task_id)
        if concern == "account" or len(self.denied) > 1 or self._is_all_denied():
            refused = AccountRefused(refusal=Refusal.KEY, http_status=answer.status, said=answer.message)
            self.stops.stop(refused, leave=True)

    def _is_all_denied(self) -> bool:
        """Whether nothing is there that the key could still be tried for."""
        models = {
            model_queue.model
            for model_queue in self.model_queues
            if model_queue.tried_at is not None or model_queue.has_submits
        }
        is_one_alive = sum(model_queue.alive + model_queue.open_tasks.left for model_queue in self.model_queues) <= 1
        return models <= self.denied and is_one_alive

    def _note_throttle(self, answer: Throttled) -> None:
        if answer.unread and not self.has_told_unread:
            self.has_told_unread = True
            self.counters.warn(f'the API sent a Retry-After that makes no sense, "{answer.unread}": it was not heeded')

    def leave(self, model_queue: ModelQueue, wait: LongWait) -> None:
        """Do not wait for what is too long: stop where it is the account's, else leave the model to the next run."""
        reason = self.why_not_wait(wait)
        if wait.model is None:
            self.stops.stop(reason)
        else:
            self.close(model_queue, reason)

    def close(self, model_queue: ModelQueue, trouble: ModelTrouble) -> None:
        """Leave the rest of a model to the next run, and say so."""
        if model_queue.closed is None:
            model_queue.closed = ModelLeft(model=model_queue.model, trouble=trouble)
            self.counters.warn(str(model_queue.closed))

    def why_not_wait(self, wait: LongWait) -> WaitTooLong:
        """Return why the run does not wait for the end of a wait that is too long."""
        return WaitTooLong(
            limit=wait.kind,
            window=wait.window,
            said=wait.said,
            until=self.context.clock.now() + wait.wait_s,
            wait_s=wait.wait_s,
            waited_s=wait.so_far_s,
            longest_s=self.context.options.max_wait_s,
        )

    def ends_for(self, at: float) -> bool:
        """Whether polls wait for a window that opens too late, and so the run ends and nothing is asked any more."""
        if wait := self.limiter.too_long_until(at, self.now()):
            reason = self.why_not_wait(wait)
            self.stops.stop(reason)
            self.watchdog.final_throttle = Throttled(wait_s=wait.wait_s, message=str(reason))
        return self.watchdog.final_throttle is not None

    def _observe(self, answer: ResponseMeta) -> None:
        clock = self.context.clock
        self.api_time.observe(answer.served_at, now=clock.now(), monotonic=clock.monotonic())

    def _check_reach(self, *, is_over: bool) -> None:
        patience_s = self.context.options.max_offline_s
        self.silent_since = self.now() if self.silent_since is None else self.silent_since
        if is_over:  # a certificate does not mend itself
            self.stops.stop(Unreachable(why=self.silence, tried_s=None), leave=True)
        elif self.now() - self.silent_since > patience_s:
            self.stops.stop(Unreachable(why=self.silence, tried_s=patience_s), leave=True)
