"""The measures that folders are compared by: the outputs of scorers, the cost of images, and the time of jobs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qwave_batch.errors import UnknownName
from qwave_batch.gating.drawn_intervals import NO_BOUNDS, Bounds
from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.kept_scores import KeptScores
from qwave_batch.scoring.scorer import Better, Level


def _costs(line: ManifestLine) -> list[float | None]:
    """Return the cost of each image: jobs of different models may make different numbers of images."""
    if line.status is not JobStatus.COMPLETED or not line.images:
        return [None]
    return [line.cost_usd / len(line.images)] * len(line.images)


def _seconds(line: ManifestLine) -> list[float | None]:
    return [line.seconds if line.status is JobStatus.COMPLETED else None]


OWN_MEASURES: Mapping[str, Callable[[ManifestLine], list[float | None]]] = {"cost_usd": _costs, "seconds": _seconds}
"""The measures that no scorer gives: the cost of each image, and the time of a job; None for one that is missing."""
_UNITS = {"cost_usd": "USD", "seconds": "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number that images or jobs have."""

    name: str
    """The full name of a scorer's output, such as ``ocr.cer``; or ``cost_usd`` or ``seconds``."""
    better: Better | None
    """The direction in which it gets better; None where neither is."""
    unit: str = ""
    bounds: Bounds = NO_BOUNDS
    """The least and the most that it can be; None for no bound."""

    @property
    def bounds_of_difference(self) -> Bounds:
        """The least and the most that the difference of two can be."""
        least, most = self.bounds
        return NO_BOUNDS if least is None or most is None else (least - most, most - least)

    @property
    def is_scored(self) -> bool:
        """Whether a scorer gives it."""
        return self.name not in OWN_MEASURES


def measure_named(name: str, scores: KeptScores) -> Measure:
    """Return the measure of a name.

    Raises:
        UnknownName: the folder has no such score.
    """
    if name in OWN_MEASURES:
        return Measure(name=name, better=Better.LOWER, unit=_UNITS[name])
    if name not in scores.outputs:
        known = (*scores.outputs, *OWN_MEASURES)
        raise UnknownName("score", name, known, hint=f"there is {', '.join(known)}")
    output = scores.outputs[name]
    return Measure(name=name, better=output.better, unit=output.unit, bounds=output.range)


def measure_or_missing(name: str, scores: KeptScores) -> Measure:
    """Return the measure of a name; one that the folder does not have is missing of every image."""
    if name in OWN_MEASURES or name in scores.outputs:
        return measure_named(name, scores)
    return Measure(name=name, better=None)


def outputs_of_level(scores: KeptScores, level: Level) -> tuple[str, ...]:
    """Return the outputs that the scorers of a level give, by full name."""
    return tuple(name for name in scores.outputs if level_of(name, scores) is level)


def level_of(name: str, scores: KeptScores) -> Level:
    """Return the level of the scorer that an output is of."""
    return scores.scorers[scorer_of(name)].level


def scorer_of(name: str) -> str:
    """Return the scorer that a full name begins with."""
    return name.partition(".")[0]
