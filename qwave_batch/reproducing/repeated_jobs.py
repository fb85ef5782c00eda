"""The facts about a job that a comparison of two runs needs."""

from dataclasses import dataclass, replace
from enum import StrEnum

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import ManifestLine


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A job of one of two runs."""

    job_id: str
    model: str
    prompt_id: str
    status: JobStatus
    images: tuple[ImageFile, ...]
    task_id: str | None
    is_reused: bool
    """Whether its images came from another folder."""
    is_seeded: bool
    """Whether its model takes a seed and was given one."""
    cost_usd: float
    seconds: float | None
    completed_at: float | None
    """Unix seconds."""
    trouble: str
    """Why it has no images; empty where it is complete."""
    made_from: tuple[str, ...] = ()
    """The hashes of the images of its parents; an empty one for an image that is not there."""

    @property
    def is_complete(self) -> bool:
        """Whether it made images."""
        return self.status is JobStatus.COMPLETED and bool(self.images)


def facts_of_line(line: ManifestLine, *, is_seeded: bool, made_from: tuple[str, ...] = ()) -> JobFacts:
    """Return the facts of a line."""
    code = "" if line.error is None else f" ({line.error.code}: {line.error.message})"
    return JobFacts(
        job_id=line.job_id,
        model=line.model,
        prompt_id=line.prompt_id,
        status=line.status,
        images=tuple(replace(image, source_url="") for image in line.images),  # long, and of no use here
        task_id=line.task_id,
        is_reused=line.reused_from is not None,
        is_seeded=is_seeded,
        cost_usd=line.cost_usd,
        seconds=line.seconds,
        completed_at=line.completed_at,
        trouble="" if line.status is JobStatus.COMPLETED else f"{line.status.value}{code}",
        made_from=made_from,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UncomparedJob:
    """A job that was to be made again or compared and was not, and why."""

    job_id: str
    model: str
    prompt_id: str
    reason: str
    """A phrase for people."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that is printed."""
        return {"job_id": self.job_id, "model": self.model, "prompt_id": self.prompt_id, "reason": self.reason}


class Unfit(StrEnum):
    """A reason for which a job of both runs says nothing about seeds."""

    NOT_COMPLETE = "not_complete"
    """One of the runs has no image of it."""
    SEEDLESS = "seedless"
    """It has no seed, so another image is to be expected."""
    REUSED = "reused"
    """One of the runs took its images from another folder, perhaps from the other one."""
    SAME_TASK = "same_task"
    """Both have the images of one and the same task: one folder is a copy of the other."""
    OTHER_PARENT = "other_parent"
    """The runs made it from different images."""
    HAS_PARENT = "has_parent"
    """It is made from another job, and is not made again without that."""
    UNREADABLE = "unreadable"
    """An image of it is missing, damaged or of a format that is not compared."""


def fault_of_pair(before: JobFacts, after: JobFacts) -> Unfit | None:
    """Return why a job that is in both runs is not compared; None for one that is."""
    if not (before.is_complete and after.is_complete):
        return Unfit.NOT_COMPLETE
    if before.is_reused or after.is_reused:
        return Unfit.REUSED
    if before.task_id is not None and before.task_id == after.task_id:
        return Unfit.SAME_TASK
    if not (before.is_seeded and after.is_seeded):
        return Unfit.SEEDLESS
    return None if before.made_from == after.made_from else Unfit.OTHER_PARENT
