"""The best ages to poll at, given the latency distribution: solved exactly by dynamic programming from the end. Pure.

A slot is occupied until the end of its task is noticed, and a poll has a price in seconds of a slot. Let ``cost(a)`` be
the expected cost of a task that is unfinished at age ``a``. The next poll, at ``t``, costs its price, the time between
an end before ``t`` and ``t``, and ``cost(t)`` if the task is still unfinished then. Multiplied by the share of tasks
that reach ``a``, the best ``t`` minimises a line in the share that has ended by ``a``, so that all ages together take
one walk along the lower envelope of those lines.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

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


class _CostLine(NamedTuple):
    slope: float
    start: float
    edge: int

    def at(self, ended: float) -> float:
        return self.start - self.slope * ended

    def is_hidden(self, before: "_CostLine", after: "_CostLine") -> bool:
        """Whether it is nowhere the lowest of three lines with falling slopes."""
        return (before.start - self.start) * (self.slope - after.slope) <= (self.start - after.start) * (
            before.slope - self.slope
        )


def best_schedule(shares: Sequence[float], price_s: float, edges_s: Sequence[float] = EDGES_S) -> PollSchedule:
    """Return the schedule with the lowest cost.

    Args:
        shares: The probability that a task ends in each age bin.
        price_s: The price of a poll, in seconds of a slot.
        edges_s: The ages between the bins, at which polls are possible; at the last one all tasks have ended.
    """
    bins = len(shares)
    total = sum(shares)
    ended = [0.0, *accumulate(share / total for share in shares)]
    ended[bins] = 1.0
    waits = (
        (late - early) * (low + high) / 2
        for (early, late), (low, high) in zip(pairwise(edges_s), pairwise(ended), strict=True)
    )
    passed = [0.0, *accumulate(waits)]
    following = [bins] * (bins + 1)
    lines = deque([_CostLine(edges_s[bins], passed[bins], bins)])
    cost = 0.0
    for edge in reversed(range(bins)):
        share, age_s = ended[edge], edges_s[edge]
        while len(lines) > 1 and lines[1].at(share) <= lines[0].at(share):
            lines.popleft()
        following[edge] = lines[0].edge
        cost = price_s * (1 - share) + lines[0].at(share) - passed[edge] + share * age_s
        line = _CostLine(age_s, passed[edge] + cost, edge)
        while len(lines) > 1 and lines[-1].is_hidden(lines[-2], line):
            lines.pop()
        lines.append(line)
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
