"""How long a run will still take: by how fast jobs have ended lately, and never less than known limits allow. Pure."""

import math
from collections import deque

LATELY_S = 60.0
"""Limits are mostly per minute, so that a minute holds more than one burst."""
LONG_S = 90.0
"""Pauses up to this length, as of limits per minute, are among what was seen lately."""
FEWEST_S = 5.0
"""A shorter time tells little."""
FEWEST = 16
_REMEMBERED = 4096


class CompletionHistory:
    """When jobs of a run have come to an end lately; times are monotonic seconds."""

    def __init__(self, started_at: float) -> None:
        self._at: deque[float] = deque([started_at], maxlen=_REMEMBERED)
        self._is_any = False

    def add(self, now: float) -> None:
        """Take in that a job has ended."""
        self._at.append(now)
        self._is_any = True

    @property
    def last_at(self) -> float:
        """When the last job has ended; when the run began while none has."""
        return self._at[-1]

    def seconds_each(self, alive: int) -> float | None:
        """Return how many seconds it takes lately until another job ends; None while none has.

        It is what the last minute or two say before the last end, or as many ends as two rounds of the tasks that are
        alive, if these go back further: tasks that began together end together. Of all such stretches the best one
        counts, as one that begins just after a burst and ends within the next holds too few.
        """
        if not self._is_any:
            return None
        least, best_s = max(FEWEST, 2 * alive), math.inf
        for number, at in enumerate(reversed(self._at)):
            span_s = self.last_at - at
            if number >= least and span_s >= LATELY_S:
                best_s = min(best_s, span_s / number)
                if span_s >= 2 * LATELY_S:
                    return best_s
        span_s, number = self.last_at - self._at[0], len(self._at) - 1
        # in its first round as many end in about that time as there are
        return min(best_s, max(FEWEST_S, span_s) / max(number, alive if number < least else 0))


def time_left(
    jobs: int, ends: CompletionHistory, *, alive: int, opens_at: float, last_submit_at: float, now: float
) -> float | None:
    """Return how many seconds a run will still take; None when nobody can tell.

    Args:
        jobs: What is left to do.
        ends: When others have come to an end.
        alive: Tasks alive at the API.
        opens_at: When the wait ends that all submits are in, if they are in one.
        last_submit_at: The earliest time at which the limits that are known let the last submit leave.
        now: The present.
    """
    if not jobs:
        return 0.0
    wait_s = opens_at - now
    least_s = max(wait_s, last_submit_at - now)
    each_s = ends.seconds_each(alive)
    if each_s is None:
        return least_s if least_s > LONG_S else None
    due_s = jobs * each_s - (now - ends.last_at)
    if opens_at - ends.last_at > LONG_S and wait_s > 0:  # a pause that is not among what was seen so far
        due_s = wait_s + jobs * each_s
    elif due_s <= 0 and wait_s <= 0:  # the next end is overdue, and no limit says why
        return least_s if least_s > LONG_S else None
    return max(due_s, least_s)
