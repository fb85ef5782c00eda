"""The mean of a score with its interval at 95 %: a bootstrap over prompts. Pure.

Images of one prompt are not independent, so that whole prompts are drawn, with all their images. For many prompts the
bootstrap takes long and comes to the same as the standard error over prompts, which is used then. It is plain Python:
a report is made without any extra, and ``estimating.prompt_bootstrap`` needs numpy.
"""

import math
import random
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import truediv

from qwave_batch.estimating.intervals import LEAST_PROMPTS, Interval, lower_percentile, student_quantile

DRAWS = 1_000
MOST_DRAWN = 300
"""Prompts; more of them are not drawn."""
_SEED = 20_261_129
"""Any number; always the same, so that the same scores give the same intervals."""


def mean_interval(sums: Sequence[float], counts: Sequence[int]) -> Interval | None:
    """Return the interval of the mean over all images.

    Args:
        sums: The sum of the scores of each prompt's images.
        counts: How many those are, for each prompt; none is 0.

    Returns:
        None below two prompts, and where the numbers are too large to add.
    """
    prompts, mean = len(sums), sum(sums) / sum(counts)
    if prompts < LEAST_PROMPTS or not math.isfinite(mean):
        return None
    found = _drawn(sums, counts) if prompts <= MOST_DRAWN else _by_standard_error(sums, counts, mean)
    return found if math.isfinite(found.low) and math.isfinite(found.high) else None


def _drawn(sums: Sequence[float], counts: Sequence[int]) -> Interval:
    prompts = len(sums)
    totals = [sum(map(sums.__getitem__, draw)) for draw in _draws(prompts)]
    if len(set(counts)) == 1:
        means = sorted(total / (prompts * counts[0]) for total in totals)
    else:
        numbers = (sum(map(counts.__getitem__, draw)) for draw in _draws(prompts))
        means = sorted(map(truediv, totals, numbers))
    share = lower_percentile(prompts)
    return Interval(_quantile(means, share), _quantile(means, 1 - share))


@lru_cache(maxsize=4)
def _draws(prompts: int) -> tuple["array[int]", ...]:
    rng, all_of_them = random.Random(_SEED), range(prompts)  # noqa: S311 - it draws a sample, and keeps no secret
    return tuple(array("H", rng.choices(all_of_them, k=prompts)) for _ in range(DRAWS))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile, between two values in proportion."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _by_standard_error(sums: Sequence[float], counts: Sequence[int], mean: float) -> Interval:
    prompts, images = len(sums), sum(counts)
    gaps = (total - count * mean for total, count in zip(sums, counts, strict=True))
    square = sum(gap * gap for gap in gaps)  # infinite where it is too large, which ** would raise
    half = student_quantile(prompts - 1) * math.sqrt(prompts / (prompts - 1) * square) / images
    return Interval(mean - half, mean + half)
