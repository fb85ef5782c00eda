"""Refusals in a row, from the first to a success: how long they hold, and what they do to a model's submits.

Cancels, and downloads from a host, are held the same way, and no window counts them. Pure; times are monotonic seconds.
"""

import math
import random
from dataclasses import dataclass, field
from http import HTTPStatus

from qwave_batch.client.answers import DownloadFailed
from qwave_batch.run.limits.adaptive_concurrency import AdaptiveConcurrency
from qwave_batch.run.limits.sliding_window import InferredWindow, SlidingWindow

JITTER = 0.25
"""Our own waits are longer by up to this share, so that waiting callers do not all return at once."""
_MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """The minimum wait, doubling with each hold of one episode."""

    first_s: float
    longest_s: float


SAID = HoldPolicy(0.5, 30.0)
"""If the server states a wait: even a wait of zero is not a reason to send at full speed."""
UNSAID = HoldPolicy(5.0, 60.0)
"""If the server states no wait."""
OUTAGE = HoldPolicy(0.5, 15.0)
"""If the server does not answer, or not sensibly."""
NO_GROWTH = HoldPolicy(0.0, 0.0)


@dataclass(slots=True)
class ThrottleEpisode:
    """Consecutive failures of one kind without a success between them; times are monotonic seconds.

    Answers to calls sent before the end of a hold belong to that hold: together they count as one step.
    """

    opened_at: float = -math.inf
    """When the first failure arrived; of the last episode if none is open."""
    answers: int = 0
    """Number of failures; 0 when no episode is open."""
    until: float = 0.0
    """Until this time no affected call may be sent."""
    held_from: float = 0.0
    """When that hold began."""
    _holds: int = 0

    @property
    def is_open(self) -> bool:
        """Whether there was no success since the first failure."""
        return self.answers > 0

    def record(self, sent_at: float, now: float) -> bool:
        """Record a failure of a call sent at ``sent_at``; return whether it opened an episode.

        A call sent before the last episode opened and answered after its end belongs to that episode.
        """
        is_late = not self.is_open and sent_at <= self.opened_at
        is_new = not self.is_open and not is_late
        if is_new:
            self.opened_at = now
        self.answers += not is_late
        return is_new

    def lasts_s(self, now: float, wait_s: float = 0.0) -> float:
        """Return how long the episode will have lasted after waiting this much longer."""
        return wait_s + (now - self.opened_at if self.is_open else 0.0)

    def hold(self, asked_s: float, policy: HoldPolicy, *, sent_at: float, now: float, rng: random.Random) -> None:
        """Hold for the time stated in the answer to a call sent at ``sent_at``; a hold is never shortened."""
        wait_s = asked_s
        if sent_at >= self.until:
            doubled_s = policy.first_s * 2 ** min(self._holds, _MOST_DOUBLINGS)
            wait_s = max(asked_s, min(policy.longest_s, doubled_s) * rng.uniform(1.0, 1.0 + JITTER))
            self._holds += 1
        self.hold_until(now + wait_s, now)

    def hold_until(self, until: float, now: float) -> None:
        """Hold until a given time, unless the hold is longer already."""
        if self.until <= now:
            self.held_from = now
        self.until = max(self.until, until)

    def close(self, sent_at: float = math.inf) -> None:
        """Record a success of a call sent at ``sent_at``: one sent before the episode opened does not end it."""
        if sent_at > self.opened_at:
            self.answers = self._holds = 0


FAILURES_IN_A_ROW = 3
"""After this many consecutive submits without an answer, a model gets one submit at a time until it answers again."""


