"""A spell of answers that say `not now`, from the first to a success: how long it lasts and holds. Pure."""

import math
import random
from dataclasses import dataclass

JITTER = 0.25
"""By up to this share a wait of our own is longer, so that those who wait for the same do not come back together."""
_MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class Growth:
    """How long to wait at least: doubling with each hold of one episode."""

    first_s: float
    longest_s: float


SAID = Growth(0.5, 30.0)
"""Where the server says how long: `no time at all` is no reason to ask as fast as it answers."""
UNSAID = Growth(5.0, 60.0)
"""Where it does not say."""
OUTAGE = Growth(0.5, 15.0)
"""Where it does not answer, or not with sense."""
NO_GROWTH = Growth(0.0, 0.0)


@dataclass(slots=True)
class Episode:
    """Bad answers of one kind without a success between them; times are monotonic seconds.

    Answers to what left before the end of a hold belong to that hold: however many they are, they are one step.
    """

    opened_at: float = -math.inf
    """When the first of them came; of the last episode, when none is open."""
    answers: int = 0
    """How many there were; 0 when none is open."""
    until: float = 0.0
    """Before this moment nothing that it is about may leave."""
    held_from: float = 0.0
    """When that hold began."""
    _holds: int = 0

    @property
    def is_open(self) -> bool:
        """Whether there was no success since the first."""
        return self.answers > 0

    def strike(self, sent_at: float, now: float) -> bool:
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

    def hold(self, asked_s: float, growth: Growth, *, sent_at: float, now: float, rng: random.Random) -> None:
        """Hold for as long as was asked in answer to what left at ``sent_at``, and never shorter than before."""
        wait_s = asked_s
        if sent_at >= self.until:
            doubled_s = growth.first_s * 2 ** min(self._holds, _MOST_DOUBLINGS)
            wait_s = max(asked_s, min(growth.longest_s, doubled_s) * rng.uniform(1.0, 1.0 + JITTER))
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
