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
"""By up to this share a wait of our own is longer, so that those who wait for the same do not come back together."""
_MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """How long to wait at least: doubling with each hold of one episode."""

    first_s: float
    longest_s: float


SAID = HoldPolicy(0.5, 30.0)
"""Where the server says how long: `no time at all` is no reason to ask as fast as it answers."""
UNSAID = HoldPolicy(5.0, 60.0)
"""Where it does not say."""
OUTAGE = HoldPolicy(0.5, 15.0)
"""Where it does not answer, or not with sense."""
NO_GROWTH = HoldPolicy(0.0, 0.0)


@dataclass(slots=True)
class ThrottleEpisode:
    """Bad answers of one kind without a success between them; times are monotonic seconds.

    Answers to what left before the end of a hold belong to that hold: however many they are, they are one step.
    """

    opened_at: float = -math.inf
    """When the first of them came; of the last episode, when none is open."""
    answers: int = 0
    """How many refusals there were; 0 when no episode is open."""
    until: float = 0.0
    """Before this moment nothing that it is about may leave."""
    held_from: float = 0.0
    """When that hold began."""
    _holds: int = 0

    @property
    def is_open(self) -> bool:
        """Whether there was no success since the first."""
        return self.answers > 0

    def record(self, sent_at: float, now: float) -> bool:
        """Take in a bad answer to what left at ``sent_at``; return whether it opened an episode.

        One that left before the last episode was opened, and is answered after its end, belongs to that one.
        """
        is_late = not self.is_open and sent_at <= self.opened_at
        is_new = not self.is_open and not is_late
        if is_new:
            self.opened_at = now
        self.answers += not is_late
        return is_new

    def lasts_s(self, now: float, wait_s: float = 0.0) -> float:
        """Return how long it will have lasted after waiting for so much longer."""
        return wait_s + (now - self.opened_at if self.is_open else 0.0)

    def hold(self, asked_s: float, policy: HoldPolicy, *, sent_at: float, now: float, rng: random.Random) -> None:
        """Hold for as long as was asked in answer to what left at ``sent_at``, and never shorter than before."""
        wait_s = asked_s
        if sent_at >= self.until:
            doubled_s = policy.first_s * 2 ** min(self._holds, _MOST_DOUBLINGS)
            wait_s = max(asked_s, min(policy.longest_s, doubled_s) * rng.uniform(1.0, 1.0 + JITTER))
            self._holds += 1
        self.hold_until(now + wait_s, now)

    def hold_until(self, until: float, now: float) -> None:
        """Hold until a moment, unless the hold is longer already."""
        if self.until <= now:
            self.held_from = now
        self.until = max(self.until, until)

    def close(self, sent_at: float = math.inf) -> None:
        """Take in a success of what left at ``sent_at``: what left before the episode was opened says nothing of it."""
        if sent_at > self.opened_at:
            self.answers = self._holds = 0


FAILURES_IN_A_ROW = 3
"""After so many submits in a row without an answer, a model is sent one at a time until it answers again."""


@dataclass(slots=True)
class ModelThrottle:
    """What holds the submits of one model."""

    name: str
    concurrency: AdaptiveConcurrency = field(default_factory=lambda: AdaptiveConcurrency.under(None))
    """How many of its tasks may be alive at once."""
    window: SlidingWindow = field(default_factory=lambda: SlidingWindow(None))
    """The spec's own limit."""
    width: float = 1
    """How many may be submitted at the same time: one until the first good answer, so that a model that hangs or is
    down holds one slot; one again after a 429 or several submits in a row without an answer, then one more with each
    good answer."""
    inferred: InferredWindow = field(default_factory=InferredWindow)
    """The API's limit, as far as its 429s tell."""
    episode: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """Submits that were answered with 429."""
    outage: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """Submits without an answer in a row."""
    troubled_at: float = -math.inf
    """When the last of them was."""
    is_proven: bool = False
    """Whether a submit was answered well in this run."""
    _narrowed_at: float = -math.inf
    """When the last episode of 429s began."""

    @property
    def is_in_trouble(self) -> bool:
        """Whether it has stopped answering."""
        return self.outage.answers >= FAILURES_IN_A_ROW

    def was_answered(self, sent_at: float, as_of: float) -> None:
        """Take in a submit that made a task.

        Args:
            sent_at: When it left.
            as_of: When it was let through at the earliest: its answer may have been held since.
        """
        self.outage.close()
        self.episode.close(as_of)
        self.concurrency.went_well(sent_at)
        if sent_at > self._narrowed_at:
            self.width = self.width + 1 if self.is_proven or self.concurrency.cuts else math.inf
        self.is_proven = True

    def was_held(self) -> None:
        """Take in a submit whose answer the API holds until the task ends: it is taken, but proves nothing yet."""
        self.width += self.is_proven

    def narrow(self, now: float) -> None:
        """Take in that an episode of 429s has begun: one cut, and then one submit at a time."""
        self.concurrency.cut(now)
        self.width, self._narrowed_at = 1, now

    def was_not_answered(self, asked_s: float, sent_at: float, now: float, rng: random.Random) -> None:
        """Take in a 5xx, or a submit that nobody answered; several in a row hold the model."""
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
    """Return seconds to wait after ``tries`` failures (from 1): doubling, with full jitter against herds."""
    return rng.uniform(0.0, min(LONGEST_S, BASE_S * 2 ** min(tries, 16)))
