"""The ages that latencies are counted by: edges a few percent apart, from a moment to an hour. Pure."""

import math
from itertools import accumulate, pairwise, repeat
from operator import mul

SMALLEST_S = 0.04
"""What is quicker counts as one."""
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
    """Return the index of the edge that is nearest to an age; the first and the last take in all that lies beyond."""
    if age_s < SMALLEST_S:
        return int(age_s > SMALLEST_S / 2)
    if age_s >= LARGEST_S:
        return BINS
    return 1 + round(math.log(age_s / SMALLEST_S) / _LOG_RATIO)
