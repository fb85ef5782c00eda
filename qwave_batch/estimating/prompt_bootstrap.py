"""A bootstrap over prompts: the same estimate, had other prompts been asked.

Answers about one prompt are not independent, so that whole prompts are drawn, with all that is known of them. A draw is
a weight for each prompt: how often it came.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from qwave_batch import lazy
from qwave_batch.estimating.intervals import Interval, lower_percentile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.float64]
    Truths: TypeAlias = NDArray[np.bool_]

SEED = 20_261_128
"""Any number; always the same, so that the same answers give the same intervals."""
_MOST_WEIGHTS = 1 << 20
"""Weights that are in memory at once."""


def drawn_weights(prompts: int, draws: int, *, seed: int = SEED) -> "Iterator[Numbers]":
    """Yield the weights of some draws after others, an array of draws and prompts: how often each prompt came."""
    np = lazy.np
    rng = np.random.default_rng(seed)
    at_once = max(1, _MOST_WEIGHTS // prompts)
    for start in range(0, draws, at_once):
        rows = min(at_once, draws - start)
        # counted by hand, since numpy's multinomial takes five times as long
        chosen = rng.integers(0, prompts, size=(rows, prompts)) + prompts * np.arange(rows)[:, None]
        yield np.bincount(chosen.ravel(), minlength=rows * prompts).reshape(rows, prompts).astype(float)


def interval_of_draws(values: "Numbers", prompts: int) -> Interval | None:
    """Return the interval of a number that was computed for each draw; draws in which it could not be are NaN."""
    np = lazy.np
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    share = lower_percentile(prompts)
    low, high = np.quantile(known, (share, 1 - share))
    return Interval(float(low), float(high))
