"""The verdict on a model: does the same request with the same seed give the same image?

It is what holds for every job that was made twice, so one counterexample is enough for a ``no``, and fewer than
``FEWEST_JOBS`` jobs are not enough for anything else. ``near`` has to mean more than that pictures of one prompt
resemble each other: images of the same prompts with other seeds are the control. If a pair of those is near with a
chance of ``p``, then ``n`` repeated jobs are all near by accident with a chance of ``p ** n``; above ``MOST_CHANCE``
that says nothing. From ``k`` near pairs of ``m``, ``p`` is taken to be ``(k + 1) / (m + 2)``, Laplace's rule of
succession.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qwave_batch.reproducing.likeness import Likeness

FEWEST_JOBS: Final = 3
MOST_CHANCE: Final = 0.01


class SeedVerdict(StrEnum):
    """Whether a model honours its seed, and how far."""

    BYTES = "bytes"
    """Every job gave the same files."""
    PIXELS = "pixels"
    """Every job gave the same pixels, not every one the same files."""
    NEAR = "near"
    """Every job gave images that look the same, not every one the same pixels."""
    NO = "no"
    """Some job gave another picture."""
    TOO_FEW = "too few to say"
    NO_SEED = "takes no seed"
    """Its jobs have no seed, so another image is to be expected."""


class Doubt(StrEnum):
    """A reason for which less can be said than the images show."""

    FEW_JOBS = "few_jobs"
    """Fewer than ``FEWEST_JOBS`` were compared."""
    SEEDS_ALIKE = "seeds_alike"
    """Images of other seeds resemble each other so often that near images say nothing of a seed."""
    NO_CONTROL = "no_control"
    """There are no images of the same prompts with other seeds to hold ``near`` against."""
    SEEDS_SAME = "seeds_same"
    """Images of other seeds have the same pixels: the seed changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFigures:
    """Pairs of images of the same prompt with different seeds."""

    pairs: int = 0
    near: int = 0
    """Those that are near, or closer."""
    same: int = 0
    """Those with the same pixels."""
    median_bits: float | None = None
    """Of their perceptual hashes; None without a pair."""
    median_levels: float | None = None

    @property
    def near_chance(self) -> float:
        """The chance that a pair is near."""
        return (self.near + 1) / (self.pairs + 2)


NO_PAIRS = ControlFigures()


def verdict_on(jobs: Mapping[Likeness, int], control: ControlFigures) -> tuple[SeedVerdict, Doubt | None]:
    """Return the verdict on jobs that were made twice, and what makes it doubtful.

    Args:
        jobs: How many jobs gave images that are alike in which way.
        control: Images of the same prompts with other seeds.
    """
    count = sum(jobs.values())
    if jobs.get(Likeness.OTHER, 0):
        return SeedVerdict.NO, None
    if count < FEWEST_JOBS:
        return SeedVerdict.TOO_FEW, Doubt.FEW_JOBS
    if jobs.get(Likeness.NEAR, 0):
        if control.pairs and control.near_chance**count > MOST_CHANCE:
            return SeedVerdict.TOO_FEW, Doubt.SEEDS_ALIKE
        return SeedVerdict.NEAR, None if control.pairs else Doubt.NO_CONTROL
    verdict = SeedVerdict.PIXELS if jobs.get(Likeness.PIXELS, 0) else SeedVerdict.BYTES
    return verdict, Doubt.SEEDS_SAME if control.pairs and control.same == control.pairs else None
