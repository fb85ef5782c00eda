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
    price = catalog.job_cost(job, listed)
    if task.cost_nusd is None:
        return Charge(cost_nusd=price.most_nusd, cost_from="catalog", catalog_nusd=price.most_nusd)
    # where the catalog names a range, all amounts in it agree with the catalog
    catalog_nusd = min(max(task.cost_nusd, price.least_nusd), price.most_nusd)
    expected = catalog.job_least_images(job)
    if catalog_nusd == task.cost_nusd and listed < expected:
        is_price_of_more = task.cost_nusd >= catalog.job_cost(job, listed + 1).least_nusd
        # by the call or by tokens, the charge may be that of all images: then what came is a share of it
        catalog_nusd = catalog_nusd * listed // expected if is_price_of_more else catalog_nusd
    return Charge(cost_nusd=task.cost_nusd, cost_from="api", catalog_nusd=catalog_nusd)


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