@dataclass(slots=True)
class ModelThrottle:
    """The limits on the submits of one model."""

    name: str
    concurrency: AdaptiveConcurrency = field(default_factory=lambda: AdaptiveConcurrency.under(None))
    """The number of its tasks that may be alive at once."""
    window: SlidingWindow = field(default_factory=lambda: SlidingWindow(None))
    """The spec's own limit."""
    width: float = 1
    """The number of concurrent submits: one until the first success, so that a model that hangs or is down occupies
    only one slot; one again after a 429 or several consecutive submits without an answer, then one more with each
    success."""
    inferred: InferredWindow = field(default_factory=InferredWindow)
    """The API's limit as inferred from 429s."""
    episode: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """Submits that were answered with 429."""
    outage: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """Consecutive submits without an answer."""
    troubled_at: float = -math.inf
    """When the last of them was."""
    is_proven: bool = False
    """Whether a submit succeeded in this run."""
    _narrowed_at: float = -math.inf
    """When the last episode of 429s began."""

    def pause(self, wait_s: float, now: float) -> None:
        """Hold submits without a failure to count, such as after a 403 whose cause is not known yet."""
        self.outage.hold_until(now + wait_s, now)

    @property
    def is_in_trouble(self) -> bool:
        """Whether it has stopped answering."""
        return self.outage.answers >= FAILURES_IN_A_ROW

    def was_answered(self, sent_at: float, as_of: float) -> None:
        """Record a submit that created a task.

        Args:
            sent_at: When it was sent.
            as_of: When it was accepted at the earliest: its answer may have been held since.
        """
        self.outage.close()
        self.episode.close(as_of)
        self.concurrency.went_well(sent_at)
        if sent_at > self._narrowed_at:
            self.width = self.width + 1 if self.is_proven or self.concurrency.cuts else math.inf
        self.is_proven = True

    def was_held(self) -> None:
        """Record a submit whose answer the API holds until the task ends: it was accepted, but proves nothing yet."""
        self.width += self.is_proven

    def narrow(self, now: float) -> None:
        """Record the start of an episode of 429s: one cut, and then one submit at a time."""
        self.concurrency.cut(now)
        self.width, self._narrowed_at = 1, now

    def was_not_answered(self, asked_s: float, sent_at: float, now: float, rng: random.Random) -> None:
        """Record a 5xx or an unanswered submit; several in a row throttle the model."""
        self.troubled_at = now
        self.outage.record(sent_at, now)
        self.concurrency.had_trouble(now)
        if self.is_in_trouble:
            self.width = 1
        self.outage.hold(asked_s, OUTAGE if self.is_in_trouble else NO_GROWTH, sent_at=sent_at, now=now, rng=rng)


LONE_REFUSALS = 5
"""After so many cancels in a row, sent alone, that were answered with 429, no more are sent."""


@dataclass(slots=True)
class CancelThrottle:
    """Sends cancels one by one until one of them was answered, and again after a 429."""

    flows: bool = False
    """Whether they need not be sent one by one."""
    episode: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    _lone_refusals: int = 0

    def was_refused(self, wait_s: float, now: float, *, is_alone: bool) -> None:
        """Take in a 429 on a cancel, or on the question that precedes it."""
        self.flows = False
        self.episode.hold_until(now + wait_s, now)
        self._lone_refusals += is_alone

    def was_answered(self, *, is_alone: bool) -> None:
        """Take in any other answer of an account that may go on."""
        if is_alone:
            self.flows, self._lone_refusals = True, 0

    @property
    def is_hopeless(self) -> bool:
        """Whether sending more is useless."""
        return self._lone_refusals >= LONE_REFUSALS


@dataclass(slots=True)
class HostThrottles:
    """Leaves hosts alone for as long as they ask: whatever else lies there would be refused too."""

    episodes: dict[str, ThrottleEpisode] = field(default_factory=dict)

    def opens_at(self, host: str) -> float:
        """Return when something may be downloaded from a host; in the past when it may now."""
        return self.episodes[host].until if host in self.episodes else 0.0

    def was_refused(self, host: str, answer: DownloadFailed, now: float) -> float | None:
        """Take in a failed download, and return for how long its host is left alone; None for not at all."""
        unsaid_s = UNSAID.first_s if answer.status == HTTPStatus.TOO_MANY_REQUESTS else None
        wait_s = unsaid_s if answer.retry_after_s is None else answer.retry_after_s
        if wait_s is not None:
            self.episodes.setdefault(host, ThrottleEpisode()).hold_until(now + wait_s, now)
        return wait_s


BASE_S = 0.5
LONGEST_S = 30.0


def backoff_s(tries: int, rng: random.Random) -> float:
    """Return the seconds to wait after ``tries`` failures (from 1): exponential backoff with full jitter."""
    return rng.uniform(0.0, min(LONGEST_S, BASE_S * 2 ** min(tries, 16)))
