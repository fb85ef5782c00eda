"""The figures of a plan: the number of jobs, their price, and the skipped jobs with their reasons."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.model.codec import LEFT_OUT, LENIENT, Codec, usd_key
from qwave_batch.model.cost_range import NOTHING, CostRange, range_as_json
from qwave_batch.model.job import Duplicate, Job, JobError, PlanItem
from qwave_batch.model.job_identity import number_of
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd, usd_from_nusd, usd_words
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.signed_links import is_signed
from qwave_batch.plan.plan_samples import PlanSampler
from qwave_batch.plan.stage_figures import MostMade, PickBound, StageFigures


@dataclass(frozen=True, slots=True)
class SkipReason:
    """Jobs of one model that are skipped for one reason."""

    reason: str
    field: str | None
    model: str


@dataclass(slots=True)
class ModelFigures:
    """The requested jobs and images of one model."""

    jobs: int = 0
    images: int = 0
    estimated_nusd: int = 0
    """The most that they should cost."""
    typical_nusd: int = 0
    least_nusd: int = 0
    estimated_usd = InUsd()
    typical_usd = InUsd()
    least_usd = InUsd()

    @property
    def estimate(self) -> CostRange:
        """The cost to expect."""
        return CostRange(self.least_nusd, self.typical_nusd, self.estimated_nusd)

    def as_json(self) -> dict[str, Json]:
        """Return the object under ``by_model``."""
        return _MODEL.encode(self)


_MODEL = Codec(
    {ModelFigures: {"estimated_nusd": usd_key("estimated_usd"), "typical_nusd": LEFT_OUT, "least_nusd": LEFT_OUT}}
)


@dataclass(slots=True)
class Figures:
    """Counts of a plan, updated item by item."""

    folded: int = 0
    skipped: int = 0
    by_model: dict[str, ModelFigures] = field(default_factory=dict)
    by_stage: dict[str, StageFigures] = field(default_factory=dict)
    """In the plan's order; empty for a spec without stages."""
    most_by_stage: dict[str, MostMade] = field(default_factory=dict)
    """The most that is made of each stage, whatever ``pick`` takes; empty where no stage picks."""
    skips: Counter[SkipReason] = field(default_factory=Counter)
    unpriced: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By model, notes on costs that come on top of the estimate, of an amount that nobody states."""
    has_signed_links: bool = False
    """Whether a request has a link with an expiring signature."""
    estimated_usd = InUsd()

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"Figures({self.as_line()})"

    def as_line(self) -> str:
        """Return the main figures on one line."""
        parts = [
            f"{self.jobs:,} jobs",
            f"{self.images:,} images",
            f"up to {usd_words(self.estimated_nusd)}",
        ]
        parts += [f"{self.skipped:,} skipped"] if self.skipped else []
        return ", ".join(parts)

    @property
    def most_nusd(self) -> int:
        """The most that is spent on all of it: less than all jobs cost where ``pick`` leaves some out."""
        if not self.most_by_stage:
            return self.estimated_nusd
        return sum(most.nusd for most in self.most_by_stage.values())

    @property
    def jobs(self) -> int:
        """Jobs that would be made."""
        return sum(figures.jobs for figures in self.by_model.values())

    def of_stage(self, name: str) -> StageFigures:
        """Return the figures of a stage; one that makes nothing has none of its own."""
        return self.by_stage.get(name, StageFigures())

    @staticmethod
    def open_stages(stages: Sequence[PlannedStage]) -> frozenset[str]:
        """Return the stages of which less may be made, since it is decided later for them or for an ancestor."""
        found: set[str] = set()
        for stage in stages:
            if stage.is_decided_later or stage.from_stage in found:
                found.add(stage.name)
        return frozenset(found)

    @property
    def jobs_by_stage(self) -> dict[str, int]:
        """Jobs that would be made, by stage; under an empty name for a spec without stages."""
        return {stage: figures.jobs for stage, figures in self.by_stage.items() if figures.jobs} or {"": self.jobs}

    @property
    def images(self) -> int:
        """The maximum number of images."""
        return sum(figures.images for figures in self.by_model.values())

    @property
    def estimated_nusd(self) -> int:
        """The most that all of it should cost, in nano-dollars."""
        return sum(figures.estimated_nusd for figures in self.by_model.values())

    @property
    def estimate(self) -> CostRange:
        """The cost to expect."""
        return sum((figures.estimate for figures in self.by_model.values()), start=NOTHING)

    def count(
        self,
        model: str,
        error: JobError | None,
        images: int,
        estimate: CostRange,
        unpriced: tuple[str, ...] = (),
        *,
        stage: str = "",
    ) -> None:
        """Add one job of a plan, or a skipped one.

        Args:
            model: The model's name.
            error: Why it is skipped.
            images: The most images that it may return.
            estimate: The cost to expect.
            unpriced: Notes on costs on top of that, of unknown amount.
            stage: The stage that it belongs to; empty for a spec without stages.
        """
        if stage:
            self.by_stage.setdefault(stage, StageFigures()).count(error, images, estimate)
        if error:
            self.skipped += 1
            self.skips[SkipReason(error.message, error.field, model)] += 1
            return
        figures = self.by_model.get(model)
        if figures is None:
            figures = self.by_model[model] = ModelFigures()
        figures.jobs += 1
        figures.images += images
        figures.estimated_nusd += estimate.most_nusd
        figures.typical_nusd += estimate.typical_nusd
        figures.least_nusd += estimate.least_nusd
        if unpriced:
            self.unpriced[model] = tuple(dict.fromkeys((*self.unpriced.get(model, ()), *unpriced)))


Watch: TypeAlias = Callable[[Figures], None]
"""Is given figures that are about to be counted, to follow their growth from another thread."""


def figures_of(
    items: Iterable[PlanItem],
    unpriced: Callable[[Job], tuple[str, ...]],
    *,
    watch: Watch | None = None,
    sampler: PlanSampler | None = None,
    stages: Sequence[PlannedStage] = (),
) -> Figures:
    """Return the figures of a stream of plan items.

    Args:
        items: The items.
        unpriced: Returns the notes on costs of a job of unknown amount.
        watch: Given the figures before they are counted.
        sampler: Given the jobs.
        stages: The stages of the plan.
    """
    figures, bound = Figures(), PickBound(stages)
    if watch is not None:
        watch(figures)
    for item in items:
        match item:
            case Duplicate():
                figures.folded += 1
                bound.see_again(item)
            case Job():
                bound.see(item)
                figures.count(item.model, item.skip, item.max_images, item.estimate, unpriced(item), stage=item.stage)
                if item.skip is None:
                    figures.has_signed_links = figures.has_signed_links or is_signed(item.request)
                    if sampler:
                        sampler.look(item)
    figures.most_by_stage = bound.by_stage()
    return figures


def figures_as_json(
    figures: Figures,
    header: Mapping[str, Json],
    assumed: Mapping[str, Sequence[str]],
    stages: Sequence[PlannedStage] = (),
) -> dict[str, Json]:
    """Return the object that ``plan --json`` prints.

    Args:
        figures: The figures.
        header: ``name``, ``spec_sha256`` and ``catalog``.
        assumed: By model, the assumptions of its estimate.
        stages: The stages of the plan.
    """
    open_stages = figures.open_stages(stages)
    by_stage: dict[str, Json] = {
        stage.name: {
            "from_stage": stage.from_stage,
            **figures.of_stage(stage.name).as_json(),
            "is_at_most": stage.name in open_stages,
            **({"most": most.as_json()} if (most := figures.most_by_stage.get(stage.name)) else {}),
        }
        for stage in stages
    }
    return {
        **header,
        "jobs": figures.jobs,
        "images": figures.images,
        "folded": figures.folded,
        "skipped": figures.skipped,
        "estimated_usd": usd_from_nusd(figures.estimated_nusd),
        "estimate": {
            **range_as_json(figures.estimate),
            "by_model": {model: range_as_json(each.estimate) for model, each in figures.by_model.items()},
            "assumed": {model: list(notes) for model, notes in assumed.items()},
            "unpriced": {model: list(notes) for model, notes in figures.unpriced.items()},
        },
        "by_model": {model: each.as_json() for model, each in figures.by_model.items()},
        **({"by_stage": by_stage} if by_stage else {}),
        **({"most_usd": usd_from_nusd(figures.most_nusd)} if figures.most_by_stage else {}),
        "skips": [{**LENIENT.encode(skip), "count": count} for skip, count in figures.skips.most_common()],
    }


@dataclass(slots=True, kw_only=True)
class PlanEntrySummary:
    """One entry of a plan, without its request."""

    number: int
    """The job's id as an integer, which takes a third of the memory."""
    is_new: bool
    """False for an entry that resolved to an earlier job."""
    model: str
    images: int
    """The maximum number of images."""
    nusd: int
    """The estimated cost by the catalog, in nano-dollars."""
    dropped: tuple[str, ...]
    error: JobError | None
    """Why it is skipped, or None."""
    job: Callable[[], Job]
    """Builds the whole job."""
    labels: Callable[[], Mapping[str, Json]]
    """Returns the label of its value on each axis."""
    stage: str = ""
    """The stage that it belongs to; empty for a spec without stages."""

    @property
    def is_made(self) -> bool:
        """Whether it stands for a job to be made: neither skipped nor a duplicate."""
        return self.is_new and self.error is None


def summary_of(job: Job) -> PlanEntrySummary:
    """Return the summary of a whole job."""
    return PlanEntrySummary(
        number=number_of(job.job_id),
        is_new=True,
        model=job.model,
        images=job.max_images,
        nusd=job.estimated_nusd,
        dropped=job.dropped,
        error=job.skip,
        job=lambda: job,
        labels=lambda: job.axes,
        stage=job.stage,
    )
