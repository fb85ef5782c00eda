"""Confidence intervals at 95 %: Wilson's for a rate, and the percentiles of a bootstrap. Pure.

The percentiles are expanded (Hesterberg 2015, "What Teachers Should Know About the Bootstrap"): the plain 2.5 % and
97.5 % are too narrow for few prompts, by the same factor by which a normal quantile is smaller than Student's.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

_NORMAL = NormalDist()
Z = _NORMAL.inv_cdf(0.975)
LEAST_PROMPTS = 2
"""Fewer can't be drawn anew."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The bounds of an estimate, at 95 %."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """The distance between the bounds."""
        return self.high - self.low


def wilson(rate: float, number: float) -> Interval:
    """Return Wilson's score interval of a rate of ``number`` independent answers."""
    if not number:
        return Interval(0.0, 1.0)
    scale = 1 + Z**2 / number
    middle = (rate + Z**2 / (2 * number)) / scale
    half = Z / scale * math.sqrt(rate * (1 - rate) / number + Z**2 / (4 * number**2))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def lower_percentile(prompts: int) -> float:
    """Return the share of bootstrap draws below the lower bound, and above the upper one, for so many prompts."""
    return _NORMAL.cdf(-math.sqrt(prompts / (prompts - 1)) * student_quantile(prompts - 1))


def student_quantile(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's distribution, by its expansion around the normal one."""
    z, n = Z, degrees
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92_160 * n**4)
    )
