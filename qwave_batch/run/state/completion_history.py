"""Estimates the time left of a run from recent completions, and never less than known limits allow. Pure."""

import math
from collections import deque
from itertools import islice

LATELY_S = 60.0
"""Most limits are per minute, so a minute has more than one burst."""
LONG_S = 90.0
"""Pauses up to this length, such as those of limits per minute, are part of the recent rate."""
FEWEST_S = 5.0
"""A shorter time is not representative."""
FEWEST = 16
_REMEMBERED = 4096


class CompletionHistory:
    """Times of the recent completions of a run; times are monotonic seconds."""

    def __init__(self, started_at: float) -> None:
        self._at: deque[float] = deque([started_at], maxlen=_REMEMBERED)
        self._is_any = False

    def add(self, now: float) -> None:
        """Record that a job has ended."""
        self._at.append(now)
        self._is_any = True

    @property
    def last_at(self) -> float:
        """When the last job ended; the start of the run if none has."""
        return self._at[-1]

    def seconds_each(self, alive: int) -> float | None:
        """Return the recent number of seconds per completed job; None while none has completed.

        It is the rate of the last minute or two before the last end, or of as many ends as two rounds of the tasks
        alive, if they go back further: tasks that began together end together. The highest rate of these periods
        counts, since one that begins just after a burst and ends within the next has too few.
        """
        if not self._is_any:
            return None
        least, best_s, last_at = max(FEWEST, 2 * alive), math.inf, self.last_at
        for number, at in enumerate(islice(reversed(self._at), least, None), start=least):
            span_s = last_at - at
            if span_s >= LATELY_S:
                best_s = min(best_s, span_s / number)
                if span_s >= 2 * LATELY_S:
                    return best_s
        span_s, number = last_at - self._at[0], len(self._at) - 1
        # in its first round about as many end in that time as there are
        return min(best_s, max(FEWEST_S, span_s) / max(number, alive if number < least else 0))


def time_left(
    jobs: int, ends: CompletionHistory, *, alive: int, opens_at: float, last_submit_at: float, now: float
) -> float | None:
    """Return the estimated seconds left of a run; None if there is no estimate.

    Args:
        jobs: The number of jobs left.
        ends: The recent completions.
        alive: Tasks alive at the API.
        opens_at: The end of the wait that all submits are in, if any.
        last_submit_at: The earliest time at which the known limits allow the last submit.
        now: The current time.
    """
    if not jobs:
        return 0.0
    wait_s = opens_at - now
    least_s = max(wait_s, last_submit_at - now)
    each_s = ends.seconds_each(alive)
    if each_s is None:
        return least_s if least_s > LONG_S else None
    due_s = jobs * each_s - (now - ends.last_at)
    if opens_at - ends.last_at > LONG_S and wait_s > 0:  # a pause that is not part of the recent rate
        due_s = wait_s + jobs * each_s
    elif due_s <= 0 and wait_s <= 0:  # the next end is overdue, and no limit explains it
        return least_s if least_s > LONG_S else None
    return max(due_s, least_s)
