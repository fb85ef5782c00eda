"""Who has to wait because the server said so: a model, the polls, or the whole account. Pure."""

import math
import random
from dataclasses import dataclass, field

from qwave_batch.run.episode import SAID, UNSAID, Episode


@dataclass(slots=True)
class Brake:
    """The episodes of 429s, and with them the times before which nothing of a kind may leave; monotonic seconds."""

    rng: random.Random
    account: Episode = field(default_factory=Episode)
    """429s that are about the submits of all models."""
    polls: Episode = field(default_factory=Episode)
    """429s on polls."""
    _models: dict[str, Episode] = field(default_factory=dict)
    _passed: float = -math.inf
    """When the newest submit left that made a task."""

    def of(self, model: str) -> Episode:
        """Return the 429s on submits of a model."""
        return self._models.setdefault(model, Episode())

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

    def _hold(self, episode: Episode, wait_s: float | None, *, sent_at: float, now: float) -> None:
        growth = UNSAID if wait_s is None else SAID
        episode.hold(wait_s or 0.0, growth, sent_at=sent_at, now=now, rng=self.rng)
