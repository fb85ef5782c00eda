"""Picks sample jobs of a plan for people to review before they pay: in one pass, without holding the plan."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.job import Job, PlanItem
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.short_repr import shortened

SHOWN = 3
"""The default number of samples."""
_HELD = 128
_VALUE_CHARACTERS = 200
_OWN_PLACE = ("model", "prompt")
"""Fields of a request that a sample shows separately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSample:
    """One job as it would be sent."""

    prompt_id: str
    model: str
    prompt: str
    varies: Mapping[str, Json]
    """Its axes, and the fields of its request that differ between the sampled jobs; long values are shortened."""
    job_id: str
    index: int
    """The position in the full product, from 0."""
    stage: str = ""
    """The stage that it belongs to; empty for a spec without stages."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"JobSample({self.prompt_id} {self.model}: {shortened(self.prompt)})"

    def as_json(self) -> dict[str, Json]:
        """Return what ``plan --json`` lists under ``samples``."""
        return _SAMPLE.encode(self)


_SAMPLE = Codec({JobSample: {"varies": Key(write=dict), "stage": Key(is_default_written=False)}})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A candidate for a sample."""

    position: int
    job: JobSample
    """With all fields of its request in ``varies``."""


@dataclass(slots=True)
class Sampler:
    """Samples jobs of a stream at equal distances, and each job with a longer prompt than all before it.

    The candidates are spread evenly: if there are twice as many as needed, every second one is dropped and the distance
    doubles. So one pass is enough for a plan of any length.
    """

    wanted: int = SHOWN
    """The maximum number of samples."""
    next_position: int = 0
    """The position of the next candidate, regardless of its length."""
    longest: int = -1
    """The length of the longest prompt so far: a longer one is a candidate too."""
    _held: list[_Seen] = field(default_factory=list)
    _with_longest: _Seen | None = None
    _stride: int = 1
    _first: Mapping[str, Json] = field(default_factory=dict)
    _varying: set[str] = field(default_factory=set)

    def look(self, position: int, job: Job) -> None:
        """Consider a job that is to be made; its path does not matter."""
        fields = {name: _cut(value) for name, value in job.request.items() if name not in _OWN_PLACE}
        self._compare(fields)
        seen = _Seen(
            position,
            JobSample(
                job_id=job.job_id,
                index=job.index,
                prompt_id=job.prompt_id,
                model=job.model,
                prompt=job.prompt,
                stage=job.stage,
                varies={name: _cut(label) for name, label in job.axes.items() if name not in _OWN_PLACE} | fields,
            ),
        )
        if len(job.prompt) > self.longest:
            self.longest, self._with_longest = len(job.prompt), seen
        if position == self.next_position:
            self._varying.update(job.axes)
            self._held.append(seen)
            if len(self._held) > max(_HELD, 2 * self.wanted):
                del self._held[1::2]
                self._stride *= 2
            self.next_position = self._held[-1].position + self._stride

    def can_give(self, count: int, jobs: int) -> bool:
        """Return whether there are enough candidates for ``count`` evenly spread samples of so many jobs."""
        return count <= max(self.wanted, _HELD // 4) or jobs <= _HELD

    def samples(self, count: int, jobs: int) -> tuple[JobSample, ...]:
        """Return up to ``count`` samples of so many jobs: evenly spaced, including the one with the longest prompt."""
        longest = self._with_longest
        if longest is None or count < 1:
            return ()
        chosen = {longest.position: longest}
        for number in range(count - 1):
            wanted = number * jobs // (count - 1)
            near = min(self._held, key=lambda seen: abs(seen.position - wanted))
            chosen[near.position] = near
        left = [seen for seen in self._held if seen.position not in chosen]
        while left and len(chosen) < count:  # two positions may select the same job
            far = max(left, key=lambda seen: min(abs(seen.position - other) for other in chosen))
            left.remove(far)
            chosen[far.position] = far
        return tuple(self._shown(chosen[position].job) for position in sorted(chosen))

    def _compare(self, fields: Mapping[str, Json]) -> None:
        if not self._held:
            self._first = fields
        elif fields != self._first:
            names = fields.keys() | self._first.keys()
            self._varying.update(name for name in names if fields.get(name) != self._first.get(name))

    def _shown(self, job: JobSample) -> JobSample:
        return replace(job, varies={name: value for name, value in job.varies.items() if name in self._varying})


@dataclass(slots=True)
class PlanSampler:
    """Samples the jobs of each stage by themselves; a plan without stages has one, without a name."""

    wanted: int = SHOWN
    """The maximum number of samples of each."""
    _stages: dict[str, Sampler] = field(default_factory=dict)
    _seen: Counter[str] = field(default_factory=Counter)

    def of(self, stage: str) -> Sampler:
        """Return the sampler of a stage, which is given the jobs by their positions among its own."""
        if stage not in self._stages:
            self._stages[stage] = Sampler(wanted=self.wanted)
        return self._stages[stage]

    def look(self, job: Job) -> None:
        """Consider the next job of the plan that is to be made."""
        sampler, position = self.of(job.stage), self._seen[job.stage]
        if position == sampler.next_position or len(job.prompt) > sampler.longest:
            sampler.look(position, job)
        self._seen[job.stage] += 1

    def can_give(self, shares: Mapping[str, int], jobs: Mapping[str, int]) -> bool:
        """Return whether each stage has enough candidates for its share of evenly spread samples of its jobs."""
        return all(self.of(stage).can_give(share, jobs[stage]) for stage, share in shares.items())

    def samples(self, shares: Mapping[str, int], jobs: Mapping[str, int]) -> tuple[JobSample, ...]:
        """Return the samples of all stages, each with its share."""
        return tuple(sample for stage, share in shares.items() for sample in self.of(stage).samples(share, jobs[stage]))


def samples_of(
    sampler: PlanSampler, count: int, jobs: Mapping[str, int], items: Callable[[], Iterable[PlanItem]]
) -> tuple[JobSample, ...]:
    """Return samples of a plan: those collected while it was counted, or from another pass if many are wanted.

    Args:
        sampler: The sampler of the count.
        count: The wanted number; each stage gives one in any case, unless none is wanted.
        jobs: The number of jobs to be made, by stage.
        items: Yields the plan's items again.
    """
    shares = _shares(count, [stage for stage, made in jobs.items() if made])
    if not sampler.can_give(shares, jobs):
        sampler = PlanSampler(wanted=max(shares.values()))
        for item in items():
            if isinstance(item, Job) and item.skip is None:
                sampler.look(item)
    return sampler.samples(shares, jobs)


def _shares(count: int, stages: Sequence[str]) -> dict[str, int]:
    """Return how many of so many samples each stage gives."""
    if count < 1 or not stages:
        return {}
    each, more = divmod(max(count, len(stages)), len(stages))
    return {stage: each + (number < more) for number, stage in enumerate(stages)}


def _cut(value: Json) -> Json:
    """Return a value, shortened if it is long."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, Mapping | list | tuple):
        text = json.dumps(value, ensure_ascii=False, default=list)
    else:
        return value
    return value if len(text) <= _VALUE_CHARACTERS else f"{text[:_VALUE_CHARACTERS]}... ({len(text):,} characters)"
