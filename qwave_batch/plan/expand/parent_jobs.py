"""The parents of a stage: the jobs of the stage that it goes on from, as its templates see them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.parent_links import image_reference, task_reference
from qwave_batch.model.planned_stage import inherited_axis

PARENT = "parent"
"""The name under which templates see the parent of a job."""
STAGE = "stage"
"""The name under which templates see the stage."""
_MOST_ASKED = 16
"""No model makes more images at once."""


@dataclass(frozen=True, kw_only=True)
class ParentJob:
    """A job of an earlier stage, for which a later one has jobs."""

    job: Job
    """Without the path of its images."""
    parent: "ParentJob | None" = None

    @property
    def most_images(self) -> int:
        """The number of its images that its children may ask for.

        It is not known how many a skipped job would make, and its children are skipped whatever they ask for.
        """
        return self.job.max_images if self.job.skip is None else max(self.job.max_images, _MOST_ASKED)

    @cached_property
    def record(self) -> dict[str, Json]:
        """The ``parent`` of templates; a job that makes no image has no ``image``."""
        job = self.job
        images: list[Json] = [image_reference(job.job_id, number) for number in range(1, self.most_images + 1)]
        record: dict[str, Json] = {
            "stage": job.stage,
            "job_id": job.job_id,
            "prompt": job.prompt,
            "prompt_id": job.prompt_id,
            "model": job.model,
            "axes": dict(job.axes),
            "tags": list(job.tags),
            "meta": dict(job.meta),
            "task": task_reference(job.job_id),
        }
        if images:
            record |= {"image": images[0], "images": images}
        if self.parent is not None:
            record["parent"] = self.parent.record
        return record

    def with_ancestors(self) -> "Iterator[ParentJob]":
        """Yield it and its ancestors, nearest first."""
        found: ParentJob | None = self
        while found is not None:
            yield found
            found = found.parent

    def inherited_axes(self) -> Mapping[str, Json]:
        """Return its axes as those of its children: its own under its stage's name, such as ``draft.seed``."""
        return {inherited_axis(name, self.job.stage): label for name, label in self.job.axes.items()}
