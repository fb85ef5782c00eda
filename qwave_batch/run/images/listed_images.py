"""The images that a task lists: how long it may still list more, whether it owes some, and what they cost. Pure."""

from collections.abc import Sequence

from qwave_batch.ledger.attempt import Attempt, Charge
from qwave_batch.model.job import Job
from qwave_batch.model.task import ResultImage, Task, TaskState
from qwave_batch.run.state.context import JobCatalog

LIST_S = 60.0
"""How long an ended task is polled for images that it does not list yet."""
FINAL_S = 180.0
"""A task that lists nothing this long after its end never will, as far as is known."""


def charge_for(job: Job, task: Task, listed: int, catalog: JobCatalog) -> Charge:
    """Return the charge of a task with so many images: the API's, or the catalog's price if it states none."""
    catalog_nusd = catalog.job_cost_nusd(job, listed)
    if task.cost_nusd is not None:
        return Charge(cost_nusd=task.cost_nusd, cost_from="api", catalog_nusd=catalog_nusd)
    return Charge(cost_nusd=catalog_nusd, cost_from="catalog", catalog_nusd=catalog_nusd)


def is_without_images(job: Job, task: Task) -> bool:
    """Whether a task has completed as its request is meant to: without an image of its own."""
    return job.max_images == 0 and task.state is TaskState.COMPLETED and not (task.images or task.unread)


def owes_images(job: Job, attempt: Attempt, listed: int) -> bool:
    """Whether fewer images arrived than were requested, and more were paid for, as far as is known."""
    if listed >= job.max_images:
        return False
    return attempt.cost_from != "api" or attempt.cost_nusd > (attempt.catalog_nusd or 0)


def merged(before: Sequence[ResultImage], now: Sequence[ResultImage]) -> tuple[ResultImage, ...]:
    """Return the images of a changed list: those listed now, and those listed before and no longer."""
    places = max(len(before), len(now))
    nothing = ResultImage(url="")
    padded = ([*images, *[nothing] * (places - len(images))] for images in (before, now))
    return tuple(new if new.is_listed else old for old, new in zip(*padded, strict=True))
