"""When to ask before anything is known: few questions at any age, spread over all tasks of a model. Pure."""

import math

FIRST_S = 0.2
"""The least age at which anything is asked; no image was ever made sooner."""
DENSITY = 12.0
"""Questions that all tasks together ask while their age grows by a factor of e."""
CLOSEST_GROWTH, WIDEST_GROWTH = 1.35, 150.0
"""Least and greatest growth of a task's age from one question to the next."""
_GOLDEN = (math.sqrt(5) - 1) / 2


def opening_s(unfinished_s: float, *, is_asked: bool, own_share: float, alive: int) -> float:
    """Return the next age of a task's own rhythm, which is the wider the more tasks there are to ask instead.

    Tasks that begin together would all be asked at once, and again, and again. So each has its own place in the
    rhythm, and the first end that is seen tells all others when to ask.

    Args:
        unfinished_s: The age at which the task was last seen unfinished.
        is_asked: Whether it was asked at all.
        own_share: The task's place in the rhythm, from 0 up to 1.
        alive: How many tasks are waited for.
    """
    growth = min(WIDEST_GROWTH, max(CLOSEST_GROWTH, math.exp(min(10.0, alive / DENSITY))))
    beats = math.log(max(unfinished_s, FIRST_S) / FIRST_S) / math.log(growth)
    # An answer comes a little after its beat, and the place may have moved: what is almost a beat was one.
    beat = max(0, math.floor(beats - own_share + 0.1) + is_asked)
    return FIRST_S * float(growth ** (own_share + beat))


def own_share(number: int) -> float:
    """Return a share of 1 of each number's own, spread evenly over any stretch of numbers."""
    return number * _GOLDEN % 1.0
