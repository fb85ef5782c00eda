"""The distribution of a model's latencies, in memory that does not grow with the number of jobs. Pure.

Counts are kept by logarithmic buckets, as in DDSketch: a quantile that is read from them is off by at most
``RELATIVE_ERROR``. The values themselves are kept beside them while they are few, and quantiles are exact then.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

FEW = 4_096
"""Values up to which quantiles are exact."""
_PER_DOUBLING = 32
_PER_BIN = 8
"""Buckets of a bin of the histogram: four bins for a doubling."""
RELATIVE_ERROR = (2 ** (1 / _PER_DOUBLING) - 1) / (2 ** (1 / _PER_DOUBLING) + 1)
"""Of a quantile once there are more values than ``FEW``: half the width of a bucket, 1.1 %."""
_LEAST_S = 0.001
"""Latencies are recorded to the millisecond."""


@dataclass(slots=True)
class LatencySketch:
    """Takes seconds one by one; two sketches can be added."""

    buckets: Counter[int] = field(default_factory=Counter)
    count: int = 0
    least: float = math.inf
    greatest: float = 0.0
    _few: "array[float] | None" = field(default_factory=lambda: array("d"))

    def add(self, seconds: float) -> None:
        """Count a value; one below a millisecond counts as a millisecond."""
        value = max(seconds, _LEAST_S)
        self.buckets[_bucket_of(value)] += 1
        self.count += 1
        self.least, self.greatest = min(self.least, value), max(self.greatest, value)
        if self._few is not None:
            self._few.append(value)
            self._few = self._few if self.count <= FEW else None

    @property
    def is_exact(self) -> bool:
        """Whether quantiles are exact."""
        return self._few is not None

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """Return the smallest values that at least such shares of all values do not exceed; there must be a value."""
        ranks = [max(1, math.ceil(share * self.count)) for share in shares]
        if self._few is not None:
            ordered = sorted(self._few)
            return [ordered[rank - 1] for rank in ranks]
        return [min(self.greatest, max(self.least, self._value_at(rank))) for rank in ranks]

    def _value_at(self, rank: int) -> float:
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return _middle_of(bucket)
        return self.greatest


@dataclass(frozen=True, slots=True)
class LatencyBins:
    """The bins that the histograms of several sketches share."""

    first: int
    count: int

    @classmethod
    def over(cls, sketches: Iterable[LatencySketch]) -> "LatencyBins":
        """Return the bins that hold every value; none without values."""
        bins = [bucket // _PER_BIN for sketch in sketches for bucket in sketch.buckets]
        return cls(min(bins), max(bins) - min(bins) + 1) if bins else cls(0, 0)

    @property
    def edges(self) -> list[float]:
        """The bins' edges in seconds, one more than there are bins; a bin holds its right edge, not its left one."""
        if not self.count:
            return []
        return [2 ** ((self.first + place) * _PER_BIN / _PER_DOUBLING) for place in range(self.count + 1)]

    def histogram(self, sketch: LatencySketch) -> list[int]:
        """Return how many values lie in each bin; it is exact."""
        counts = [0] * self.count
        for bucket, values in sketch.buckets.items():
            counts[bucket // _PER_BIN - self.first] += values
        return counts


def _bucket_of(value: float) -> int:
    """Return the number of the bucket whose upper end is the first that the value does not exceed."""
    return math.ceil(math.log2(value) * _PER_DOUBLING) - 1


def _middle_of(bucket: int) -> float:
    """Return the value from which no value of the bucket is further away than the relative error."""
    low = 2 ** (bucket / _PER_DOUBLING)
    return low * (1 + RELATIVE_ERROR)
