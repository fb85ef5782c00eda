"""A histogram of a model's latency from the intervals in which tasks ended (a Turnbull estimator). Pure.

An answer only gives an interval: a task had not ended at the previous poll, and had at this one. The time at which an
end was *seen* depends more on the polls than on the model, and a run that learned from it would poll later and later.
So the histogram is the most likely one given the intervals (expectation-maximisation), smoothed after each fit; tasks
in flight count as open intervals, otherwise slow tasks would be noticed last.
"""

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise, repeat
from operator import mul
from statistics import NormalDist

from qwave_batch.model.task import Task

SMALLEST_S = 0.04
"""Faster tasks count as having this latency."""
LARGEST_S = 3600.0
RATIO = 1.025
"""Finer than the spread of any latency worth telling apart from a constant."""

_LOG_RATIO = math.log(RATIO)
_STEPS = math.ceil(math.log(LARGEST_S / SMALLEST_S) / _LOG_RATIO)

EDGES_S = (0.0, *accumulate(repeat(RATIO, _STEPS), mul, initial=SMALLEST_S))
"""Ages in seconds, rising; a bin lies between two neighbours."""
BINS = len(EDGES_S) - 1
WIDTHS_S = tuple(after - before for before, after in pairwise(EDGES_S))


def edge_near(age_s: float) -> int:
    """Return the index of the edge nearest to an age; the first and the last include everything beyond."""
    if age_s < SMALLEST_S:
        return int(age_s > SMALLEST_S / 2)
    if age_s >= LARGEST_S:
        return BINS
    return 1 + round(math.log(age_s / SMALLEST_S) / _LOG_RATIO)


HALF_LIFE = 100.0
"""The weight of a task halves after this many further tasks, so that changes of a model are followed."""
ROUNDS = 4
"""Expectation-maximisation steps per fit; each fit continues from the last one."""
FORGOTTEN = 0.02
"""Weight below which an interval is dropped, which bounds how many are kept."""
PRIOR_FROM_S, PRIOR_TO_S, PRIOR_SHARE = 0.2, 40.0, 0.95
"""The prior: from a fifth of a second to 40 s, equally likely on a logarithmic scale."""
MIDDLE_SHARE = 0.25
WIDEST_SMOOTHING = 12
"""Bins to each side."""


def _prior() -> list[float]:
    first, last = edge_near(PRIOR_FROM_S), edge_near(PRIOR_TO_S)
    inside, outside = PRIOR_SHARE / (last - first), (1 - PRIOR_SHARE) / (BINS - last + first)
    return [inside if first <= number < last else outside for number in range(BINS)]


PRIOR = tuple(_prior())
"""Counts permanently as one task, so that nothing is ever considered impossible."""
_MIDDLE_DEVIATIONS = 2 * NormalDist().inv_cdf(0.5 + MIDDLE_SHARE / 2)


class LatencyEstimator:
    """The probability of each age bin, for one model.

    Tasks are numbered in the order of creation. Evidence fades by that number, not by its time of arrival: a slow task
    that ends now belongs to those created with it, most of which have ended long ago.
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
        """Return the number of a task that was created now."""
        self.made += 1
        return self.made

    def not_yet(self, number: int, before_s: float, age_s: float) -> None:
        """Record that a task, last seen unfinished at ``before_s``, is unfinished at ``age_s``."""
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
        """Record that a task ended at an age above ``after_s`` and up to ``by_s``."""
        first, last = edge_near(after_s), edge_near(by_s)
        if last <= first:
            last = max(1, edge_near((after_s + by_s) / 2))
            first = last - 1
        self._closed[first, last] = self._closed.get((first, last), 0.0) + self._weight(number)
        self.ended += 1

    def fit(self) -> None:
        """Update ``shares`` with the recorded evidence."""
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
        """Return shares that are at least as likely: each task is distributed over its interval by ``shares``."""
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
    """Return the smoothing width in bins to each side: by the rule of thumb for densities, from the narrowest peak.

    The overall deviation would merge two peaks; the shortest interval with a quarter of the weight does not.
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
    """Return moving averages over ``bins`` to each side."""
    if not bins:
        return shares
    mirrored = [
        *shares[bins - 1 :: -1],
        *shares,
        *shares[: -bins - 1 : -1],
    ]  # mirrored, so that no weight is lost at the ends
    below = [0.0, *accumulate(mirrored)]
    width = 2 * bins + 1
    return [(high - low) / width for low, high in zip(below, below[width:], strict=False)]


LATE_SHARE, LATE_S = 0.02, 0.02
"""An end this shortly before the poll may have been stamped by the poll itself."""
MILLISECOND_S, SECOND_S = 0.001, 1.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """The latency of a task by the API's own clock."""

    latency_s: float
    precision_s: float
    """Its maximum error."""


def read_stamp(task: Task) -> Stamp | None:
    """Return the latency that the answer about an ended task states; None if it does not."""
    if task.created_at is None or task.completed_at is None:
        return None
    is_whole = task.created_at.is_integer() and task.completed_at.is_integer()
    return Stamp(task.completed_at - task.created_at, SECOND_S if is_whole else MILLISECOND_S)


def narrowed(after_s: float, by_s: float, stamp: Stamp | None) -> tuple[float, float]:
    """Return the age interval in which a task ended: from the answers, narrowed by a stamp inside it.

    A server may set its stamp when it is polled, which looks like an end just before the poll. A run that trusted it
    would poll later and later.

    Args:
        after_s: The age at which it was unfinished.
        by_s: The age at which it was found to have ended.
        stamp: The latency stated by the API.
    """
    if stamp is None or not math.isfinite(stamp.latency_s):
        return after_s, by_s
    least_s, most_s = stamp.latency_s - stamp.precision_s, stamp.latency_s + stamp.precision_s
    if stamp.latency_s > by_s - max(LATE_S, LATE_SHARE * by_s) or most_s <= after_s:
        return after_s, by_s
    return max(after_s, least_s), min(by_s, most_s)
