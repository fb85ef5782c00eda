"""Every limit that a request passes on its way out, of the account and of its model, and what answers teach of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qwave_batch.client.answers import Answer, NoAnswer, TaskAnswer, TaskNotFound, Throttled
from qwave_batch.model.progress import WaitKind
from qwave_batch.run.limits.header_window import HeaderWindow, WindowScope
from qwave_batch.run.limits.inferred_window import InferredWindow
from qwave_batch.run.limits.signals import LimitSignals
from qwave_batch.run.limits.sliding_window import SlidingWindow
from qwave_batch.run.limits.throttle_episode import NO_GROWTH, OUTAGE, Brake
from qwave_batch.run.schedule.adaptive_concurrency import CALM_S, AdaptiveConcurrency
from qwave_batch.run.schedule.model_queue import ModelQueue
from qwave_batch.run.schedule.slot_lease import Window
from qwave_batch.run.schedule.waits import WaitForSubmit

NEWS, MUCH = 0.1, 0.15
"""What a poll counts in the share of those without an answer, and the share that is no accident any more."""

STRUCK_S = 300.0
"""So long after a 429 on a poll they are held to count no more."""


@dataclass(slots=True, kw_only=True)
class RateLimiter:
    """The account's limits; those of a model are its lane's. Times are monotonic seconds."""

    window: SlidingWindow
    """The spec's own limit."""
    allowance: AdaptiveConcurrency
    """How many tasks of all models may be alive at once."""
    counts_polls: bool
    """Whether polls count against the limit on requests by the spec."""
    brake: Brake
    signals: LimitSignals = LimitSignals()
    pace: InferredWindow = field(default_factory=InferredWindow)
    headroom: HeaderWindow = field(default_factory=HeaderWindow)
    _sharing: WindowScope = field(default_factory=WindowScope)

    def __post_init__(self) -> None:
        if self.signals.scope != "compared":
            self._sharing.assumed = self.signals.scope == "account"

    _polls_struck_at: float | None = None
    """When a poll was last answered with 429; None when that is long ago."""
    _unanswered: float = 0.0
    """The share of the latest polls that went without an answer."""
    _troubled: dict[str, float] = field(default_factory=dict)
    """When a submit last went without an answer, by model."""

    @property
    def polls_count(self) -> bool:
        """Whether polls count against the API's limits: the spec says so, or a poll was answered with 429 of late."""
        return self.counts_polls or self._polls_struck_at is not None

    @property
    def shared_per_minute(self) -> int | None:
        """What submits and polls have together in a minute; None where polls are free or no limit is known."""
        own = self.window.limit if self.counts_polls else None
        limits = [limit for limit in (own, self.pace.limit) if limit is not None]
        return min(limits, default=None) if self.polls_count else None

    def windows_of(self, lane: ModelQueue) -> tuple[Window, ...]:
        """Return where a submit of a model counts."""
        return (self.window, lane.window, self.pace, lane.pace, self.headroom, lane.headroom)

    def submits_open_at(self, lane: ModelQueue, now: float, alive: int) -> float:
        """Return when a submit of a model may leave; infinity when only an event can tell.

        Args:
            lane: The model.
            now: The present.
            alive: Tasks alive at the API, whose polls need room too where they count.
        """
        return max(at for at, _, _ in self._submit_gates(lane, now, alive))

    def submits_wait_for(self, lane: ModelQueue, now: float, alive: int) -> tuple[WaitForSubmit, str | None]:
        """Return what keeps a submit of a model longest, and the model whose limit that is; None for the account's."""
        _, kind, model = max(self._submit_gates(lane, now, alive), key=lambda gate: gate[0])
        return kind, model

    def _submit_gates(
        self, lane: ModelQueue, now: float, alive: int
    ) -> tuple[tuple[float, WaitForSubmit, str | None], ...]:
        model = lane.model
        spare = min(alive, (self.window.limit or 0) // 2) if self.counts_polls else 0
        return (
            (self.brake.account.until, WaitKind.RATE_LIMIT, None),
            (self.brake.of(model).until, WaitKind.RATE_LIMIT, model),
            (lane.outage.until, WaitKind.RETRY, model),
            (self.window.opens_at(now, spare), WaitKind.SPEC_LIMIT, None),
            (lane.window.opens_at(now), WaitKind.SPEC_LIMIT, model),
            (self.pace.opens_at(now), WaitKind.API_WINDOW, None),
            (lane.pace.opens_at(now), WaitKind.API_WINDOW, model),
            (self._told(lane).opens_at(now), WaitKind.API_WINDOW, None if self._sharing.is_shared else model),
        )

    def told_window(self, lane: ModelQueue, now: float) -> tuple[float, bool]:
        """Return when the window that headers tell of lets a submit through, and whether that is the account's."""
        return self._told(lane).opens_at(now), self._sharing.is_shared

    def _told(self, lane: ModelQueue) -> HeaderWindow:
        return self.headroom if self._sharing.is_shared else lane.headroom

    def polls_open_at(self, model: str, now: float) -> float:
        """Return when a poll for a task of a model may leave; where polls count, what holds submits holds them too."""
        at = self.brake.polls_open_at()
        if self.polls_count:
            at = max(at, self.brake.submits_open_at(model), *(window.opens_at(now) for window in self._poll_windows()))
        return at

    def held_until(self, lane: ModelQueue) -> float:
        """Return before when the API's own word lets no submit of a model leave, whatever room there is."""
        return max(self.brake.submits_open_at(lane.model), lane.outage.until)

    def spend_poll(self, now: float) -> None:
        """Count a poll that leaves now, where polls count."""
        for window in self._poll_windows():
            window.reserve()
            window.spend(now)

    def _poll_windows(self) -> tuple[Window, ...]:
        """Return where polls count: what a 429 on one has taught is of the API's windows, not of the spec's."""
        own = (self.window,) if self.counts_polls else ()
        return (*own, self.pace, self.headroom) if self.polls_count else ()

    def hear_submit(self, lane: ModelQueue, answer: Answer, sent_at: float, now: float) -> None:
        """Take in what a submit's answer tells beside its meaning: that the model lives, and the rate limit headers."""
        if not isinstance(answer, NoAnswer | TaskNotFound):
            lane.outage.close()
        if not isinstance(answer, TaskAnswer | Throttled):
            return
        if isinstance(answer, Throttled) and answer.rate is None:  # perhaps a gateway's: no word on what is left
            return
        if isinstance(answer, TaskAnswer):
            self.brake.let_through(lane.model, sent_at)
            self.allowance.went_well(sent_at)
            self._sharing.hear(lane.model, answer.rate, sent_at=sent_at, now=now)
        if not self.signals.headers:
            return
        lane.headroom.hear(answer.rate, sent_at=sent_at, now=now)
        if self._sharing.is_shared:
            self.headroom.hear(answer.rate, sent_at=sent_at, now=now)
        else:
            self.headroom.forget()

    def hear_poll(self, answer: Answer, sent_at: float, now: float) -> None:
        """Take in the rate limit headers of a poll's answer, which say something where polls count, and its trouble."""
        self._unanswered += NEWS * (isinstance(answer, NoAnswer) - self._unanswered)
        if isinstance(answer, NoAnswer) and self._unanswered > MUCH:
            self.allowance.had_trouble(now)
        if isinstance(answer, Throttled):
            self._polls_struck_at = now
        elif isinstance(answer, TaskAnswer):
            self.brake.polls.close(sent_at)
            if self._polls_struck_at is not None and now - self._polls_struck_at > STRUCK_S:
                self._polls_struck_at = None
        if self.signals.headers and self.polls_count and self._sharing.is_shared and isinstance(answer, TaskAnswer | Throttled):
            self.headroom.hear(answer.rate, sent_at=sent_at, now=now)

    def throttle(self, lane: ModelQueue, answer: Throttled, *, sent_at: float, now: float) -> float:
        """Take in a 429 on a submit and hold what it is about; return when its job may be tried again.

        Args:
            lane: The model.
            answer: The 429; its episode has it already.
            sent_at: When the submit left.
            now: The present.
        """
        brake, wait_s = self.brake, answer.wait_s
        if answer.is_quota_window:
            brake.throttle_account(wait_s, sent_at=sent_at, now=now)
            return brake.submits_open_at(lane.model)
        is_accounts = brake.throttle_model(lane.model, wait_s, sent_at=sent_at, now=now)
        if is_accounts and brake.account.strike(sent_at, now):
            self.allowance.cut(now)
        bucket, other = (self.pace, lane.pace) if is_accounts else (lane.pace, self.pace)
        other.take_back(sent_at)
        if self.signals.countdowns and bucket.was_throttled(sent_at, now, wait_s) and is_accounts:
            lane.pace.forget_limit()
        return brake.submits_open_at(lane.model)

    def trouble(self, lane: ModelQueue, asked_s: float, *, sent_at: float, now: float) -> None:
        """Take in a 5xx or silence on a submit; the account has trouble when a second model has it too.

        Args:
            lane: The model, which is held once it has failed several times in a row.
            asked_s: How long the server asks to wait.
            sent_at: When the submit left.
            now: The present.
        """
        lane.was_not_answered(sent_at, now)
        growth = OUTAGE if lane.is_in_trouble else NO_GROWTH
        lane.outage.hold(asked_s, growth, sent_at=sent_at, now=now, rng=self.brake.rng)
        if any(model != lane.model and now - at < CALM_S for model, at in self._troubled.items()):
            self.allowance.had_trouble(now)
        self._troubled[lane.model] = now

    def allowed(self, lanes: Sequence[ModelQueue]) -> int | None:
        """Return how many tasks may be alive at once now; None where that is what somebody said."""
        if not any(allowance.is_found_out for allowance in (self.allowance, *(lane.allowance for lane in lanes))):
            return None
        return min(self.allowance.limit, sum(lane.allowance.limit for lane in lanes))

    def lessons(self, lanes: Iterable[ModelQueue]) -> list[str]:
        """Return what 429s have taught of the API's limits, in words for whoever writes the spec.

        Of models only where the account taught nothing: before its limit is known for what it is, its first 429s look
        like those of the models that they happen to hit.
        """
        if account := _lesson("the account", self.allowance, self.pace):
            return [account]
        return [lesson for lane in lanes if (lesson := _lesson(lane.model, lane.allowance, lane.pace))]


def _lesson(who: str, allowance: AdaptiveConcurrency, pace: InferredWindow) -> str:
    if pace.limit is not None:
        return f"the API took about {pace.limit:,} requests a minute of {who}: limits in the spec save finding that out"
    if allowance.cuts:
        episodes = f"{allowance.cuts:,} time{'' if allowance.cuts == 1 else 's'}"
        return f"the API asked for less of {who} {episodes}: {allowance.limit:,} tasks at once were allowed in the end"
    return ""
