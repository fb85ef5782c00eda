"""Who has to wait because the server said so: a model, the polls, or the whole account. Pure."""

import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class Brake:
    """The times before which nothing of a kind may leave; monotonic seconds."""

    _models: dict[str, float] = field(default_factory=dict)
    _held_from: dict[str, float] = field(default_factory=dict)
    _passed: float = -math.inf
    """When the newest submit left that made a task."""
    _submits: float = 0.0
    _polls: float = 0.0

    def submits_open_at(self, model: str) -> float:
        """Return when submits of a model may leave again; in the past when they may now."""
        return max(self._models.get(model, 0.0), self._submits)

    def polls_open_at(self) -> float:
        """Return when polls may leave again."""
        return self._polls

    def hold_model(self, model: str, until: float, now: float, *, sent_at: float | None = None) -> bool:
        """Take a 429 on a submit to mean its model; return whether it turned out to be the account's.

        It is the account's when the submit left after another model's hold began, and none that did has got through.

        Args:
            model: The model.
            until: When its submits may leave again.
            now: The present.
            sent_at: When the submit left; None is now.
        """
        left_at = now if sent_at is None else sent_at
        others = [name for name, time in self._models.items() if name != model and time > now]
        if self._models.get(model, 0.0) <= now:
            self._held_from[model] = now
        self._models[model] = max(until, self._models.get(model, 0.0))
        if any(self._passed <= self._held_from[name] < left_at for name in others):
            self.hold_submits(max(until, *(self._models[name] for name in others)))
            return True
        return False

    def let_through(self, sent_at: float) -> None:
        """Note that a submit that left at ``sent_at`` has made a task."""
        self._passed = max(self._passed, sent_at)

    def hold_submits(self, until: float) -> None:
        """Hold all submits: a quota window is the account's."""
        self._submits = max(self._submits, until)

    def hold_all(self, until: float) -> None:
        """Hold everything: a 429 on a poll comes from a bucket that counts all requests."""
        self._polls = max(self._polls, until)
        self.hold_submits(until)
