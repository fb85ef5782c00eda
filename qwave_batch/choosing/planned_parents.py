"""The jobs of a plan as far as choices depend on them: parents with their places and images, and their children."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qwave_batch.choosing.stage_choice import ParentStanding
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.plan.expand.parent_jobs import ParentJob
from qwave_batch.quality.checks_file import ImagesDigest

IsOver = Callable[[JobSnapshot], bool]
"""Whether nothing more is done for a job that has begun."""


@dataclass(slots=True, kw_only=True)
class PlannedJob:
    """A job of a stage that choices depend on."""

    job: Job
    """Without its request."""
    also: tuple[Duplicate, ...]
    has_begun: bool
    standing: ParentStanding
    """As far as its own attempts say; a job that has not begun is ahead."""
    images: tuple[ImageFile, ...]

    def standing_for(self, image: int) -> ParentStanding:
        """Return how far it is for a child that needs its image of this number, from 1; 0 for one that needs none."""
        is_short = self.standing is ParentStanding.MADE and image > len(self.images)
        return ParentStanding.OVER if is_short else self.standing

    def places(self) -> Iterator[Job]:
        """Yield the job as it stands in each of its places."""
        yield self.job
        for each in self.also:
            yield replace(
                self.job,
                index=each.index,
                prompt_id=each.prompt_id,
                axes=each.axes,
                tags=each.tags,
                meta=each.meta,
            )

    def place_of(self, child_axes: Mapping[str, Json]) -> int:
        """Return the number of the place that a child with these axes was made from."""
        if self.also:
            for number, place in enumerate(self.places()):
                if ParentJob(job=place).inherited_axes().items() <= child_axes.items():
                    return number
        return 0


@dataclass(slots=True)
class PlannedParents:
    """The jobs of some stages of a plan."""

    by_stage: dict[str, list[PlannedJob]] = field(default_factory=dict)
    by_id: dict[str, PlannedJob] = field(default_factory=dict)
    images: ImagesDigest = field(default_factory=ImagesDigest)
    """Of all stages."""

    def record(self, place: Job) -> ParentJob:
        """Return a place of a job as templates see it, with its ancestors."""
        first = self.by_id.get(place.parents[0].job_id) if place.parents else None
        is_before = first is not None and first.job.index < place.index  # a ledger of strangers may lead in circles
        return ParentJob(job=place, parent=self.record(first.job) if first is not None and is_before else None)

    def is_over(self, job: PlannedJob) -> bool:
        """Whether a job is never made, for what its parents are."""
        links = ((self.by_id.get(link.job_id), link.image or 0) for link in job.job.parents)
        return any(parent is not None and parent.standing_for(image) is ParentStanding.OVER for parent, image in links)


def wanted_stages(stages: Sequence[PlannedStage]) -> frozenset[str]:
    """Return the names of the stages that are decided later, and of all that they go on from."""
    source = {stage.name: stage.from_stage for stage in stages}
    wanted: set[str] = set()
    for stage in stages:
        name: str | None = stage.name if stage.is_decided_later else None
        while name is not None and name not in wanted:
            wanted.add(name)
            name = source.get(name)
    return frozenset(wanted)


def read_planned_parents(snapshots: Iterable[JobSnapshot], wanted: Collection[str], is_over: IsOver) -> PlannedParents:
    """Return the jobs of some stages, and the hash of the images of all.

    Args:
        snapshots: The jobs of a plan, in its order; those that left it may follow.
        wanted: The names of the stages.
        is_over: Whether nothing more is done for a job that has begun.
    """
    found = PlannedParents({name: [] for name in wanted})
    stage = ""
    for snapshot in snapshots:
        if not snapshot.is_planned:
            break
        job, record = snapshot.line.job, snapshot.line.record
        if job.stage != stage:
            found.images.end_stage(stage)
            stage = job.stage
        for image in record.images:
            found.images.add(image)
        if stage in found.by_stage:
            known = PlannedJob(
                job=replace(job, request={}, callback={}),
                also=snapshot.line.also,
                has_begun=snapshot.attempt is not None,
                standing=_standing(snapshot, is_over),
                images=record.images,
            )
            found.by_stage[stage].append(known)
            found.by_id[job.job_id] = known
    found.images.end_stage(stage)
    return found


def _standing(snapshot: JobSnapshot, is_over: IsOver) -> ParentStanding:
    if snapshot.line.job.skip is not None:
        return ParentStanding.OVER
    if snapshot.attempt is None:
        return ParentStanding.AHEAD
    status = snapshot.line.record.status
    if status is JobStatus.COMPLETED:
        return ParentStanding.MADE
    # one that may have been paid for may still come
    is_open = status in {JobStatus.PENDING, JobStatus.UNKNOWN} or not is_over(snapshot)
    return ParentStanding.AHEAD if is_open else ParentStanding.OVER
