"""The result of a comparison for one model, counted job by job."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from typing import Final

from qwave_batch.model.jsontypes import Json
from qwave_batch.reproducing.likeness import ImageDifference, Likeness, weakest
from qwave_batch.reproducing.repeated_jobs import JobFacts, Unfit
from qwave_batch.reproducing.seed_verdict import NO_PAIRS, ControlFigures, Doubt, SeedVerdict, verdict_on

MOST_CHANGED: Final = 10
"""How many changed jobs are named."""
_RANK = {likeness: rank for rank, likeness in enumerate(Likeness)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedJob:
    """A job whose images are not the same pixels in both runs, by the image that differs most."""

    job_id: str
    model: str
    prompt_id: str
    likeness: Likeness
    bits: int
    levels: float | None
    before: str
    """The path of the image in the earlier folder."""
    after: str

    def as_json(self) -> dict[str, Json]:
        """Return the object that is printed."""
        return {
            "job_id": self.job_id,
            "model": self.model,
            "prompt_id": self.prompt_id,
            "likeness": self.likeness.value,
            "bits": self.bits,
            "levels": _rounded(self.levels),
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelComparison:
    """One model in two runs of the same requests."""

    model: str
    verdict: SeedVerdict
    doubt: Doubt | None
    jobs: Mapping[Likeness, int]
    """How many jobs gave images that are alike in which way."""
    images: int
    """Pairs of images that were compared."""
    median_bits: float | None
    """Of the pairs whose files differ; None without one."""
    most_bits: int
    median_levels: float | None
    most_levels: float | None
    control: ControlFigures
    unfit: Mapping[Unfit, int]
    """How many jobs that are in both runs say nothing, by the reason."""

    @property
    def compared(self) -> int:
        """How many jobs were compared."""
        return sum(self.jobs.values())

    def as_json(self) -> dict[str, Json]:
        """Return the object that is printed."""
        control = self.control
        return {
            "verdict": self.verdict.value,
            "doubt": None if self.doubt is None else self.doubt.value,
            "compared": self.compared,
            "images": self.images,
            "jobs": {likeness.value: self.jobs.get(likeness, 0) for likeness in Likeness},
            "bits": {"median": self.median_bits, "most": self.most_bits},
            "levels": {"median": _rounded(self.median_levels), "most": _rounded(self.most_levels)},
            "control": {
                "pairs": control.pairs,
                "near": control.near,
                "same": control.same,
                "median_bits": control.median_bits,
                "median_levels": _rounded(control.median_levels),
            },
            "not_compared": {reason.value: number for reason, number in self.unfit.items()},
        }


@dataclass(slots=True)
class _ModelTally:
    jobs: Counter[Likeness] = field(default_factory=Counter)
    unfit: Counter[Unfit] = field(default_factory=Counter)
    differences: list[ImageDifference] = field(default_factory=list)
    """Of images whose files differ."""
    images: int = 0
    control: list[ImageDifference] = field(default_factory=list)


@dataclass(slots=True)
class ComparisonTally:
    """Counts the jobs of two runs by model."""

    _by_model: dict[str, _ModelTally] = field(default_factory=dict)
    _changed: list[tuple[tuple[int, int, float], int, ChangedJob]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(0, -1))
    """Of equal changes the first ones are kept."""

    def add_unfit(self, model: str, reason: Unfit, jobs: int = 1) -> None:
        """Count jobs that are not compared."""
        self._of(model).unfit[reason] += jobs

    def add_job(self, before: JobFacts, after: JobFacts, found: Sequence[ImageDifference]) -> None:
        """Count a job, with the differences of its images, of which there is one at least."""
        tally = self._of(after.model)
        likeness = weakest([each.likeness for each in found])
        tally.jobs[likeness] += 1
        tally.images += len(found)
        tally.differences += (each for each in found if each.likeness is not Likeness.BYTES)
        if likeness in {Likeness.NEAR, Likeness.OTHER}:
            self._note_changed(before, after, found)

    def add_control(self, model: str, found: ImageDifference) -> None:
        """Count a pair of images of the same prompt with other seeds."""
        self._of(model).control.append(found)

    def models(self) -> tuple[ModelComparison, ...]:
        """Return the result for each model, in the order in which they came."""
        return tuple(_compared(model, tally) for model, tally in self._by_model.items())

    def changed(self) -> tuple[ChangedJob, ...]:
        """Return the most changed jobs, the most changed one first."""
        return tuple(job for _, _, job in sorted(self._changed, reverse=True))

    def _of(self, model: str) -> _ModelTally:
        return self._by_model.setdefault(model, _ModelTally())

    def _note_changed(self, before: JobFacts, after: JobFacts, found: Sequence[ImageDifference]) -> None:
        worst = max(range(len(found)), key=lambda number: _extent(found[number]))
        job = ChangedJob(
            job_id=after.job_id,
            model=after.model,
            prompt_id=after.prompt_id,
            likeness=found[worst].likeness,
            bits=found[worst].bits,
            levels=found[worst].levels,
            before=before.images[worst].path,
            after=after.images[worst].path,
        )
        entry = (_extent(found[worst]), next(self._numbers), job)
        (heapq.heappush if len(self._changed) < MOST_CHANGED else heapq.heappushpop)(self._changed, entry)


def _extent(found: ImageDifference) -> tuple[int, int, float]:
    return _RANK[found.likeness], found.bits, found.levels or 0.0


def _compared(model: str, tally: _ModelTally) -> ModelComparison:
    control = _control(tally.control)
    verdict, doubt = verdict_on(tally.jobs, control)
    if not tally.jobs and tally.unfit[Unfit.SEEDLESS]:
        verdict, doubt = SeedVerdict.NO_SEED, None
    bits = [each.bits for each in tally.differences]
    levels = [each.levels for each in tally.differences if each.levels is not None]
    return ModelComparison(
        model=model,
        verdict=verdict,
        doubt=doubt,
        jobs=dict(tally.jobs),
        images=tally.images,
        median_bits=median(bits) if bits else None,
        most_bits=max(bits, default=0),
        median_levels=median(levels) if levels else None,
        most_levels=max(levels, default=None),
        control=control,
        unfit={reason: number for reason, number in tally.unfit.items() if number},
    )


def _control(found: Sequence[ImageDifference]) -> ControlFigures:
    if not found:
        return NO_PAIRS
    levels = [each.levels for each in found if each.levels is not None]
    return ControlFigures(
        pairs=len(found),
        near=sum(each.likeness is not Likeness.OTHER for each in found),
        same=sum(each.likeness in {Likeness.BYTES, Likeness.PIXELS} for each in found),
        median_bits=median(each.bits for each in found),
        median_levels=median(levels) if levels else None,
    )


def _rounded(levels: float | None) -> float | None:
    return None if levels is None else round(levels, 3)
