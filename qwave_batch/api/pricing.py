"""What images of a job cost by the catalog, for answers that do not say it."""

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.job import Job


def catalog_cost_nusd(catalog: Catalog, job: Job, images: int) -> int:
    """Return the price of so many images; of a job that left the plan, the model may be of another catalog."""
    model = catalog.models.get(job.model)
    return job.estimated_nusd if model is None else model.cost_nusd(job.request, images)
