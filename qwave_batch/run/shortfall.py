"""Whether a task still owes images: fewer are listed than were asked for, and more was paid. Pure."""

from collections.abc import Callable, Sequence

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.changes import Bill
from qwave_batch.model.job import Job
from qwave_batch.model.money import nusd_from_quota
from qwave_batch.model.task import ResultImage, Task

LIST_S = 60.0
"""How long a task that is done is asked for what it does not list yet."""
FINAL_S = 180.0
"""A task that lists nothing so long after its end never will, by all that is known."""


def bill_of(job: Job, task: Task, listed: int, cost_nusd: Callable[[Job, int], int]) -> Bill:
    """Return what a task with so many images cost: by the API, or by the catalog where it does not say."""
    catalog_nusd = cost_nusd(job, listed)
    if task.cost_quota is not None:
        return Bill(cost_nusd=nusd_from_quota(task.cost_quota), cost_from="api", catalog_nusd=catalog_nusd)
    return Bill(cost_nusd=catalog_nusd, cost_from="catalog", catalog_nusd=catalog_nusd)


def owes_images(job: Job, attempt: Attempt, listed: int) -> bool:
    """Whether fewer images came than were asked for, and what came is not all that was paid, as far as is told."""
    if listed >= job.max_images:
        return False
    return attempt.cost_from != "api" or attempt.cost_nusd > (attempt.catalog_nusd or 0)


def merged(before: Sequence[ResultImage], now: Sequence[ResultImage]) -> tuple[ResultImage, ...]:
    """Return the images of a list that has changed: what it lists now, and what it listed before and no longer does."""
    places = max(len(before), len(now))
    nothing = ResultImage(url="")
    padded = ([*images, *[nothing] * (places - len(images))] for images in (before, now))
    return tuple(new if new.is_listed else old for old, new in zip(*padded, strict=True))
