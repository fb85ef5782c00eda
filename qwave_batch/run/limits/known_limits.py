"""The limits of an account and its models, as far as they are known: by the spec, by headers, by 429s. Pure.

Times are monotonic seconds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qwave_batch.model.progress import WaitKind
from qwave_batch.run.limits.adaptive_concurrency import AdaptiveConcurrency
from qwave_batch.run.limits.admission import Admission
from qwave_batch.run.limits.header_window import HeaderWindows
from qwave_batch.run.limits.sliding_window import InferredWindow, SlidingWindow, Window
from qwave_batch.run.limits.throttle_episode import ModelThrottle

POLLS_COUNT_S = 300.0
"""So long after a 429 on a poll they are held to count no more."""


@dataclass(frozen=True, slots=True)
class LimitLesson:
    """The limits of a model or of the account as learned from 429s."""

    model: str | None
    """None for the account."""
    per_minute: int | None
    """Requests that it took in a minute; None where no window was found."""
    cuts: int
    """Episodes of 429s."""
    concurrency: int
    """Tasks that were allowed at once in the end."""

    @property
    def is_any(self) -> bool:
        """Whether anything was learned."""
        return self.per_minute is not None or self.cuts > 0

    def __str__(self) -> str:
        who = self.model or "the account"
        if self.per_minute is not None:
            requests = f"about {self.per_minute:,} requests a minute"
            return f"the API took {requests} of {who}: limits in the spec save finding that out"
        times = f"{self.cuts:,} time{'' if self.cuts == 1 else 's'}"
        return f"the API asked for less of {who} {times}: {self.concurrency:,} tasks at once were allowed in the end"


@dataclass(slots=True, kw_only=True)
class KnownLimits:
    """The windows that calls count in, and how many tasks may be alive at once."""

    window: SlidingWindow = field(default_factory=lambda: SlidingWindow(None))
    """The spec's own limit on the account's requests."""
    concurrency: AdaptiveConcurrency = field(default_factory=lambda: AdaptiveConcurrency.under(None))
    """How many tasks of all models may be alive at once."""
    counts_polls: bool = False
    """Whether polls count against the limit on requests by the spec."""
    infers_windows: bool = True
    """Whether windows that the API does not announce are inferred from its 429s."""
    inferred: InferredWindow = field(default_factory=InferredWindow)
    """The API's limit on the account's requests, as far as its 429s tell."""
    told: HeaderWindows = field(default_factory=HeaderWindows)
    """The API's windows, as far as headers tell."""
    models: dict[str, ModelThrottle] = field(default_factory=dict)
    _polls_refused_at: float | None = None
    """When a poll was last answered with 429; None when that is long ago."""

    def add(self, model: ModelThrottle) -> ModelThrottle:
        """Hold a model to limits of its own."""
        self.models[model.name] = model
        return model

    def of(self, model: str) -> ModelThrottle:
        """Return what is known of a model's limits."""
        if model not in self.models:
            self.models[model] = ModelThrottle(model)
        return self.models[model]

    # Submits.

    def gates_of_submit(self, model: ModelThrottle, now: float, alive: int) -> Iterator[Admission]:
        """Yield when each window of a submit opens; where polls count, those of ``alive`` tasks need room too."""
        spare = min(alive, (self.window.limit or 0) // 2) if self.counts_polls else 0
        yield Admission(self.window.opens_at(now, spare), WaitKind.SPEC_LIMIT, None)
        yield Admission(model.window.opens_at(now), WaitKind.SPEC_LIMIT, model.name)
        yield Admission(self.inferred.opens_at(now), WaitKind.API_WINDOW, None)
        yield Admission(model.inferred.opens_at(now), WaitKind.API_WINDOW, model.name)
        yield self.gate_of_headers(model.name, now)

    def gate_of_headers(self, model: str, now: float) -> Admission:
        """Return when the window opens that headers tell of."""
        window, name = self.told.counting(model)
        return Admission(window.opens_at(now), WaitKind.API_WINDOW, name)

    def windows_of_submit(self, model: str) -> tuple[Window, ...]:
        """Return every window that a submit counts in."""
        found = self.of(model)
        return (self.window, found.window, self.inferred, found.inferred, self.told.account, self.told.of(model))

    def learn_from_refusal(
        self, model: ModelThrottle, wait_s: float | None, sent_at: float, now: float, *, is_accounts: bool
    ) -> None:
        """Take in a 429 on a submit that left at ``sent_at``, and the wait that it asks for, if it names one."""
        window, other_window = (self.inferred, model.inferred) if is_accounts else (model.inferred, self.inferred)
        other_window.take_back(sent_at)
        if self.infers_windows and window.was_throttled(sent_at, now, wait_s) and is_accounts:
            model.inferred.forget_limit()

    # Polls.

    @property
    def polls_count(self) -> bool:
        """Whether polls count against the API's limits: the spec says so, or a poll was answered with 429 of late."""
        return self.counts_polls or self._polls_refused_at is not None

    @property
    def shared_per_minute(self) -> int | None:
        """The shared limit of submits and polls per minute; None if polls are free or no limit is known."""
        own = self.window.limit if self.counts_polls else None
        limits = [limit for limit in (own, self.inferred.limit) if limit is not None]
        return min(limits, default=None) if self.polls_count else None

    def gates_of_poll(self, now: float) -> Iterator[Admission]:
        """Yield when each window opens that polls count in."""
        for window in self.windows_of_poll():
            is_own = window is self.window
            yield Admission(window.opens_at(now), WaitKind.SPEC_LIMIT if is_own else WaitKind.API_WINDOW, None)

    def windows_of_poll(self) -> tuple[Window, ...]:
        """Return where polls count: what a 429 on one has taught is of the API's windows, not of the spec's."""
        own = (self.window,) if self.counts_polls else ()
        return (*own, self.inferred, self.told.account) if self.polls_count else ()

    def poll_was_refused(self, now: float) -> None:
        """Take in a 429 on a poll: a bucket counts all requests."""
        self._polls_refused_at = now

    def poll_was_answered(self, now: float) -> None:
        """Take in that a poll was let through."""
        if self._polls_refused_at is not None and now - self._polls_refused_at > POLLS_COUNT_S:
            self._polls_refused_at = None

    # The total of the limits.

    @property
    def allowed(self) -> int | None:
        """How many tasks may be alive at once now; None where that is what somebody said, or no model has work."""
        models = [model.concurrency for model in self.models.values()]
        if not models or not any(each.is_found_out for each in (self.concurrency, *models)):
            return None
        return min(self.concurrency.limit, sum(each.limit for each in models))

    def last_submit_at(self, left: Mapping[str, int], now: float) -> float:
        """Return the earliest time at which the limits that are known let the last of so many submits leave.

        Args:
            left: How many submits are left of each model.
            now: The present.
        """
        at = now
        for name, sends in left.items():
            model = self.of(name)
            windows = (model.window, model.inferred, self.told.of(name))
            at = max(at, *(window.opens_for(sends, now) for window in windows))
        if total := sum(left.values()):
            windows = (self.window, self.inferred, self.told.account)
            at = max(at, *(window.opens_for(total, now) for window in windows))
        return at

    def lessons(self) -> list[LimitLesson]:
        """Return what 429s have taught of the API's limits.

        Of models only where the account taught nothing: before its limit is known for what it is, its first 429s look
        like those of the models that they happen to hit.
        """
        account = LimitLesson(None, self.inferred.limit, self.concurrency.cuts, self.concurrency.limit)
        models = [
            LimitLesson(model.name, model.inferred.limit, model.concurrency.cuts, model.concurrency.limit)
            for model in self.models.values()
        ]
        return [account] if account.is_any else [lesson for lesson in models if lesson.is_any]
