"""Compares the jobs of a plan with those of another plan or of a run folder. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import TypeAlias

from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import number_of
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.plan.plan_summary import PlanEntrySummary

EXAMPLES = 5
_PLANNED = 1  # a mark is one small integer, to save memory for a million of them: this bit, and the standing above it
_STANDING_SHIFT = 1


class Standing(Enum):
    """The progress of a job on the other side."""

    PLANNED = auto()
    """Not started, or ended in a way that a plain run retries."""
    MADE = auto()
    HELD = auto()
    """In flight or unknown: it may be paid for already, so a plain run does not submit it again."""
    FAILED = auto()
    """It failed for good: a plain run does not retry it."""
    LEFT_OUT = auto()
    """Its stage takes other parents, by scores, checks or picks; new ones may decide otherwise."""


_STANDINGS = tuple(Standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedJob:
    """A job on the other side."""

    number: int
    """Its id as an integer."""
    model: str
    images: int
    """The maximum number of images."""
    nusd: int
    """The estimated cost, in nano-dollars."""
    standing: Standing = Standing.PLANNED
    stage: str = ""
    """The stage of the spec that it belongs to; empty where there are none."""
    is_planned: bool = True
    """False for a job that is still in the folder and no longer in its plan."""
    label: Callable[[], str] = str
    """Returns the name shown to users."""


OtherJobs: TypeAlias = Callable[[], Iterable[ComparedJob]]
"""Yields the jobs of the other side; it is called twice, so that only ids are kept in between."""

PriceOf: TypeAlias = Callable[[Job], int]
"""Returns the estimated cost of a job, in nano-dollars."""


def catalog_price_of(job: Job) -> int:
    """Return the estimated cost of a job by the catalog, in nano-dollars."""
    return job.estimated_nusd


@dataclass(slots=True)
class JobSums:
    """A number of jobs, with their images and their price."""

    jobs: int = 0
    images: int = 0
    nusd: int = 0

    @property
    def estimated_usd(self) -> float:
        """The estimated cost."""
        return usd_from_nusd(self.nusd)

    def add(self, images: int, nusd: int) -> None:
        """Count another one."""
        self.jobs += 1
        self.images += images
        self.nusd += nusd


@dataclass(slots=True)
class Change:
    """The number of jobs of one model, or of all, that are added, removed or unchanged, with their progress."""

    added: JobSums = field(default_factory=JobSums)
    removed: JobSums = field(default_factory=JobSums)
    unchanged: JobSums = field(default_factory=JobSums)
    made: JobSums = field(default_factory=JobSums)
    """Jobs of the plan, added or unchanged, whose images exist already."""
    held: JobSums = field(default_factory=JobSums)
    failed: JobSums = field(default_factory=JobSums)
    left_out: JobSums = field(default_factory=JobSums)
    """Jobs that a run leaves out by scores, checks or picks of their parents."""
    reused: JobSums = field(default_factory=JobSums)
    """Jobs that can be reused from another folder."""
    to_make: JobSums = field(default_factory=JobSums)
    """Jobs that a run of the folder would still submit and pay for, among the added and the unchanged."""


@dataclass(slots=True)
class Comparison:
    """The differences between a plan and the other side, by model and in total."""

    total: Change = field(default_factory=Change)
    by_model: dict[str, Change] = field(default_factory=dict)
    """In the order of the plan; models that are only on the other side come last."""
    by_stage: dict[str, Change] = field(default_factory=dict)
    """Likewise; empty where neither side has stages."""
    kept: JobSums = field(default_factory=JobSums)
    """Removed jobs that are complete: their images stay until they are pruned."""
    added: list[str] = field(default_factory=list)
    """The first few, by the names shown to users."""
    removed: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        """Return a summary on one line."""
        total = self.total
        return (
            f"Comparison({total.added.jobs:,} jobs added, {total.removed.jobs:,} removed, "
            f"{total.unchanged.jobs:,} unchanged, {total.to_make.jobs:,} to make)"
        )

    @property
    def is_same(self) -> bool:
        """Whether both sides hold the same jobs."""
        return not self.total.added.jobs and not self.total.removed.jobs

    def of(self, model: str, stage: str) -> Iterator[Change]:
        """Yield the total change and those of a model and a stage."""
        yield self.total
        yield self.by_model.setdefault(model, Change())
        if stage:
            yield self.by_stage.setdefault(stage, Change())


def compare(
    ours: Iterable[PlanEntrySummary],
    theirs: OtherJobs,
    *,
    reusable: Collection[int] = frozenset(),
    price_of: PriceOf = catalog_price_of,
) -> Comparison:
    """Return the differences between a plan and the other side; skipped jobs do not count.

    Args:
        ours: The plan.
        theirs: Yields the jobs of the other side.
        reusable: The numbers of jobs that can be reused from another folder.
        price_of: The prices to use.
    """
    result = Comparison()
    marks = {known.number: _mark(known) for known in theirs()}
    for entry in ours:
        if not entry.is_made:
            continue
        price = entry.nusd if price_of is catalog_price_of else price_of(entry.job())
        mark = marks.pop(entry.number, 0)
        standing = _STANDINGS[mark >> _STANDING_SHIFT]
        can_be_taken = _can_be_taken(entry, reusable)
        for change in result.of(entry.model, entry.stage):
            (change.unchanged if mark & _PLANNED else change.added).add(entry.images, price)
            _fate(change, standing, can_be_taken=can_be_taken).add(entry.images, price)
        if not mark & _PLANNED and len(result.added) < EXAMPLES:
            result.added.append(label_of(entry.job()))
    _note_removed(result, theirs, marks)
    return result


def _can_be_taken(entry: PlanEntrySummary, reusable: Collection[int]) -> bool:
    """Whether another folder may give a job, and all that it is made from."""
    if entry.number not in reusable or (job := entry.job()).random:
        return False
    return all(number_of(link.job_id) in reusable for link in job.parents)


def label_of(job: Job) -> str:
    """Return the name shown to users for a job: its stage, its prompt and its value on each axis."""
    values = [str(label) if isinstance(label, str | int | float) else "..." for label in job.axes.values()]
    named = [job.stage, job.prompt_id] if job.stage else [job.prompt_id]
    return " ".join([*named, *values, *([f"repeat {job.repeat}"] if job.repeat else [])])


def compared_jobs(entries: Iterable[PlanEntrySummary]) -> Iterator[ComparedJob]:
    """Yield the jobs of a plan as the other side."""
    for entry in entries:
        if entry.is_made:
            yield ComparedJob(
                number=entry.number,
                model=entry.model,
                images=entry.images,
                nusd=entry.nusd,
                stage=entry.stage,
                label=partial(_label, entry),
            )


def _label(entry: PlanEntrySummary) -> str:
    return label_of(entry.job())


def _mark(known: ComparedJob) -> int:
    return _STANDINGS.index(known.standing) << _STANDING_SHIFT | known.is_planned * _PLANNED


def _fate(change: Change, standing: Standing, *, can_be_taken: bool) -> JobSums:
    match standing:
        case Standing.MADE:
            return change.made
        case Standing.HELD:
            return change.held
        case Standing.FAILED:
            return change.reused if can_be_taken else change.failed
        case Standing.LEFT_OUT:
            return change.left_out
        case Standing.PLANNED:
            return change.reused if can_be_taken else change.to_make


def _note_removed(result: Comparison, theirs: OtherJobs, left: dict[int, int]) -> None:
    """Count the jobs of the other side that the plan lacks; ``left`` are their marks."""
    if not any(mark & _PLANNED for mark in left.values()):
        return
    for known in theirs():
        if not known.is_planned or known.number not in left:
            continue
        for change in result.of(known.model, known.stage):
            change.removed.add(known.images, known.nusd)
        if known.standing is Standing.MADE:
            result.kept.add(known.images, known.nusd)
        if len(result.removed) < EXAMPLES:
            result.removed.append(known.label())
