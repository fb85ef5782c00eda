"""A bootstrap over prompts: what the counts might have been, had other prompts been asked.

Votes on one prompt are not independent, so that whole prompts are drawn, with all their votes. A draw is a weight for
each prompt: how often it came.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from qwave_batch import lazy
from qwave_batch.voting.intervals import LEAST_PROMPTS, Interval, lower_percentile
from qwave_batch.voting.pair_counts import OUTCOMES, PairCounts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.float64]
    Truths: TypeAlias = NDArray[np.bool_]

DRAWS = 1_000
SEED = 20_261_128
"""Any number; always the same, so that the same votes give the same intervals."""
_MOST_WEIGHTS = 1 << 21
"""Weights that are in memory at once."""


def drawn_counts(counts: PairCounts, *, draws: int = DRAWS, seed: int = SEED) -> "Numbers | None":
    """Return the outcomes of each pair in each draw: an array of draws, pairs and outcomes; None below two prompts."""
    if counts.prompts < LEAST_PROMPTS:
        return None
    np = lazy.np
    drawn = np.empty((draws, len(counts.counts), OUTCOMES))
    pairs = [
        (np.array(list(of_pair)), np.array(list(of_pair.values()), dtype=float)) for of_pair in counts.counts.values()
    ]
    start = 0
    for weights in _weights(counts.prompts, draws, seed):
        end = start + len(weights)
        for number, (prompts, outcomes) in enumerate(pairs):
            drawn[start:end, number] = weights[:, prompts] @ outcomes
        start = end
    return drawn


def _weights(prompts: int, draws: int, seed: int) -> "Iterator[Numbers]":
    """Yield the weights of some draws after others: how often each prompt came."""
    np = lazy.np
    rng = np.random.default_rng(seed)
    shares = np.full(prompts, 1 / prompts)
    at_once = max(1, _MOST_WEIGHTS // prompts)
    for start in range(0, draws, at_once):
        yield rng.multinomial(prompts, shares, size=min(at_once, draws - start)).astype(float)


def interval_of_draws(values: "Numbers", prompts: int) -> Interval | None:
    """Return the interval of a number that was computed for each draw; draws in which it could not be are NaN."""
    np = lazy.np
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    share = lower_percentile(prompts)
    low, high = np.quantile(known, (share, 1 - share))
    return Interval(float(low), float(high))
