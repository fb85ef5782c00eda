"""When to ask next how a task stands: near where results of its model have come, then closer together. Pure."""

import random
from collections import deque
from statistics import quantiles

REMEMBERED = 101
"""Latencies kept of each model; old ones make room, so that a model that slows down is followed."""
ENOUGH = 5
COLD_FIRST_S = 0.8
"""Before anything is known: early, since fast models answer within a second."""
SHORTEST_S = 0.1
LONGEST_S = 5.0
"""The documents advise to ask every 2 to 5 seconds."""
GROWTH = 1.35
SPREAD = 0.15


class PollTimes:
    """What has been learned of each model's latency, and the times to ask that follow from it."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._latencies: dict[str, deque[float]] = {}
        self._known: dict[str, tuple[float, float] | None] = {}

    def learn(self, model: str, latency_s: float) -> None:
        """Take in how long a task took."""
        self._latencies.setdefault(model, deque(maxlen=REMEMBERED)).append(latency_s)
        self._known.pop(model, None)

    def first_s(self, model: str) -> float:
        """Return seconds from submit to the first question: by then about half of the tasks are done."""
        known = self._quartiles(model)
        if known is None:
            return COLD_FIRST_S * self._rng.uniform(0.5, 1.5)  # spread, so that the first wave is no herd
        middle, _ = known
        return self._spread(middle)

    def next_s(self, model: str, asked: int) -> float:
        """Return seconds from one question to the next, after ``asked`` of them were too early."""
        known = self._quartiles(model)
        step = COLD_FIRST_S / 2 if known is None else max(SHORTEST_S, (known[1] - known[0]) / 2, known[0] / 12)
        return self._spread(min(LONGEST_S, step * GROWTH ** min(asked - 1, 20)))

    def _spread(self, wait_s: float) -> float:
        return wait_s * self._rng.uniform(1 - SPREAD, 1 + SPREAD)

    def _quartiles(self, model: str) -> tuple[float, float] | None:
        """Return the middle and the upper quartile of what is remembered."""
        if model not in self._known:
            seen = self._latencies.get(model, ())
            cuts = quantiles(seen, n=4) if len(seen) >= ENOUGH else None
            self._known[model] = (cuts[1], cuts[2]) if cuts else None
        return self._known[model]
