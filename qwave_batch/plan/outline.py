"""An entry of a plan in outline: enough to count it and compare it, for a fraction of the work of a whole job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qwave_batch.model.job import Job, JobError
from qwave_batch.model.jsontypes import Json


@dataclass(slots=True, kw_only=True)
class Outline:
    """One entry, in the plan's order."""

    number: int
    """The job's id as an integer, which takes a third of the memory."""
    is_new: bool
    """False for an entry that came out as a job already there."""
    model: str
    images: int
    """The most that it may bring."""
    nusd: int
    """The most that it should cost by the catalog, in nano-dollars."""
    dropped: tuple[str, ...]
    error: JobError | None
    """Why it is skipped, or None."""
    job: Callable[[], Job]
    """Makes the whole job."""
    labels: Callable[[], Mapping[str, Json]]
    """Gives the label of its value on each axis."""

    @property
    def is_made(self) -> bool:
        """Whether it stands for a job that is to be made: not skipped, and not there already."""
        return self.is_new and self.error is None


def outline_of(job: Job) -> Outline:
    """Return the outline of a whole job."""
    return Outline(
        number=number_of(job.job_id),
        is_new=True,
        model=job.model,
        images=job.max_images,
        nusd=job.estimated_nusd,
        dropped=job.dropped,
        error=job.skip,
        job=lambda: job,
        labels=lambda: job.axes,
    )


def number_of(job_id: str) -> int:
    """Return a job's id as an integer."""
    return int(job_id, 16)
