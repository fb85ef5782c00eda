"""A spell of answers that say `not now`, from the first to a success: how long it lasts and holds. Pure."""

import math
import random
from dataclasses import dataclass, field

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

    def hold(self, asked_s: float, growth: HoldPolicy, *, sent_at: float, now: float, rng: random.Random) -> None:
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


@dataclass(slots=True)
class Brake:
    """The episodes of 429s, and with them the times before which nothing of a kind may leave; monotonic seconds."""

    rng: random.Random
    account: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """429s that are about the submits of all models."""
    polls: ThrottleEpisode = field(default_factory=ThrottleEpisode)
    """429s on polls."""
    _models: dict[str, ThrottleEpisode] = field(default_factory=dict)
    _passed: float = -math.inf
    """When the newest submit left that made a task."""

    def of(self, model: str) -> ThrottleEpisode:
        """Return the 429s on submits of a model."""
        return self._models.setdefault(model, ThrottleEpisode())

    def submits_open_at(self, model: str) -> float:
        """Return when submits of a model may leave again; in the past when they may now."""
        return max(self.of(model).until, self.account.until)

    def polls_open_at(self) -> float:
        """Return when polls may leave again."""
        return self.polls.until

    def throttle_model(self, model: str, wait_s: float | None, *, sent_at: float, now: float) -> bool:
        """Take a 429 on a submit to mean its model; return whether it turned out to be the account's.

        It is the account's when the submit left after another model's hold began, and none that did has got through.

        Args:
            model: The model.
            wait_s: How long it asks to wait, if it says.
            sent_at: When the submit left.
            now: The present.
        """
        others = [episode for name, episode in self._models.items() if name != model and episode.until > now]
        episode = self.of(model)
        self._hold(episode, wait_s, sent_at=sent_at, now=now)
        if any(self._passed <= other.held_from < sent_at for other in others):
            self.account.hold_until(max(episode.until, *(other.until for other in others)), now)
            return True
        return False

    def throttle_account(self, wait_s: float | None, *, sent_at: float, now: float) -> None:
        """Hold all submits: a quota window is the account's."""
        self._hold(self.account, wait_s, sent_at=sent_at, now=now)

    def throttle_polls(self, wait_s: float | None, *, now: float) -> None:
        """Hold everything: a 429 on a poll comes from a bucket that counts all requests."""
        self._hold(self.polls, wait_s, sent_at=now, now=now)
        self.account.hold_until(self.polls.until, now)

    def let_through(self, model: str, sent_at: float) -> None:
        """Take in that a submit that left at ``sent_at`` has made a task."""
        self._passed = max(self._passed, sent_at)
        self.of(model).close(sent_at)
        self.account.close(sent_at)

    def _hold(self, episode: ThrottleEpisode, wait_s: float | None, *, sent_at: float, now: float) -> None:
        growth = UNSAID if wait_s is None else SAID
        episode.hold(wait_s or 0.0, growth, sent_at=sent_at, now=now, rng=self.rng)


BASE_S = 0.5
LONGEST_S = 30.0


def backoff_s(tries: int, rng: random.Random) -> float:
    """Return seconds to wait after ``tries`` failures (from 1): doubling, with full jitter against herds."""
    return rng.uniform(0.0, min(LONGEST_S, BASE_S * 2 ** min(tries, 16)))
