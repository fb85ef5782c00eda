"""What a run is about to ask for, before it asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.ledger.reading import Standing
from qwave_batch.run.options import RunOptions
from qwave_batch.run.selection import is_to_submit


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is missing from a folder, at the most it can bring and cost."""

    jobs: int
    """Jobs that will be submitted."""
    images: int
    nusd: int
    """Nano-dollars."""
    warnings: tuple[str, ...] = ()
    """What is worth knowing before that is paid."""


def estimate(standings: Iterable[Standing], options: RunOptions) -> Estimate:
    """Return what a run with these options would submit.

    Args:
        standings: The jobs that the run is about (``run.agenda.jobs_in_scope``).
        options: What the run is asked to do.

    Raises:
        UsageError: ``only`` takes no line at all.
    """
    jobs = images = nusd = taken = 0
    for standing in standings:
        taken += standing.is_planned
        if is_to_submit(standing, options):
            jobs += 1
            images += standing.line.job.max_images
            nusd += standing.line.job.estimated_nusd
    if options.only is not None and not taken:
        raise UsageError("--only takes none of the plan's jobs, so there is nothing to do")
    return Estimate(jobs=jobs, images=images, nusd=nusd)
