"""What is known of a model's latency: a histogram, from intervals in which tasks were seen to end. Pure.

All that an answer tells is an interval: a task was not done at the last question before, and done at this one. When
a completion was *seen* says more about when we ask than about the model, and whoever learns from it asks later and
later. So the histogram is the most likely one given intervals (expectation-maximisation), smoothed after each fit;
tasks in flight count as intervals that are still open, or slow tasks would be noticed last.
"""

import math
from itertools import accumulate
from statistics import NormalDist

from qwave_batch.run.latency.ages import BINS, edge_near

HALF_LIFE = 100.0
"""A task counts half of one that was made so many tasks later, so that a model that changes is followed."""
ROUNDS = 4
"""Steps of expectation-maximisation in a fit; it begins where the last one has ended."""
FORGOTTEN = 0.02
"""Weight below which an interval is dropped, which bounds how many are kept."""
PRIOR_FROM_S, PRIOR_TO_S, PRIOR_SHARE = 0.2, 40.0, 0.95
"""Before anything is known: anything from a fifth of a second to 40 s, equally likely on a logarithmic scale."""
MIDDLE_SHARE = 0.25
WIDEST_SMOOTHING = 12
"""Bins to each side."""


def _prior() -> list[float]:
    first, last = edge_near(PRIOR_FROM_S), edge_near(PRIOR_TO_S)
    inside, outside = PRIOR_SHARE / (last - first), (1 - PRIOR_SHARE) / (BINS - last + first)
    return [inside if first <= number < last else outside for number in range(BINS)]


PRIOR = tuple(_prior())
"""Counts as one task, for ever, so that nothing is ever held impossible."""
_MIDDLE_DEVIATIONS = 2 * NormalDist().inv_cdf(0.5 + MIDDLE_SHARE / 2)


class Estimate:
    """The probability of each bin of ages, for one model.

    Tasks are numbered in the order they were made. Evidence fades by that number, not by when it comes in: a slow
    task that ends now belongs to those it was made with, most of which have ended long ago.
    """

    def __init__(self) -> None:
        self.shares: list[float] = list(PRIOR)
        """Of the last fit."""
        self.made = 0
        self.ended = 0
        """Tasks whose end was seen."""
        self._closed: dict[tuple[int, int], float] = {}
        self._open: dict[int, float] = {}
        """Weight of the tasks in flight by the edge at which they were last seen unfinished."""
        self._weighed_at = 0

    def begin(self) -> int:
        """Return the number of a task that was made now."""
        self.made += 1
        return self.made

    def not_yet(self, number: int, before_s: float, age_s: float) -> None:
        """Take in that a task, last seen unfinished at ``before_s``, is unfinished at ``age_s``."""
        self.leave(number, before_s)
        edge = edge_near(age_s)
        if edge:
            self._open[edge] = self._open.get(edge, 0.0) + self._weight(number)

    def leave(self, number: int, before_s: float) -> None:
        """Forget a task in flight that was last seen unfinished at ``before_s``."""
        edge = edge_near(before_s)
        if edge:
            self._open[edge] = max(0.0, self._open.get(edge, 0.0) - self._weight(number))

    def done(self, number: int, after_s: float, by_s: float) -> None:
        """Take in that a task ended at an age above ``after_s`` and up to ``by_s``."""
        first, last = edge_near(after_s), edge_near(by_s)
        if last <= first:
            last = max(1, edge_near((after_s + by_s) / 2))
            first = last - 1
        self._closed[first, last] = self._closed.get((first, last), 0.0) + self._weight(number)
        self.ended += 1

    def fit(self) -> None:
        """Bring ``shares`` up to what was taken in."""
        self._fade()
        weight = sum(self._closed.values()) + sum(self._open.values())
        shares = self.shares
        for _ in range(ROUNDS):
            shares = self._step(shares, weight + 1)
        self.shares = _smoothed(shares, _smoothing(shares, weight)) if weight else shares

    def _weight(self, number: int) -> float:
        return math.exp2((number - self._weighed_at) / HALF_LIFE)

    def _fade(self) -> None:
        faded = 1 / self._weight(self.made)
        self._closed = {ends: left for ends, weight in self._closed.items() if (left := weight * faded) > FORGOTTEN}
        self._open = {edge: left for edge, weight in self._open.items() if (left := weight * faded) > FORGOTTEN}
        self._weighed_at = self.made

    def _step(self, shares: list[float], weight: float) -> list[float]:
        """Return shares that are at least as likely: every task is dealt out over its interval as ``shares`` say."""
        below = [0.0, *accumulate(shares)]
        rises = [0.0] * (BINS + 1)
        for (first, last), count in self._closed.items():
            density = count / max(below[last] - below[first], 1e-12)
            rises[first] += density
            rises[last] -= density
        for edge, count in self._open.items():
            first = min(edge, BINS - 1)
            rises[first] += count / max(below[BINS] - below[first], 1e-12)
        return [
            (share * factor + prior) / weight
            for share, factor, prior in zip(shares, accumulate(rises), PRIOR, strict=False)
        ]


def _smoothing(shares: list[float], weight: float) -> int:
    """Return over how many bins to each side to smooth: by the rule of thumb for densities, from the narrowest hump.

    A deviation over everything would smear two humps into one; the shortest stretch that holds a quarter does not.
    """
    below = list(accumulate(shares))
    held, shortest, last, before = MIDDLE_SHARE * below[-1], BINS, 0, 0.0
    for first in range(BINS):
        while last < BINS and below[last] - before < held:
            last += 1
        if last == BINS:
            break
        shortest = min(shortest, last + 1 - first)
        before = below[first]
    deviation = 0.9 * shortest / _MIDDLE_DEVIATIONS * max(weight, 1.0) ** -0.2
    return min(WIDEST_SMOOTHING, round((math.sqrt(12 * deviation**2 + 1) - 1) / 2))


def _smoothed(shares: list[float], bins: int) -> list[float]:
    """Return moving means over ``bins`` to each side."""
    if not bins:
        return shares
    mirrored = [*shares[bins - 1 :: -1], *shares, *shares[: -bins - 1 : -1]]  # nothing gets lost beyond the ends
    below = [0.0, *accumulate(mirrored)]
    width = 2 * bins + 1
    return [(high - low) / width for low, high in zip(below, below[width:], strict=False)]
