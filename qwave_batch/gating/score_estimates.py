"""A statistic of a score in a folder, with its interval over prompts. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from qwave_batch.estimating.intervals import Interval
from qwave_batch.gating.drawn_intervals import (
    NO_BOUNDS,
    Bounds,
    interval_of_mean,
    interval_of_percentile,
    percentile,
)
from qwave_batch.gating.gate_rules import Extreme, Mean, Percentile, Share, Statistic
from qwave_batch.gating.scored_cells import ScoredCell


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEstimate:
    """A statistic of a score."""

    value: float
    interval: Interval | None
    """At 95 %; None for an extreme, and below two prompts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCounts:
    """How many numbers of a score there are."""

    prompts: int
    """Prompts with a number."""
    numbers: int
    missing: int

    @property
    def missing_share(self) -> float:
        """The share of numbers that ought to be there and are not."""
        return self.missing / (self.numbers + self.missing) if self.missing else 0.0


def count_scores(cells: Sequence[ScoredCell], score: str) -> ScoreCounts:
    """Return how many numbers of a score some cells have."""
    return ScoreCounts(
        prompts=len({cell.prompt_id for cell in cells if cell.numbers.get(score)}),
        numbers=sum(len(cell.numbers.get(score, ())) for cell in cells),
        missing=sum(cell.missing[score] for cell in cells),
    )


def estimate_score(
    cells: Sequence[ScoredCell], score: str, statistic: Statistic, bounds: Bounds = NO_BOUNDS
) -> ScoreEstimate:
    """Return a statistic of a score; at least one cell has a number, and the cells stand in the order of their prompts.

    A mean and a share count each prompt, and in it each cell, the same; percentiles and extremes count each image.
    ``bounds`` are the least and the most that a number can be.
    """
    by_prompt: dict[str, list[Sequence[float]]] = {}
    for cell in cells:
        if numbers := cell.numbers.get(score):
            by_prompt.setdefault(cell.prompt_id, []).append(numbers)
    prompts = list(by_prompt.values())
    images = [[number for numbers in of_prompt for number in numbers] for of_prompt in prompts]
    match statistic:
        case Mean():
            means = [_mean([_mean(numbers) for numbers in of_prompt]) for of_prompt in prompts]
            return ScoreEstimate(value=_mean(means), interval=interval_of_mean(means, bounds))
        case Share(of):
            shares = [_mean([_mean(list(map(of.hold, numbers))) for numbers in of_prompt]) for of_prompt in prompts]
            return ScoreEstimate(value=_mean(shares), interval=interval_of_mean(shares, (0.0, 1.0)))
        case Percentile(percent):
            value = percentile([number for of_prompt in images for number in of_prompt], percent)
            return ScoreEstimate(value=value, interval=interval_of_percentile(images, percent))
        case Extreme(kind):
            found = (min if kind == "minimum" else max)(number for of_prompt in images for number in of_prompt)
            return ScoreEstimate(value=found, interval=None)
    assert_never(statistic)


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)
