"""How many more votes would settle a pair of values. Pure.

A pair is settled when its interval leaves out one half: one value is better. It is settled too when the interval lies
between 40 and 60 %: they are about equal. The interval is the more careful one of Wilson's and the bootstrap's, and it
takes ten prompts. If the rate stays as it is, either end comes after a number of votes that can be told now; the
smaller one counts. It is never more than about 400, times the factor by which votes on one prompt repeat each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.estimating.intervals import Interval, Z
from qwave_batch.model.jsontypes import Json
from qwave_batch.voting.win_rates import WinRate

ENOUGH_PROMPTS = 10
"""Below so many prompts, nothing is settled: the next prompt may be of another kind."""
_EQUAL = 0.1
"""Rates that differ less than this from one half are as good as even."""


class PairOutcome(StrEnum):
    """The answer to which of two values is better."""

    BETTER = "better"
    """The first one is."""
    EQUAL = "equal"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOutlook:
    """The state of a pair of values."""

    value: str
    against: str
    outcome: PairOutcome
    votes: int
    """Votes that are missing, if the rate stays as it is."""
    prompts: int
    """Prompts that those should be spread over: as many votes on each as now."""

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``--json``."""
        return {
            "value": self.value,
            "against": self.against,
            "outcome": self.outcome.value,
            "votes": self.votes,
            "prompts": self.prompts,
        }


@dataclass(frozen=True, slots=True)
class VotesOutlook:
    """The state of all pairs."""

    pairs: tuple[PairOutlook, ...]

    @property
    def is_settled(self) -> bool:
        """Whether no pair is open."""
        return all(pair.outcome is not PairOutcome.OPEN for pair in self.pairs)

    @property
    def votes(self) -> int:
        """Votes that are missing on all pairs together."""
        return sum(pair.votes for pair in self.pairs)

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``--json``."""
        return {"settled": self.is_settled, "votes": self.votes, "pairs": [pair.as_json() for pair in self.pairs]}


def votes_outlook(rates: Sequence[WinRate]) -> VotesOutlook:
    """Return where each pair stands, in the order of the win rates."""
    return VotesOutlook(tuple(map(_outlook, rates)))


def _outlook(rate: WinRate) -> PairOutlook:
    outcome = PairOutcome.OPEN if rate.prompts < ENOUGH_PROMPTS else _outcome(rate.widest)
    votes = prompts = 0
    if outcome is PairOutcome.OPEN:
        per_prompt = rate.votes / rate.prompts
        missing = max(1, math.ceil(needed_votes(rate.rate) * _repetition(rate)) - rate.votes)
        prompts = max(math.ceil(missing / per_prompt), ENOUGH_PROMPTS - rate.prompts)
        votes = max(missing, prompts)
    return PairOutlook(value=rate.value, against=rate.against, outcome=outcome, votes=votes, prompts=prompts)


def _outcome(interval: Interval) -> PairOutcome:
    if interval.low > 1 / 2:
        return PairOutcome.BETTER
    if interval.low >= 1 / 2 - _EQUAL and interval.high <= 1 / 2 + _EQUAL:
        return PairOutcome.EQUAL
    return PairOutcome.OPEN


def needed_votes(rate: float) -> float:
    """Return how many independent votes settle a pair with this rate.

    The interval is about ``rate`` ± Z / (2 √n). It leaves out one half when Z / (2 √n) is below the distance ``d``
    from there, and lies in the equal zone when it is below what is left of the zone.
    """
    distance = abs(rate - 1 / 2)
    return (Z / 2) ** 2 / max(distance, _EQUAL - distance) ** 2


def _repetition(rate: WinRate) -> float:
    """Return the factor by which votes on one prompt repeat each other: how much wider the bootstrap finds the rate."""
    wilson = rate.high - rate.low
    if rate.boot_low is None or rate.boot_high is None or not wilson:
        return 1.0
    return max(1.0, ((rate.boot_high - rate.boot_low) / wilson) ** 2)
