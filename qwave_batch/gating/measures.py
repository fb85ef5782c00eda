"""The measures that folders are compared by: the outputs of scorers, and the cost and the time of a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qwave_batch.errors import UnknownName
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.kept_scores import KeptScores
from qwave_batch.scoring.scorer import Better, Level

JOB_MEASURES: Mapping[str, Callable[[ManifestLine], float | None]] = {
    "cost_usd": lambda line: line.cost_usd,
    "seconds": lambda line: line.seconds,
}
"""The measures of a job, which no scorer gives."""
_UNITS = {"cost_usd": "USD", "seconds": "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number that images or jobs have."""

    name: str
    """The full name of a scorer's output, such as ``ocr.cer``; or ``cost_usd`` or ``seconds``."""
    better: Better | None
    """The direction in which it gets better; None where neither is."""
    unit: str = ""

    @property
    def is_of_jobs(self) -> bool:
        """Whether jobs have it, and not images."""
        return self.name in JOB_MEASURES


def measure_named(name: str, scores: KeptScores) -> Measure:
    """Return the measure of a name.

    Raises:
        UnknownName: the folder has no such score.
    """
    if name in JOB_MEASURES:
        return Measure(name=name, better=Better.LOWER, unit=_UNITS[name])
    if name not in scores.outputs:
        known = (*scores.outputs, *JOB_MEASURES)
        raise UnknownName("score", name, known, hint=f"there is {', '.join(known)}")
    output = scores.outputs[name]
    return Measure(name=name, better=output.better, unit=output.unit)


def outputs_of_level(scores: KeptScores, level: Level) -> tuple[str, ...]:
    """Return the outputs that the scorers of a level give, by full name."""
    return tuple(name for name in scores.outputs if level_of(name, scores) is level)


def level_of(name: str, scores: KeptScores) -> Level:
    """Return the level of the scorer that an output is of."""
    return scores.scorers[scorer_of(name)].level


def scorer_of(name: str) -> str:
    """Return the scorer that a full name begins with."""
    return name.partition(".")[0]
