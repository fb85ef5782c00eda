"""The best ages to poll at, given the latency distribution: solved exactly by dynamic programming from the end. Pure.

A slot is occupied until the end of its task is noticed, and a poll has a price in seconds of a slot. Let ``cost(a)`` be
the expected cost of a task that is unfinished at age ``a``. The next poll, at ``t``, costs its price, the time between
an end before ``t`` and ``t``, and ``cost(t)`` if the task is still unfinished then. Multiplied by the share of tasks
that reach ``a``, the best ``t`` minimises a line in the share that has ended by ``a``, so that all ages together take
one walk along the lower envelope of those lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from qwave_batch.run.polling.latency_estimator import EDGES_S


@dataclass(frozen=True, slots=True)
class PollSchedule:
    """The next poll from each age on, and the expected cost."""

    following: Sequence[int]
    """For every edge the next one to poll at."""
    ended: Sequence[float]
    """For every edge the share of tasks that have ended by then."""
    polls: float
    """Expected polls per task."""
    delay_s: float
    """Expected delay from a task's end to its notice."""

    mean_s: float
    """Expected latency."""


def best_schedule(shares: Sequence[float], price_s: float, edges_s: Sequence[float] = EDGES_S) -> PollSchedule:
    """Return the schedule with the lowest cost.

    Args:
        shares: The probability that a task ends in each age bin.
        price_s: The price of a poll, in seconds of a slot.
        edges_s: The ages between the bins, at which polls are possible; at the last one all tasks have ended.
    """
    bins = len(shares)
    total = sum(shares)
    ended = [0.0, *accumulate([share / total for share in shares])]
    ended[bins] = 1.0
    waits = [
        (late - early) * (low + high) / 2
        for early, late, low, high in zip(edges_s, edges_s[1:], ended, ended[1:], strict=False)
    ]
    passed = [0.0, *accumulate(waits)]
    following = [bins] * (bins + 1)
    # the lines of the envelope, slopes falling; those before ``lowest`` are above it for all shares to come; in plain
    # lists, since an object for each line makes a fit, which is done over and over, take four times as long
    slopes, starts, targets = [edges_s[bins]], [passed[bins]], [bins]
    lowest = 0
    cost = 0.0
    for edge in range(bins - 1, -1, -1):
        share, age_s = ended[edge], edges_s[edge]
        least = starts[lowest] - slopes[lowest] * share
        while lowest + 1 < len(starts) and (next_line := starts[lowest + 1] - slopes[lowest + 1] * share) <= least:
            lowest, least = lowest + 1, next_line
        following[edge] = targets[lowest]
        cost = price_s * (1 - share) + least - passed[edge] + share * age_s
        start = passed[edge] + cost
        # the last line is hidden when it is nowhere the lowest of the line before it, itself and the new one
        while len(starts) - lowest > 1 and (starts[-2] - starts[-1]) * (slopes[-1] - age_s) <= (starts[-1] - start) * (
            slopes[-2] - slopes[-1]
        ):
            del slopes[-1], starts[-1], targets[-1]
        slopes.append(age_s)
        starts.append(start)
        targets.append(edge)
    polls, edge = 0.0, 0
    while edge < bins:
        polls += 1 - ended[edge]
        edge = following[edge]
    return PollSchedule(
        following=following,
        ended=ended,
        polls=polls,
        delay_s=max(0.0, cost - price_s * polls),
        mean_s=edges_s[bins] - passed[bins],
    )
