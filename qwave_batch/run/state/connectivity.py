"""The state of the connection to the API: whether it answers, whether it accepts the key, and its clock."""

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, TypeAlias

from qwave_batch.client.answers import (
    AccountBlocked,
    Balance,
    Denied,
    NoAnswer,
    Refused,
    TaskAnswer,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.model.clock import Clock
from qwave_batch.model.stop_reason import AccountRefused, Refusal, Unreachable
from qwave_batch.run.state.counters import RunCounters
from qwave_batch.run.state.stop_reasons import StopReasons

KEY_MARGIN_HOURS = 1.0
"""A key is trusted for this much less time than the API promises: 23 of 24 hours."""
DISAGREEMENT_S = 60.0
"""Clocks that differ by less count as equal."""
UNTRUSTED_CALLS = 2
"""This many calls that fail because of a certificate, without any answered call, end the run."""
_SERVER_ERROR = 500


@dataclass(slots=True)
class ApiTime:
    """The API's clock, extrapolated by both of ours: one may jump, the other may stop while the machine sleeps."""

    _served_at: float | None = None
    _now: float = 0.0
    _monotonic: float = 0.0

    def observe(self, served_at: float | None, *, now: float, monotonic: float) -> None:
        """Record the date of an answer that has just arrived; None is ignored."""
        if served_at is not None:
            self._served_at, self._now, self._monotonic = served_at, now, monotonic

    def latest(self, *, now: float, monotonic: float) -> float:
        """Return the API's time, the later one if our clocks differ: for the upper bound of a stamp's age.

        Before any answer had a date, our own clock is used.
        """
        return now if self._served_at is None else self._served_at + max(self._passed(now, monotonic))

    def earliest(self, *, now: float, monotonic: float) -> float:
        """Return the API's time, the earlier one if our clocks differ: for a stamp that must not look too recent."""
        return now if self._served_at is None else self._served_at + min(self._passed(now, monotonic))

    def is_sure(self, *, now: float, monotonic: float) -> bool:
        """Whether there was a date, and our clocks agree on how long ago that was."""
        by_wall, by_monotonic = self._passed(now, monotonic)
        return self._served_at is not None and abs(by_wall - by_monotonic) < DISAGREEMENT_S

    def _passed(self, now: float, monotonic: float) -> tuple[float, float]:
        """Return the seconds since the last date, by either clock."""
        return now - self._now, monotonic - self._monotonic


def is_key_kept(first_sent_at: float | None, api_now: float, idempotency_hours: float | None) -> bool:
    """Whether the API certainly still knows a key that was first sent at ``first_sent_at``.

    A stamp in the future comes from a wrong clock: then the key may be gone.
    """
    if idempotency_hours is None or first_sent_at is None:
        return False
    return -DISAGREEMENT_S < api_now - first_sent_at < (idempotency_hours - KEY_MARGIN_HOURS) * 3600


UnthrottledAnswer: TypeAlias = TaskAnswer | Balance | Refused | AccountBlocked | Denied | TaskNotFound | NoAnswer
"""The answer to any call but a 429: that one tells of limits, and here only that the key is good (``prove_key``)."""


class KeyTrials(Protocol):
    """The models and tasks for which a key can be tried."""

    def are_within(self, denied: Collection[str]) -> bool:
        """Whether all of them were denied."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredCalls:
    """The calls without an answer since the API last responded."""

    since: float
    """Monotonic seconds of the first of them."""
    why: str
    """The reason of the last failure."""
    models: frozenset[str]
    """The models of failed submits; an empty name stands for calls that concern the API as a whole."""


class Connectivity:
    """Records every response, and stops the run when the API rejects the key or cannot be reached."""

    def __init__(
        self, *, clock: Clock, max_offline_s: float, stops: StopReasons, counters: RunCounters, trials: KeyTrials
    ) -> None:
        self._clock = clock
        self._max_offline_s = max_offline_s
        self._stops = stops
        self._counters = counters
        self._trials = trials
        self._api_time = ApiTime()
        self._untrusted_calls = 0
        """Calls that failed because of the server's certificate."""
        self._balance_is_hidden = False
        """Whether the API denies access to the balance, in an answer that proves nothing."""
        self._balance_denial: Denied | None = None
        """The denial of access to the balance, if any."""
        self._denied: set[str] = set()
        self.unanswered: UnansweredCalls | None = None
        """None while the API answers."""
        self.is_key_proven = False
        """Whether the API has accepted the key in this run."""
        self.account_verified = False
        """Whether a task of an earlier run was found in this one: the key belongs to the folder's account."""

    @property
    def has_denials(self) -> bool:
        """Whether a model or task was denied without a reason before the key was proven."""
        return bool(self._denied)

    # The time at the API.

    def latest_time(self) -> float:
        """Return Unix seconds by the API's clock, the later time if ours disagree."""
        return self._api_time.latest(now=self._clock.now(), monotonic=self._clock.monotonic())

    def earliest_time(self) -> float:
        """Return Unix seconds by the API's clock, the earlier time if ours disagree: the stamp then looks older."""
        return self._api_time.earliest(now=self._clock.now(), monotonic=self._clock.monotonic())

    def is_time_sure(self) -> bool:
        """Whether an answer had a date, and our clocks agree on how long ago that was."""
        return self._api_time.is_sure(now=self._clock.now(), monotonic=self._clock.monotonic())

    # Responses.

    def verify_account(self) -> None:
        """Record that the API knows a task of an earlier run."""
        self.account_verified = True

    def prove_key(self, served_at: float | None) -> None:
        """Record an answer that nobody gets without a valid key, by its date in Unix seconds, if it had one."""
        self._observe_date(served_at)
        self.unanswered = None
        self.is_key_proven = True

    def record_response(self, answer: UnthrottledAnswer, *, model: str = "", task_id: str = "") -> None:
        """Record the parts of an answer besides its meaning: its date, that the API responds, whether the run goes on.

        A rejected key ends the run at once; an empty account ends its submits.

        Args:
            answer: The answer to any call.
            model: The model, for the answer to a submit.
            task_id: The task, for the answer to a poll.
        """
        self._observe_date(answer.served_at)
        match answer:
            case NoAnswer() if answer.status is None:
                self._record_no_answer(answer, model)
            case NoAnswer():
                self.unanswered = None
            case Denied():
                self.unanswered = None
                self._record_denial(answer, model or task_id)
            case AccountBlocked(kind="key"):
                self._stops.stop(account_refused(Refusal.KEY, answer), leave=True)
            case AccountBlocked(status=HTTPStatus.PAYMENT_REQUIRED):
                self._stops.stop(account_refused(Refusal.BALANCE, answer))
            case AccountBlocked():  # for a submit, which knows its model
                self.unanswered = None
            case _:
                self.prove_key(answer.served_at)

    def record_balance(self, answer: Balance | Trouble) -> None:
        """Record the answer to a balance call; a denied balance says nothing about the other rights of the key.

        Nor does an API without a balance call prove the key: the first submit does, and is sent alone until then.
        """
        match answer:
            case Denied():
                self._balance_denial = answer
                told = f"HTTP {answer.status}: {answer.message}"
            case TaskNotFound():
                told = f"HTTP {answer.status}: {answer.message}"
            case NoAnswer(status=int(status)) if status < _SERVER_ERROR or status == HTTPStatus.NOT_IMPLEMENTED:
                told = answer.reason
            case Throttled():
                self.prove_key(answer.served_at)
                return
            case _:
                self.record_response(answer)
                return
        self._observe_date(answer.served_at)
        self.unanswered, self._balance_is_hidden = None, True
        self._counters.warn(
            f"the API does not show this key the balance ({told}), so the first submit is to prove the key"
        )

    def concern_of(self, answer: Denied) -> str:
        """Return the subject of a 403; a message that also denied the balance does not name a job or model."""
        balance = self._balance_denial
        is_said_of_all = balance is not None and (balance.code, balance.concerns) == (answer.code, answer.concerns)
        return "unsaid" if is_said_of_all and answer.concerns in {"job", "model"} else answer.concerns

    def _record_denial(self, answer: Denied, tried: str) -> None:
        """Stop the run if everything that the key was tried for is denied, unless a job or model is the reason."""
        concern = self.concern_of(answer)
        if self.is_key_proven or not self._balance_is_hidden or concern in {"job", "model"}:
            return
        self._denied.add(tried)
        if concern == "account" or len(self._denied) > 1 or self._trials.are_within(self._denied):
            self._stops.stop(account_refused(Refusal.KEY, answer), leave=True)

    def _record_no_answer(self, answer: NoAnswer, model: str) -> None:
        now, before = self._clock.monotonic(), self.unanswered
        calls = UnansweredCalls(
            since=now if before is None else before.since,
            why=answer.reason,
            models=(frozenset() if before is None else before.models) | {model if answer.sent else ""},
        )
        self.unanswered = calls
        self._untrusted_calls += answer.is_untrusted
        is_untrusted = answer.is_untrusted and self._untrusted_calls >= UNTRUSTED_CALLS
        if is_untrusted and not self.is_key_proven:  # a retry does not fix a certificate
            self._stops.stop(Unreachable(why=calls.why, tried_s=None), leave=True)
        elif now - calls.since > self._max_offline_s:
            self._stops.stop(Unreachable(why=calls.why, tried_s=self._max_offline_s), leave=True)

    def _observe_date(self, served_at: float | None) -> None:
        self._api_time.observe(served_at, now=self._clock.now(), monotonic=self._clock.monotonic())


def account_refused(refusal: Refusal, answer: AccountBlocked | Denied) -> AccountRefused:
    """Return the reason to stop that an answer gives."""
    return AccountRefused(refusal=refusal, http_status=answer.status, said=answer.message)
