"""Seeded randomness, and task latencies: distributions in a short notation such as ``normal(2,0.3)``."""

import math
import re
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist
from typing import Protocol

from qwave_batch.errors import UsageError

_NUMBER = r"\s*(\d+(?:\.\d+)?|\.\d+)\s*"
_CONSTANT = re.compile(_NUMBER)
_UNIFORM = re.compile(rf"{_NUMBER}\.\.{_NUMBER}")
_CALL = re.compile(rf"\s*(normal|lognormal)\s*\({_NUMBER},{_NUMBER}\)\s*")
_SMALLEST = 2.0**-54  # inverse distributions have no value at 0


class Latency(Protocol):
    """A distribution of seconds."""

    def draw(self, share: float) -> float:
        """Return the seconds within which this share of tasks (0 up to 1) has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """``2``: always the same."""

    seconds: float

    def draw(self, share: float) -> float:
        """Return the constant."""
        del share
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """``1..4``: uniformly distributed."""

    low: float
    high: float

    def draw(self, share: float) -> float:
        """Return the seconds within which this share of tasks has ended."""
        return self.low + (self.high - self.low) * share


@dataclass(frozen=True, slots=True)
class Normal:
    """``normal(2,0.3)``: mean and standard deviation in seconds, never below 0."""

    mean: float
    deviation: float

    def draw(self, share: float) -> float:
        """Return the seconds within which this share of tasks has ended."""
        return max(0.0, self.mean + self.deviation * _standard_normal(share))


@dataclass(frozen=True, slots=True)
class Lognormal:
    """``lognormal(2,0.35)``: the median in seconds, and sigma; a few tasks take much longer than most."""

    median: float
    sigma: float

    def draw(self, share: float) -> float:
        """Return the seconds within which this share of tasks has ended."""
        return self.median * math.exp(self.sigma * _standard_normal(share))


def parse_latency(text: str) -> Latency:
    """Return the distribution that ``text`` describes; UsageError when it describes none."""
    if match := _CONSTANT.fullmatch(text):
        return Constant(float(match[1]))
    if match := _UNIFORM.fullmatch(text):
        low, high = float(match[1]), float(match[2])
        if low <= high:
            return Uniform(low, high)
    if match := _CALL.fullmatch(text):
        shape = Normal if match[1] == "normal" else Lognormal
        return shape(float(match[2]), float(match[3]))
    raise UsageError(
        f'latency "{text}" is none of: seconds (2), a range (1..4), normal(mean,deviation), lognormal(median,sigma)'
    )


def _standard_normal(share: float) -> float:
    return NormalDist().inv_cdf(max(share, _SMALLEST))


_SEPARATOR = "\x1f"


def fraction(*facts: object) -> float:
    """Return a number from 0 up to but not including 1 that depends only on ``facts``."""
    text = _SEPARATOR.join(map(str, facts))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * 2.0**-53


def pick(count: int, *facts: object) -> int:
    """Return a whole number from 0 to ``count - 1`` that depends only on ``facts``."""
    return int(fraction(*facts) * count)
