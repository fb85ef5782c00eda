"""What a run is about to ask for, before it asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.run.context import RunOptions
from qwave_batch.run.work_list import is_to_submit


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """What is missing from a folder, at the most it can bring and cost."""

    jobs: int
    """Jobs that will be submitted."""
    images: int
    nusd: int
    """Nano-dollars."""
    warnings: tuple[str, ...] = ()
    """What is worth knowing before that is paid."""


def estimate(snapshots: Iterable[JobSnapshot], options: RunOptions) -> CostEstimate:
    """Return what a run with these options would submit.

    Args:
        snapshots: The jobs that the run is about (``run.agenda.jobs_in_scope``).
        options: What the run is asked to do.

    Raises:
        UsageError: ``only`` takes no line at all.
    """
    jobs = images = nusd = taken = 0
    for snapshot in snapshots:
        taken += snapshot.is_planned
        if is_to_submit(snapshot, options):
            jobs += 1
            images += snapshot.line.job.max_images
            nusd += snapshot.line.job.estimated_nusd
    if options.only is not None and not taken:
        raise UsageError("--only takes none of the plan's jobs, so there is nothing to do")
    return CostEstimate(jobs=jobs, images=images, nusd=nusd)
