"""Intervals of means and percentiles by ten thousand draws of prompts. Pure, and the same for the same numbers."""

import math
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.errors import MissingExtra
from qwave_batch.estimating.intervals import LEAST_PROMPTS, Interval
from qwave_batch.estimating.prompt_bootstrap import drawn_weights, interval_of_draws

if TYPE_CHECKING:
    from qwave_batch.estimating.prompt_bootstrap import Numbers

Bounds = tuple[float | None, float | None]
NO_BOUNDS: Bounds = (None, None)
DRAWS = 10_000
_FEWEST_DRAWS = 1_000
_ROUNDING = 1e-12
_MOST_WEIGHTS = 20_000_000
"""Weights of all draws together: above two thousand prompts there are fewer draws, of many more prompts each."""


def check_can_draw() -> None:
    """Refuse to estimate intervals where the library for it is not installed.

    Raises:
        MissingExtra: it is not.
    """
    if find_spec("numpy") is None:
        raise MissingExtra("an interval of scores", "numpy", "gate")


def draws_of(prompts: int) -> int:
    """Return how often so many prompts are drawn anew."""
    return max(_FEWEST_DRAWS, min(DRAWS, _MOST_WEIGHTS // prompts))


def interval_of_mean(values: Sequence[float], bounds: Bounds = NO_BOUNDS) -> Interval | None:
    """Return the interval at 95 % of the mean of a value for each prompt; None below two prompts.

    If all values are equal, every draw is. The interval is then as wide as prompts that were not asked may make it,
    and without bounds it has no width.

    Args:
        values: The values.
        bounds: The least and the most that a value can be; None for no bound.
    """
    if len(values) >= LEAST_PROMPTS and are_equal(values):
        return _interval_of_equals(values[0], len(values), bounds)
    numbers = lazy.np.array(values, dtype=float)
    return _interval(len(values), lambda weights: weights @ numbers / len(numbers))


def _interval_of_equals(value: float, prompts: int, bounds: Bounds) -> Interval:
    """Return the interval where all prompts have the same value.

    If more than this share of all prompts had another one, so many equal ones would come in less than 2.5 of 100 cases
    (the exact interval of a rate, where none of ``n`` differs); at worst those have the least or the most value.
    """
    share = 1 - 0.025 ** (1 / prompts)
    least, most = (value if bound is None else bound for bound in bounds)
    return Interval(value - share * (value - least), value + share * (most - value))


def are_equal(values: Sequence[float]) -> bool:
    """Whether values are all the same, but for what comes of rounding."""
    return math.isclose(min(values), max(values), rel_tol=_ROUNDING, abs_tol=_ROUNDING)


def interval_of_percentile(of_prompts: Sequence[Sequence[float]], percent: float) -> Interval | None:
    """Return the interval at 95 % of a percentile of all values, some for each prompt; None below two prompts."""
    np = lazy.np
    numbers = np.array([value for values in of_prompts for value in values], dtype=float)
    prompts = np.array([prompt for prompt, values in enumerate(of_prompts) for _ in values])
    order = np.argsort(numbers, kind="stable")
    numbers, prompts = numbers[order], prompts[order]

    def percentiles(weights: "Numbers") -> "Numbers":
        counts = np.cumsum(weights[:, prompts], axis=1)
        wanted = np.array([nearest_rank(int(number), percent) for number in counts[:, -1]])
        found: Numbers = numbers[np.argmax(counts >= wanted[:, None], axis=1)]
        return found

    return _interval(len(of_prompts), percentiles)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value at which so many percent of all values are at or below it."""
    return sorted(values)[nearest_rank(len(values), percent) - 1]


def nearest_rank(number: int, percent: float) -> int:
    """Return the rank, from 1, of a percentile among so many values."""
    # a rank that is whole but for rounding is whole: 7 % of 100 values
    return max(1, math.ceil(round(number * percent / 100, 9)))


def _interval(prompts: int, estimate: "Callable[[Numbers], Numbers]") -> Interval | None:
    if prompts < LEAST_PROMPTS:
        return None
    drawn = [estimate(weights) for weights in drawn_weights(prompts, draws_of(prompts))]
    return interval_of_draws(lazy.np.concatenate(drawn), prompts)
