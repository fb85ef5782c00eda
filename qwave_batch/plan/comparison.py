"""Compares the jobs of a plan with those of another plan or of a run folder. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import TypeAlias

from qwave_batch.model.job import Job
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.plan.plan_summary import PlanEntrySummary

EXAMPLES = 5
_PLANNED = 1  # a mark is a small integer, so that a million of them take no room: this bit, and the stage above it
_STAGE_SHIFT = 1


class Stage(Enum):
    """How far the other side is with a job."""

    PLANNED = auto()
    """Not started, or it ended in a way that a plain run tries again."""
    MADE = auto()
    HELD = auto()
    """In flight, or unknown: it may be paid already, so a plain run does not submit it again."""
    FAILED = auto()
    """It failed for good: a plain run does not try it again."""


_STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedJob:
    """A job as the other side has it."""

    number: int
    """Its id as an integer."""
    model: str
    images: int
    """The most images that it may return."""
    nusd: int
    """The most it should cost, in nano-dollars."""
    stage: Stage = Stage.PLANNED
    is_planned: bool = True
    """False for a job that the folder still has and its plan no longer contains."""
    label: Callable[[], str] = str
    """Gives the name that people see."""


OtherJobs: TypeAlias = Callable[[], Iterable[ComparedJob]]
"""Gives the jobs of the other side; it is called twice, so that only ids are held in between."""

PriceOf: TypeAlias = Callable[[Job], int]
"""Gives the most that a job should cost, in nano-dollars."""


def catalog_price_of(job: Job) -> int:
    """Return the most that a job should cost by the catalog, in nano-dollars."""
    return job.estimated_nusd


@dataclass(slots=True)
class JobSums:
    """A number of jobs, with their images and their price."""

    jobs: int = 0
    images: int = 0
    nusd: int = 0

    @property
    def estimated_usd(self) -> float:
        """The most that they should cost."""
        return usd_from_nusd(self.nusd)

    def add(self, images: int, nusd: int) -> None:
        """Count one more."""
        self.jobs += 1
        self.images += images
        self.nusd += nusd


@dataclass(slots=True)
class Change:
    """How many jobs of one model, or of all, are added, removed or unchanged, and how far they are."""

    added: JobSums = field(default_factory=JobSums)
    removed: JobSums = field(default_factory=JobSums)
    unchanged: JobSums = field(default_factory=JobSums)
    made: JobSums = field(default_factory=JobSums)
    """Jobs of the plan, added or unchanged, whose images are there already."""
    held: JobSums = field(default_factory=JobSums)
    failed: JobSums = field(default_factory=JobSums)
    reused: JobSums = field(default_factory=JobSums)
    """Jobs that can be reused from another folder."""
    to_make: JobSums = field(default_factory=JobSums)
    """Jobs that a run of the folder would still make and pay for, among the added and the unchanged."""


@dataclass(slots=True)
class Comparison:
    """The differences between a plan and the other side, by model and in total."""

    total: Change = field(default_factory=Change)
    by_model: dict[str, Change] = field(default_factory=dict)
    """In the order of the plan; models that are only on the other side come last."""
    kept: JobSums = field(default_factory=JobSums)
    """Removed jobs that are made: their images stay until they are pruned."""
    added: list[str] = field(default_factory=list)
    """The first few, as people call them."""
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

    def of(self, model: str) -> tuple[Change, Change]:
        """Return the change of all and the change of a model."""
        return self.total, self.by_model.setdefault(model, Change())


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
        theirs: Gives the jobs of the other side.
        reusable: The numbers of jobs that another folder has made.
        price_of: The prices to count with.
    """
    result = Comparison()
    marks = {known.number: _mark(known) for known in theirs()}
    for entry in ours:
        if not entry.is_made:
            continue
        price = entry.nusd if price_of is catalog_price_of else price_of(entry.job())
        mark = marks.pop(entry.number, 0)
        stage, can_be_taken = _STAGES[mark >> _STAGE_SHIFT], entry.number in reusable and not entry.job().random
        for change in result.of(entry.model):
            (change.unchanged if mark & _PLANNED else change.added).add(entry.images, price)
            _fate(change, stage, can_be_taken=can_be_taken).add(entry.images, price)
        if not mark & _PLANNED and len(result.added) < EXAMPLES:
            result.added.append(label_of(entry.job()))
    _note_removed(result, theirs, marks)
    return result


def label_of(job: Job) -> str:
    """Return the name that people see for a job: its prompt and its value on each axis."""
    values = [str(label) if isinstance(label, str | int | float) else "..." for label in job.axes.values()]
    return " ".join([job.prompt_id, *values, *([f"repeat {job.repeat}"] if job.repeat else [])])


def compared_jobs(entries: Iterable[PlanEntrySummary]) -> Iterator[ComparedJob]:
    """Yield the jobs of a plan as another side."""
    for entry in entries:
        if entry.is_made:
            yield ComparedJob(
                number=entry.number,
                model=entry.model,
                images=entry.images,
                nusd=entry.nusd,
                label=partial(_label, entry),
            )


def _label(entry: PlanEntrySummary) -> str:
    return label_of(entry.job())


def _mark(known: ComparedJob) -> int:
    return _STAGES.index(known.stage) << _STAGE_SHIFT | known.is_planned * _PLANNED


def _fate(change: Change, stage: Stage, *, can_be_taken: bool) -> JobSums:
    match stage:
        case Stage.MADE:
            return change.made
        case Stage.HELD:
            return change.held
        case Stage.FAILED:
            return change.reused if can_be_taken else change.failed
        case Stage.PLANNED:
            return change.reused if can_be_taken else change.to_make


def _note_removed(result: Comparison, theirs: OtherJobs, left: dict[int, int]) -> None:
    """Count the jobs of the other side that the plan does not have; ``left`` are their marks."""
    if not any(mark & _PLANNED for mark in left.values()):
        return
    for known in theirs():
        if not known.is_planned or known.number not in left:
            continue
        for change in result.of(known.model):
            change.removed.add(known.images, known.nusd)
        if known.stage is Stage.MADE:
            result.kept.add(known.images, known.nusd)
        if len(result.removed) < EXAMPLES:
            result.removed.append(known.label())
