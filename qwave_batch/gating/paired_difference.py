"""The difference between two sides on the same prompts, with its interval. Pure.

A prompt counts once: its cells are averaged before sides are compared. Other prompts would give another
difference: whole prompts are drawn anew to estimate how far off.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.estimating.intervals import Interval
from qwave_batch.gating.cell_pairs import CellPair
from qwave_batch.gating.drawn_intervals import NO_BOUNDS, are_equal, interval_of_mean
from qwave_batch.gating.measures import Measure
from qwave_batch.gating.scored_cells import ScoredCell
from qwave_batch.scoring.scorer import Better

_ALIKE = 1e-12
"""Differences below this part of a number come of rounding."""


class Comparative(StrEnum):
    """The difference in a word, as its interval says it of the second side."""

    BETTER = "better"
    WORSE = "worse"
    HIGHER = "higher"
    """Of a measure of which neither direction is better."""
    LOWER = "lower"
    SAME = "same"
    """The sides are equal on every prompt."""
    OPEN = "open"
    """The interval holds 0, or there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """Two sides compared in one measure."""

    prompts: int
    """Prompts with a number on both sides."""
    left_out: int
    """Prompts that are in both, without a number on one side or on both."""
    missing_a: int
    """Images, or jobs, of the first side whose number is not there: not scored, an error, or no image."""
    missing_b: int
    a: float
    """The mean over the prompts."""
    b: float
    difference: float
    """The second side minus the first."""
    interval: Interval | None
    """At 95 %; None below two prompts."""
    wins: int
    """Prompts on which the second side is better; higher, where neither direction is better."""
    ties: int
    losses: int
    is_even: bool
    """Whether the difference is the same on every prompt."""
    b_is: Comparative

    @property
    def superiority(self) -> float:
        """The share of prompts on which the second side is better; a tie counts half."""
        return (self.wins + self.ties / 2) / self.prompts


@dataclass(frozen=True, slots=True)
class _PromptDifference:
    a: float
    b: float

    @property
    def difference(self) -> float:
        """The second side minus the first; without what comes of rounding."""
        return 0.0 if math.isclose(self.a, self.b, rel_tol=_ALIKE, abs_tol=_ALIKE) else self.b - self.a


def paired_difference(pairs: Sequence[CellPair], measure: Measure) -> PairedDifference | None:
    """Return the difference of two sides in a measure; None where no prompt has a number on both.

    The pairs stand in the order of their prompts, so that the same numbers meet the same draws.
    """
    by_prompt: dict[str, list[tuple[float, float]]] = {}
    for pair in pairs:
        a, b = _mean_of(pair.a, measure.name), _mean_of(pair.b, measure.name)
        if a is not None and b is not None:
            by_prompt.setdefault(pair.prompt_id, []).append((a, b))
    if not by_prompt:
        return None
    prompts = [_averaged(cells) for cells in by_prompt.values()]
    differences = [each.difference for each in prompts]
    # the same images have the same scores, and other prompts would have them too
    bounds = NO_BOUNDS if _are_same_images(pairs) else measure.bounds_of_difference
    interval = interval_of_mean(differences, bounds)
    ties = differences.count(0.0)
    higher = sum(each > 0 for each in differences)
    wins = higher if measure.better is not Better.LOWER else len(differences) - ties - higher
    return PairedDifference(
        prompts=len(prompts),
        left_out=len({pair.prompt_id for pair in pairs}) - len(prompts),
        missing_a=sum(cell.missing[measure.name] for pair in pairs for cell in pair.a),
        missing_b=sum(cell.missing[measure.name] for pair in pairs for cell in pair.b),
        a=math.fsum(each.a for each in prompts) / len(prompts),
        b=math.fsum(each.b for each in prompts) / len(prompts),
        difference=math.fsum(differences) / len(prompts),
        interval=interval,
        wins=wins,
        ties=ties,
        losses=len(prompts) - ties - wins,
        is_even=are_equal(differences),
        b_is=_comparative(interval, measure.better, is_same=ties == len(prompts)),
    )


def _are_same_images(pairs: Sequence[CellPair]) -> bool:
    return all(sum(cell.images for cell in pair.a) == sum(cell.images for cell in pair.b) != 0 for pair in pairs)


def _mean_of(cells: Sequence[ScoredCell], measure: str) -> float | None:
    means = [mean for cell in cells if (mean := cell.mean(measure)) is not None]
    return math.fsum(means) / len(means) if means else None


def _averaged(cells: Sequence[tuple[float, float]]) -> _PromptDifference:
    return _PromptDifference(*(math.fsum(side) / len(cells) for side in zip(*cells, strict=True)))


def _comparative(interval: Interval | None, better: Better | None, *, is_same: bool) -> Comparative:
    if is_same:
        return Comparative.SAME
    if interval is None or interval.low <= 0 <= interval.high:
        return Comparative.OPEN
    is_higher = interval.low > 0
    if better is None:
        return Comparative.HIGHER if is_higher else Comparative.LOWER
    return Comparative.BETTER if is_higher is (better is Better.HIGHER) else Comparative.WORSE
