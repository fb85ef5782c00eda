"""When the next chat may be sent: shared concurrency, rate limits and pauses, as for tasks. Pure; monotonic seconds."""

import math
import random
from dataclasses import dataclass, field

from qwave_batch.client.answers import NoAnswer, Throttled
from qwave_batch.client.chat_answers import ChatAnswer, ChatReply
from qwave_batch.run.limits.adaptive_concurrency import AdaptiveConcurrency
from qwave_batch.run.limits.sliding_window import SlidingWindow
from qwave_batch.run.limits.throttle_episode import FAILURES_IN_A_ROW, OUTAGE, SAID, UNSAID, ThrottleEpisode


@dataclass(slots=True, kw_only=True)
class CallPacing:
    """The limits of one model."""

    rng: random.Random
    concurrency: AdaptiveConcurrency
    window: SlidingWindow
    throttled: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """Answers of 429."""
    outage: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """Chats without an answer."""
    in_flight: int = 0
    width: int = 1
    """Chats at once: one until the first answer, which shows the price of a chat, then one more with each."""

    def opens_at(self, now: float) -> float:
        """Return when the next chat may be sent, ``now`` or later; infinity until one in flight is over."""
        if self.in_flight >= self.concurrency.limit:
            self.concurrency.grow(self.in_flight, now)
        if self.in_flight >= min(self.concurrency.limit, self.width):
            return math.inf
        return max(now, self.throttled.until, self.outage.until, self.window.opens_at(now))

    def enter(self, now: float) -> None:
        """Count a chat that is sent now."""
        self.in_flight += 1
        self.window.reserve()
        self.window.spend(now)

    def record(self, answer: ChatAnswer, *, sent_at: float, now: float) -> None:
        """Take in the end of a chat."""
        match answer:
            case Throttled(wait_s=wait_s):
                self.outage.close()
                if self.throttled.record(sent_at, now):
                    self.concurrency.cut(now)
                policy = UNSAID if wait_s is None else SAID
                self.throttled.hold(wait_s or 0.0, policy, sent_at=sent_at, now=now, rng=self.rng)
            case NoAnswer(retry_after_s=asked_s):
                self.concurrency.had_trouble(now)
                self.outage.record(sent_at, now)
                self.outage.hold(asked_s or 0.0, OUTAGE, sent_at=sent_at, now=now, rng=self.rng)
                if self.outage.answers >= FAILURES_IN_A_ROW:
                    self.width = 1
            case ChatReply():
                self.outage.close()
                self.throttled.close(sent_at)
                self.concurrency.went_well(sent_at)
                self.width = min(self.width + 1, self.concurrency.ceiling)
            case _:
                self.outage.close()
        self._obey_headers(answer, now)

    def leave(self) -> None:
        """Count a chat as over."""
        self.in_flight -= 1

    def _obey_headers(self, answer: ChatAnswer, now: float) -> None:
        """Hold when the headers of an answer say that nothing is left until a reset."""
        rate = answer.rate
        if rate is not None and rate.remaining == 0 and rate.reset_s is not None:
            self.throttled.hold_until(now + rate.reset_s, now)

    def waits_s(self, now: float) -> float:
        """Return for how long nothing may be sent, counted from the first refusal in a row."""
        return max(
            self.throttled.lasts_s(now, max(0.0, self.throttled.until - now)),
            self.outage.lasts_s(now, max(0.0, self.outage.until - now)),
        )


def pacing_of(rng: random.Random, *, concurrency: int, requests_per_minute: int | None) -> CallPacing:
    """Return the limits of a model of which nothing is known yet."""
    return CallPacing(
        rng=rng, concurrency=AdaptiveConcurrency.under(concurrency), window=SlidingWindow(requests_per_minute)
    )
