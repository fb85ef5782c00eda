"""The rules of a gate, as its file states them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from qwave_batch.model.record import JobStatus
from qwave_batch.output.folder_reader import EVERY_LINE, LineFilter
from qwave_batch.quality.finding import FindingKind
from qwave_batch.scoring.scorer import Better

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a number may be."""

    least: float | None = None
    most: float | None = None

    def hold(self, number: float) -> bool:
        """Whether a number is within them."""
        return (self.least is None or reaches(number, self.least)) and (self.most is None or reaches(self.most, number))

    def exclude(self, low: float, high: float) -> bool:
        """Whether all numbers of an interval are outside."""
        return (self.least is not None and not reaches(high, self.least)) or (
            self.most is not None and not reaches(self.most, low)
        )


def reaches(number: float, least: float) -> bool:
    """Whether a number is at least another, but for what comes of rounding: a mean of 0.8 is at least 0.8."""
    return number >= least or math.isclose(number, least, rel_tol=_ROUNDING, abs_tol=_ROUNDING)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the means of prompts."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share of images whose number is within bounds; each prompt counts the same."""

    of: Bounds


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile of the numbers of all images."""

    percent: int


@dataclass(frozen=True, slots=True)
class Extreme:
    """The smallest or the largest number of all images."""

    kind: Literal["minimum", "maximum"]


Statistic: TypeAlias = Mean | Share | Percentile | Extreme


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferred:
    """The value of an axis that is to be preferred to another in scores of pairs."""

    axis: str
    value: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHead:
    """The parts that all rules have."""

    name: str
    number: int
    """Its place in the file, from 1."""
    where: LineFilter = field(default=EVERY_LINE, repr=False)
    per: str | None = None
    """``tag`` or an axis, each group of which is held to the rule; None for all jobs together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTerms:
    """The terms on which a rule on scores is decided."""

    min_prompts: int
    max_missing: float
    passes_undecided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRule:
    """A statistic of a score is within bounds."""

    head: RuleHead
    score: str
    statistic: Statistic
    bounds: Bounds
    by_interval: bool
    """Whether the whole interval has to be within them."""
    terms: ScoreTerms
    preferred: Preferred | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWorseRule:
    """A score is no worse than in another folder, by more than a margin."""

    head: RuleHead
    score: str
    folder: str
    """As the file has it."""
    address: str
    """The folder to open."""
    margin: float
    better: Better | None
    """The direction, where the file says it."""
    terms: ScoreTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsRule:
    """The share of jobs with a status is within bounds."""

    head: RuleHead
    status: JobStatus
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsRule:
    """The number of images that a check found something of is within bounds."""

    head: RuleHead
    kinds: frozenset[FindingKind]
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRule:
    """The cost is within bounds."""

    head: RuleHead
    of: Literal["total", "per_image", "per_job"]
    bounds: Bounds


GateRule: TypeAlias = ThresholdRule | NoWorseRule | JobsRule | FindingsRule | CostRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The rules of a gate, with its name."""

    name: str
    rules: tuple[GateRule, ...]
    fault_at: Callable[[int, str, str], Exception] = field(repr=False)
    """Makes the error of a rule's key, by the rule's number, the key and a message."""
