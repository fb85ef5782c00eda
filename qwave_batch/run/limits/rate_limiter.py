"""One limiter admits and records every call of a run: submits, polls, cancels, and downloads by their hosts. Pure.

``admit`` tells when a call may be sent and what delays it; ``record`` learns from its answer. The clock's values are
arguments: monotonic seconds, except ``unix_now``.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Balance,
    DownloadAnswer,
    DownloadFailed,
    NoAnswer,
    TaskAnswer,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.model.progress import ThrottleState, WaitKind
from qwave_batch.run.limits.adaptive_concurrency import CALM_S
from qwave_batch.run.limits.admission import (
    NO_REACTION,
    Admission,
    ApiCall,
    BalanceCall,
    CancelCall,
    DownloadCall,
    HeldCalls,
    LongWait,
    PollCall,
    Reaction,
    SubmitCall,
)
from qwave_batch.run.limits.known_limits import KnownLimits
from qwave_batch.run.limits.sliding_window import Reservation
from qwave_batch.run.limits.throttle_episode import SAID, UNSAID, ModelThrottle

POLL_WEIGHT, MUCH = 0.1, 0.15
"""The weight of a poll in the share of unanswered calls, and the share that is not a coincidence any more."""
HELD_NEWS_S = 1.0
"""Maximum age of the rate limit headers of a held answer."""


@dataclass(slots=True, kw_only=True)
class RateLimiter:
    """The limits of an account, and of each of its models."""

    rng: random.Random
    max_wait_s: float
    """The longest acceptable wait."""
    known: KnownLimits = field(default_factory=KnownLimits)
    """The windows that calls count in, and how many tasks may be alive at once."""
    held: HeldCalls = field(default_factory=HeldCalls)
    """The calls that the API has asked not to be made for a while."""
    _made_at: float = -math.inf
    """When the newest successful submit was sent."""
    _unanswered: float = 0.0
    """The share of recent polls without an answer."""

    # Admission.

    def admit(self, call: ApiCall, now: float) -> Admission:
        """Return when a call may be sent, in the past or now if it may at once, and what delays it longest."""
        return max(self._gates(call, now), key=lambda gate: gate.at)

    def _gates(self, call: ApiCall, now: float) -> Iterator[Admission]:
        """Yield every limit that applies to a call."""
        match call:
            case SubmitCall():
                model = self.known.of(call.model)
                yield from self.held.gates_of_submit(model)
                yield Admission(model.outage.until, WaitKind.RETRY, model.name)
                yield from self.known.gates_of_submit(model, now, call.alive)
            case PollCall():
                yield Admission(self.held.polls.until, WaitKind.RATE_LIMIT, None)
                if self.known.polls_count:
                    yield from self.held.gates_of_submit(self.known.of(call.model))
                    yield from self.known.gates_of_poll(now)
            case BalanceCall():
                yield Admission(self.held.polls.until, WaitKind.RATE_LIMIT, None)
            case CancelCall():
                yield Admission(self.held.cancels.episode.until, WaitKind.RATE_LIMIT, None)
            case DownloadCall():
                yield Admission(self.held.hosts.opens_at(call.host), WaitKind.RATE_LIMIT, None)
            case _:
                assert_never(call)

    def refused_until(self, model: str) -> float:
        """Return until when the API's own answers forbid submits of a model, whatever other limits allow."""
        found = self.known.of(model)
        return max(self.held.account.until, found.episode.until, found.outage.until)

    def state(self, now: float, unix_now: float) -> ThrottleState:
        """Return what is held at this moment, and until when in Unix seconds."""
        return self.held.state(self.known.models.values(), now, unix_now)

    def reserve(self, model: str) -> Reservation:
        """Reserve room for a submit that is being prepared, in every window that counts it."""
        return Reservation(self.known.windows_of_submit(model))

    def count_poll(self, now: float) -> None:
        """Count a poll that leaves now, if polls count."""
        Reservation(self.known.windows_of_poll()).spend(now)

    @property
    def cancels_flow(self) -> bool:
        """Whether cancels need not be sent one by one: one that was alone was answered, and none was rejected since."""
        return self.held.cancels.flows

    # Learning from answers.

    def record(
        self,
        call: ApiCall,
        answer: Answer | Balance | Trouble | DownloadAnswer,
        *,
        sent_at: float,
        now: float,
        is_held: bool = False,
    ) -> Reaction:
        """Record the answer to a call, and return its consequences.

        Args:
            call: The call.
            answer: Its answer.
            sent_at: When it was sent.
            now: The current time.
            is_held: Whether the API may have held the answer until the task's end.
        """
        match call:
            case SubmitCall():
                return self._record_submit(self.known.of(call.model), answer, sent_at, now, is_held=is_held)
            case PollCall():
                return self._record_poll(answer, sent_at, now)
            case BalanceCall():
                return self._refuse_polls(answer, now) if isinstance(answer, Throttled) else NO_REACTION
            case CancelCall():
                return self._record_cancel(answer, now, is_alone=call.is_alone)
            case DownloadCall():
                return self._record_download(call.host, answer, now)
            case _:
                assert_never(call)

    def _record_submit(
        self, model: ModelThrottle, answer: object, sent_at: float, now: float, *, is_held: bool
    ) -> Reaction:
        # The headers of a held answer usually describe its end: calls sent before that are counted in them.
        as_of = max(sent_at, now - HELD_NEWS_S) if is_held else sent_at
        match answer:
            case NoAnswer() | TaskNotFound():
                asked_s = answer.retry_after_s if isinstance(answer, NoAnswer) else None
                return self._record_trouble(model, asked_s or 0.0, sent_at, now)
            case TaskAnswer():
                self._made_at = max(self._made_at, as_of)
                self.held.account.close(as_of)
                self.known.concurrency.went_well(as_of)
                model.was_answered(sent_at, as_of)
                self.known.told.record_task(model.name, answer.rate, sent_at=as_of, now=now)
            case Throttled():
                model.outage.close()
                if answer.rate is not None:  # one without headers is perhaps a gateway's, and tells of no window
                    self.known.told.record_submit(model.name, answer.rate, sent_at=as_of, now=now)
                return self._refuse_submit(model, answer, sent_at, now)
            case _:
                model.outage.close()
        return NO_REACTION

    def _record_poll(self, answer: object, sent_at: float, now: float) -> Reaction:
        """Record a poll's answer: its rate limit headers, which matter if polls count, and a failure."""
        self._unanswered += POLL_WEIGHT * (isinstance(answer, NoAnswer) - self._unanswered)
        if isinstance(answer, NoAnswer) and self._unanswered > MUCH:
            self.known.concurrency.had_trouble(now)
        if isinstance(answer, Throttled):
            self.known.poll_was_refused(now)
        elif isinstance(answer, TaskAnswer):
            self.held.polls.close(sent_at)
            self.known.poll_was_answered(now)
        if self.known.polls_count and isinstance(answer, TaskAnswer | Throttled):
            self.known.told.record_poll(answer.rate, sent_at=sent_at, now=now)
        return self._refuse_polls(answer, now) if isinstance(answer, Throttled) else NO_REACTION

    def _record_trouble(self, model: ModelThrottle, asked_s: float, sent_at: float, now: float) -> Reaction:
        """Record a 5xx or a missing answer to a submit; a second failing model means that the account is affected."""
        model.was_not_answered(asked_s, sent_at, now, self.rng)
        if any(other is not model and now - other.troubled_at < CALM_S for other in self.known.models.values()):
            self.known.concurrency.had_trouble(now)
        so_far_s = model.outage.lasts_s(now)
        if so_far_s + asked_s <= self.max_wait_s:
            return NO_REACTION
        return Reaction(too_long=LongWait(kind=WaitKind.RETRY, model=model.name, wait_s=asked_s, so_far_s=so_far_s))

    # Effects of a 429.

    def _refuse_submit(self, model: ModelThrottle, answer: Throttled, sent_at: float, now: float) -> Reaction:
        """Throttle the submits that a 429 concerns, unless that takes longer than the run may wait."""
        self._note(answer, now)
        if answer.is_quota_window:
            self.held.account.record(sent_at, now)
        elif model.episode.record(sent_at, now):
            model.narrow(now)
        for episode, name in ((self.held.account, None), (model.episode, model.name)):
            is_concerned = episode is model.episode or episode.is_open
            if is_concerned and (too_long := self._too_long(answer, episode.lasts_s(now), name)):
                return Reaction(too_long=too_long)
        policy = UNSAID if answer.wait_s is None else SAID
        if answer.is_quota_window:
            self.held.account.hold(answer.wait_s or 0.0, policy, sent_at=sent_at, now=now, rng=self.rng)
        else:
            self._hold_model(model, answer.wait_s, sent_at, now)
        return Reaction(retry_at=max(self.held.account.until, model.episode.until))

    def _hold_model(self, model: ModelThrottle, wait_s: float | None, sent_at: float, now: float) -> None:
        """Attribute a 429 on a submit to its model, unless it turns out to concern the account.

        It concerns the account if the submit was sent after another model was throttled, and none sent since succeeded.
        """
        others = [
            other.episode for other in self.known.models.values() if other is not model and other.episode.until > now
        ]
        policy = UNSAID if wait_s is None else SAID
        model.episode.hold(wait_s or 0.0, policy, sent_at=sent_at, now=now, rng=self.rng)
        is_accounts = any(self._made_at <= other.held_from < sent_at for other in others)
        if is_accounts:
            self.held.account.hold_until(max(model.episode.until, *(other.until for other in others)), now)
            if self.held.account.record(sent_at, now):
                self.known.concurrency.cut(now)
        self.known.learn_from_refusal(model, wait_s, sent_at, now, is_accounts=is_accounts)

    def _refuse_polls(self, answer: Throttled, now: float) -> Reaction:
        """Throttle everything: a 429 on a poll comes from a bucket that counts all requests."""
        self._note(answer, now)
        self.held.polls.record(now, now)
        if too_long := self._too_long(answer):
            return Reaction(too_long=too_long)
        policy = UNSAID if answer.wait_s is None else SAID
        self.held.polls.hold(answer.wait_s or 0.0, policy, sent_at=now, now=now, rng=self.rng)
        self.held.account.hold_until(self.held.polls.until, now)
        return Reaction(retry_at=self.held.polls.until)

    def _record_cancel(self, answer: object, now: float, *, is_alone: bool) -> Reaction:
        """Take in what became of a cancel, or of the question that precedes it."""
        if isinstance(answer, Throttled):
            wait_s = UNSAID.first_s if answer.wait_s is None else answer.wait_s
            self.held.cancels.was_refused(wait_s, now, is_alone=is_alone)
            too_long = self._too_long(answer, is_hopeless=self.held.cancels.is_hopeless)
            return Reaction(retry_at=self.held.cancels.episode.until, too_long=too_long)
        if not isinstance(answer, AccountBlocked):
            self.held.cancels.was_answered(is_alone=is_alone)
        return NO_REACTION

    def _record_download(self, host: str, answer: object, now: float) -> Reaction:
        wait_s = self.held.hosts.was_refused(host, answer, now) if isinstance(answer, DownloadFailed) else None
        if wait_s is None:
            return NO_REACTION
        is_long = wait_s > self.max_wait_s
        too_long = LongWait(kind=WaitKind.RATE_LIMIT, model=None, wait_s=wait_s) if is_long else None
        return Reaction(retry_at=now + wait_s, too_long=too_long)

    def _note(self, answer: Throttled, now: float) -> None:
        """Keep the message of a 429, for observers."""
        self.held.said = answer.quoted
        self.held.unread_wait = self.held.unread_wait or answer.unread
        if answer.is_quota_window:
            self.held.quota_window = answer.window or ""
            self.held.quota_until = now + (answer.wait_s or 0.0)

    # Waits beyond the maximum.

    def _too_long(
        self, answer: Throttled, so_far_s: float = 0.0, model: str | None = None, *, is_hopeless: bool = False
    ) -> LongWait | None:
        """Return the wait that a 429 asks for, if it is too long or of no use; 429s in a row are one wait."""
        wait_s = UNSAID.first_s if answer.wait_s is None else answer.wait_s
        if so_far_s + wait_s <= self.max_wait_s and not is_hopeless:
            return None
        return LongWait(
            kind=WaitKind.QUOTA if answer.is_quota_window else WaitKind.RATE_LIMIT,
            model=model,
            wait_s=wait_s,
            so_far_s=so_far_s,
            window=answer.window or "",
            said=answer.quoted,
        )

    def closed_window(self, model: str, now: float) -> LongWait | None:
        """Return the wait for the window in the headers, if it opens too late for a model's submits."""
        told = self.known.gate_of_headers(model, now)
        return self.too_long_until(told.at, now, told.model)

    def too_long_until(self, at: float, now: float, model: str | None = None) -> LongWait | None:
        """Return the wait for a window of the API that opens at this time, if it is too long."""
        if at == math.inf or at - now <= self.max_wait_s:
            return None
        return LongWait(kind=WaitKind.API_WINDOW, model=model, wait_s=at - now)
