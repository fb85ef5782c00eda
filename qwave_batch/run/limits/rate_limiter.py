"""One limiter admits and records every call of a run: submits, polls, cancels, and downloads by their hosts. Pure.

``admit`` tells when a call may be sent and what delays it; ``record`` learns from its answer. The clock's values are
arguments: monotonic seconds, except ``unix_now``.
"""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from qwave_batch.client.answers import (
    Answer,
    Balance,
    DownloadAnswer,
    NoAnswer,
    TaskAnswer,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.model.progress import Throttle, ThrottleScope, ThrottleState, WaitKind
from qwave_batch.run.limits.adaptive_concurrency import CALM_S, AdaptiveConcurrency
from qwave_batch.run.limits.header_window import HeaderWindows
from qwave_batch.run.limits.inferred_window import InferredWindow
from qwave_batch.run.limits.sliding_window import Reservation, SlidingWindow, Window
from qwave_batch.run.limits.throttle_episode import SAID, UNSAID, ModelThrottle, ThrottleEpisode
from qwave_batch.run.limits.throttle_state import (
    NO_REACTION,
    Admission,
    ApiCall,
    BalanceCall,
    CancelCall,
    DownloadCall,
    LimitLesson,
    LongWait,
    PollCall,
    Reaction,
    SubmitCall,
)
from qwave_batch.run.limits.uncounted_calls import CancelThrottle, HostThrottles

POLL_WEIGHT, MUCH = 0.1, 0.15
"""The weight of a poll in the share of unanswered calls, and the share that is not a coincidence any more."""
POLLS_COUNT_S = 300.0
"""This long after a 429 on a poll, polls are assumed not to count any more."""
HELD_NEWS_S = 1.0
"""Maximum age of the rate limit headers of a held answer."""


@dataclass(slots=True, kw_only=True)
class RateLimiter:
    """The limits of an account, and of each of its models."""

    rng: random.Random
    max_wait_s: float
    """The longest acceptable wait."""
    window: SlidingWindow = field(default_factory=lambda: SlidingWindow(None))
    """The spec's own limit."""
    concurrency: AdaptiveConcurrency = field(default_factory=lambda: AdaptiveConcurrency.under(None))
    """The number of tasks of all models that may be alive at once."""
    counts_polls: bool = False
    """Whether polls count against the limit on requests by the spec."""
    infers_windows: bool = True
    """Whether windows that the API does not announce are inferred from its 429s."""
    said: str = ""
    """The API's own words of its newest 429, in quotes."""
    quota_window: str = ""
    """The name of the last exhausted quota window; empty if it has none."""
    _quota_until: float = 0.0
    _account: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """429s that concern the submits of all models."""
    _polls: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    _cancels: CancelThrottle = field(default_factory=CancelThrottle)
    _hosts: HostThrottles = field(default_factory=HostThrottles)
    _models: dict[str, ModelThrottle] = field(default_factory=dict)
    _inferred: InferredWindow = field(default_factory=InferredWindow)
    _told: HeaderWindows = field(default_factory=HeaderWindows)
    _made_at: float = -math.inf
    """When the newest successful submit was sent."""
    _polls_refused_at: float | None = None
    """When a poll was last answered with 429; None if that is long ago."""
    _unanswered: float = 0.0
    """The share of recent polls without an answer."""

    def add(self, model: ModelThrottle) -> ModelThrottle:
        """Give a model its own limits."""
        self._models[model.name] = model
        return model

    def of(self, model: str) -> ModelThrottle:
        """Return the limits of a model."""
        if model not in self._models:
            self._models[model] = ModelThrottle(model)
        return self._models[model]

    # # Admission.

    def admit(self, call: ApiCall, now: float) -> Admission:
        """Return when a call may be sent, in the past or now if it may at once, and what delays it longest."""
        return max(self._gates(call, now), key=lambda gate: gate.at)

    def _gates(self, call: ApiCall, now: float) -> Iterator[Admission]:
        """Yield every limit that applies to a call."""
        match call:
            case SubmitCall():
                yield from self._gates_of_submit(self.of(call.model), now, call.alive)
            case PollCall():
                yield Admission(self._polls.until, WaitKind.RATE_LIMIT, None)
                if self.polls_count:
                    yield from self._refusals_of(self.of(call.model))
                    for window in self._windows_of_polls():
                        is_own = window is self.window
                        yield Admission(
                            window.opens_at(now), WaitKind.SPEC_LIMIT if is_own else WaitKind.API_WINDOW, None
                        )
            case BalanceCall():
                yield Admission(self._polls.until, WaitKind.RATE_LIMIT, None)
            case CancelCall():
                yield Admission(self._cancels.episode.until, WaitKind.RATE_LIMIT, None)
            case DownloadCall():
                yield Admission(self._hosts.opens_at(call.host), WaitKind.RATE_LIMIT, None)
            case _:
                assert_never(call)

    def _gates_of_submit(self, model: ModelThrottle, now: float, alive: int) -> Iterator[Admission]:
        spare = min(alive, (self.window.limit or 0) // 2) if self.counts_polls else 0
        yield from self._refusals_of(model)
        yield Admission(model.outage.until, WaitKind.RETRY, model.name)
        yield Admission(self.window.opens_at(now, spare), WaitKind.SPEC_LIMIT, None)
        yield Admission(model.window.opens_at(now), WaitKind.SPEC_LIMIT, model.name)
        yield Admission(self._inferred.opens_at(now), WaitKind.API_WINDOW, None)
        yield Admission(model.inferred.opens_at(now), WaitKind.API_WINDOW, model.name)
        yield self._told_to(model, now)

    def _refusals_of(self, model: ModelThrottle) -> Iterator[Admission]:
        for episode, name in ((self._account, None), (model.episode, model.name)):
            if self._quota_until >= episode.until > 0.0:
                yield Admission(episode.until, WaitKind.QUOTA, None)  # a quota window belongs to the account
            else:
                yield Admission(episode.until, WaitKind.RATE_LIMIT, name)

    def _told_to(self, model: ModelThrottle, now: float) -> Admission:
        window, name = self._told.counting(model.name)
        return Admission(window.opens_at(now), WaitKind.API_WINDOW, name)

    def refused_until(self, model: str) -> float:
        """Return until when the API's own answers forbid submits of a model, whatever other limits allow."""
        found = self.of(model)
        return max(self._account.until, found.episode.until, found.outage.until)

    def reserve(self, model: str) -> Reservation:
        """Reserve room for a submit that is being prepared, in every window that counts it."""
        found = self.of(model)
        return Reservation(
            (self.window, found.window, self._inferred, found.inferred, self._told.account, self._told.of(model))
        )

    def count_poll(self, now: float) -> None:
        """Count a poll that leaves now, if polls count."""
        Reservation(self._windows_of_polls()).spend(now)

    def _windows_of_polls(self) -> tuple[Window, ...]:
        """Return the windows in which polls count: those of the API that a 429 on a poll revealed, not the spec's."""
        own = (self.window,) if self.counts_polls else ()
        return (*own, self._inferred, self._told.account) if self.polls_count else ()

    @property
    def polls_count(self) -> bool:
        """Whether polls count against the API's limits: by the spec, or since a recent poll was answered with 429."""
        return self.counts_polls or self._polls_refused_at is not None

    @property
    def shared_per_minute(self) -> int | None:
        """The shared limit of submits and polls per minute; None if polls are free or no limit is known."""
        own = self.window.limit if self.counts_polls else None
        limits = [limit for limit in (own, self._inferred.limit) if limit is not None]
        return min(limits, default=None) if self.polls_count else None

    @property
    def cancels_flow(self) -> bool:
        """Whether cancels need not be sent one by one: one that was alone was answered, and none was rejected since."""
        return self._cancels.flows

    # # Learning from answers.

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
                return self._record_submit(self.of(call.model), answer, sent_at, now, is_held=is_held)
            case PollCall():
                self._record_poll(answer, sent_at, now)
                return self._refuse_polls(answer, now) if isinstance(answer, Throttled) else NO_REACTION
            case BalanceCall():
                return self._refuse_polls(answer, now) if isinstance(answer, Throttled) else NO_REACTION
            case CancelCall():
                return self._cancels.record(answer, now, is_alone=call.is_alone, max_wait_s=self.max_wait_s)
            case DownloadCall():
                return self._hosts.record(call.host, answer, now, max_wait_s=self.max_wait_s)
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
                self._account.close(as_of)
                self.concurrency.went_well(as_of)
                model.was_answered(sent_at, as_of)
                self._told.hear_submit(model.name, answer, sent_at=as_of, now=now)
            case Throttled():
                model.outage.close()
                self._told.hear_submit(model.name, answer, sent_at=as_of, now=now)
                return self._refuse_submit(model, answer, sent_at, now)
            case _:
                model.outage.close()
        return NO_REACTION

    def _record_poll(self, answer: object, sent_at: float, now: float) -> None:
        """Record a poll's answer: its rate limit headers, which matter if polls count, and a failure."""
        self._unanswered += POLL_WEIGHT * (isinstance(answer, NoAnswer) - self._unanswered)
        if isinstance(answer, NoAnswer) and self._unanswered > MUCH:
            self.concurrency.had_trouble(now)
        if isinstance(answer, Throttled):
            self._polls_refused_at = now
        elif isinstance(answer, TaskAnswer):
            self._polls.close(sent_at)
            if self._polls_refused_at is not None and now - self._polls_refused_at > POLLS_COUNT_S:
                self._polls_refused_at = None
        if self.polls_count and isinstance(answer, TaskAnswer | Throttled):
            self._told.hear_poll(answer.rate, sent_at=sent_at, now=now)

    def _record_trouble(self, model: ModelThrottle, asked_s: float, sent_at: float, now: float) -> Reaction:
        """Record a 5xx or a missing answer to a submit; a second failing model means that the account is affected."""
        model.was_not_answered(asked_s, sent_at, now, self.rng)
        if any(other is not model and now - other.troubled_at < CALM_S for other in self._models.values()):
            self.concurrency.had_trouble(now)
        so_far_s = model.outage.lasts_s(now)
        if so_far_s + asked_s <= self.max_wait_s:
            return NO_REACTION
        return Reaction(too_long=LongWait(kind=WaitKind.RETRY, model=model.name, wait_s=asked_s, so_far_s=so_far_s))

    # # Effects of a 429.

    def _refuse_submit(self, model: ModelThrottle, answer: Throttled, sent_at: float, now: float) -> Reaction:
        """Throttle the submits that a 429 concerns, unless that takes longer than the run may wait."""
        self._note(answer, now)
        if answer.is_quota_window:
            self._account.record(sent_at, now)
        elif model.episode.record(sent_at, now):
            model.narrow(now)
        for episode, name in ((self._account, None), (model.episode, model.name)):
            is_concerned = episode is model.episode or episode.is_open
            if is_concerned and (too_long := self._too_long(answer, now, name, episode)):
                return Reaction(too_long=too_long)
        policy = UNSAID if answer.wait_s is None else SAID
        if answer.is_quota_window:
            self._account.hold(answer.wait_s or 0.0, policy, sent_at=sent_at, now=now, rng=self.rng)
        else:
            self._hold_model(model, answer.wait_s, sent_at, now)
        return Reaction(retry_at=max(self._account.until, model.episode.until))

    def _hold_model(self, model: ModelThrottle, wait_s: float | None, sent_at: float, now: float) -> None:
        """Attribute a 429 on a submit to its model, unless it turns out to concern the account.

        It concerns the account if the submit was sent after another model was throttled, and none sent since succeeded.
        """
        others = [other.episode for other in self._models.values() if other is not model and other.episode.until > now]
        policy = UNSAID if wait_s is None else SAID
        model.episode.hold(wait_s or 0.0, policy, sent_at=sent_at, now=now, rng=self.rng)
        is_accounts = any(self._made_at <= other.held_from < sent_at for other in others)
        if is_accounts:
            self._account.hold_until(max(model.episode.until, *(other.until for other in others)), now)
            if self._account.record(sent_at, now):
                self.concurrency.cut(now)
        window, other_window = (self._inferred, model.inferred) if is_accounts else (model.inferred, self._inferred)
        other_window.take_back(sent_at)
        if self.infers_windows and window.was_throttled(sent_at, now, wait_s) and is_accounts:
            model.inferred.forget_limit()

    def _refuse_polls(self, answer: Throttled, now: float) -> Reaction:
        """Throttle everything: a 429 on a poll comes from a bucket that counts all requests."""
        self._note(answer, now)
        self._polls.record(now, now)
        if too_long := self._too_long(answer, now):
            return Reaction(too_long=too_long)
        policy = UNSAID if answer.wait_s is None else SAID
        self._polls.hold(answer.wait_s or 0.0, policy, sent_at=now, now=now, rng=self.rng)
        self._account.hold_until(self._polls.until, now)
        return Reaction(retry_at=self._polls.until)

    def _note(self, answer: Throttled, now: float) -> None:
        """Keep the message of a 429, for observers."""
        self.said = answer.quoted
        if answer.is_quota_window:
            self.quota_window = answer.window or ""
            self._quota_until = now + (answer.wait_s or 0.0)

    # # Waits beyond the maximum.

    def _too_long(
        self, answer: Throttled, now: float, model: str | None = None, episode: ThrottleEpisode | None = None
    ) -> LongWait | None:
        """Return the wait that a 429 requires, if it is too long; consecutive 429s are one wait."""
        wait_s = UNSAID.first_s if answer.wait_s is None else answer.wait_s
        so_far_s = episode.lasts_s(now) if episode else 0.0
        if so_far_s + wait_s <= self.max_wait_s:
            return None
        return LongWait.asked_for(answer, wait_s, so_far_s, model)

    def closed_window(self, model: str, now: float) -> LongWait | None:
        """Return the wait for the window in the headers, if it opens too late for a model's submits."""
        told = self._told_to(self.of(model), now)
        return self.too_long_until(told.at, now, told.model)

    def too_long_until(self, at: float, now: float, model: str | None = None) -> LongWait | None:
        """Return the wait for a window of the API that opens at this time, if it is too long."""
        if at == math.inf or at - now <= self.max_wait_s:
            return None
        return LongWait(kind=WaitKind.API_WINDOW, model=model, wait_s=at - now)

    # # Current state.

    def state(self, now: float, unix_now: float) -> ThrottleState:
        """Return the current throttles and their ends."""
        held = [(ThrottleScope.ACCOUNT, "", self._account), (ThrottleScope.POLLS, "", self._polls)]
        held += [(ThrottleScope.MODEL, model.name, model.episode) for model in self._models.values()]
        held += [(ThrottleScope.HOST, host, episode) for host, episode in self._hosts.episodes.items()]
        return ThrottleState(
            throttles=tuple(
                Throttle(scope=scope, name=name, until=unix_now + episode.until - now, refusals=episode.answers)
                for scope, name, episode in held
                if episode.until > now
            ),
            quota_window=self.quota_window if self._quota_until > now else "",
            said=self.said,
        )

    @property
    def allowed(self) -> int | None:
        """The limit of tasks alive at once; None if it is the configured one."""
        models = [model.concurrency for model in self._models.values()]
        if not any(each.is_found_out for each in (self.concurrency, *models)):
            return None
        return min(self.concurrency.limit, sum(each.limit for each in models))

    def last_submit_at(self, left: Mapping[str, int], now: float) -> float:
        """Return the earliest time at which the known limits allow the last of so many submits.

        Args:
            left: Number of submits left, by model.
            now: The current time.
        """
        at = now
        for name, sends in left.items():
            model = self.of(name)
            windows = (model.window, model.inferred, self._told.of(name))
            at = max(at, *(window.opens_for(sends, now) for window in windows))
        if total := sum(left.values()):
            windows = (self.window, self._inferred, self._told.account)
            at = max(at, *(window.opens_for(total, now) for window in windows))
        return at

    def lessons(self) -> list[LimitLesson]:
        """Return the limits of the API learned from 429s.

        Models are only included if nothing was learned about the account: before the account's limit is recognized, its
        first 429s look like those of the models that they happen to hit.
        """
        account = LimitLesson(None, self._inferred.limit, self.concurrency.cuts, self.concurrency.limit)
        models = [
            LimitLesson(model.name, model.inferred.limit, model.concurrency.cuts, model.concurrency.limit)
            for model in self._models.values()
        ]
        return [account] if account.is_any else [lesson for lesson in models if lesson.is_any]
