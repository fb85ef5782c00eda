"""What a run is about to ask for, before it asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.ledger.lines import PlanLine
from qwave_batch.model.record import JobStatus
from qwave_batch.run.options import RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is missing from a folder, at the most it can bring and cost."""

    jobs: int
    """Jobs that will be submitted."""
    images: int
    nusd: int
    """Nano-dollars."""


def estimate(lines: Iterable[PlanLine], options: RunOptions) -> Estimate:
    """Return what a run with these options would submit.

    Raises:
        UsageError: ``only`` takes no line at all.
    """
    jobs = images = nusd = taken = 0
    for line in lines:
        if options.limit is not None and taken >= options.limit:
            break
        if options.only is not None and not options.only(line):
            continue
        taken += 1
        if _is_to_submit(line, options):
            jobs += 1
            images += line.job.max_images
            nusd += line.job.estimated_nusd
    if options.only is not None and not taken:
        raise UsageError("--only takes none of the plan's jobs, so there is nothing to do")
    return Estimate(jobs=jobs, images=images, nusd=nusd)


def _is_to_submit(line: PlanLine, options: RunOptions) -> bool:
    record = line.record
    match record.status:
        case JobStatus.COMPLETED | JobStatus.SKIPPED:
            return False
        case JobStatus.PENDING:
            return record.task_id is None
        case JobStatus.CANCELLED:
            return True
        case JobStatus.FAILED:
            return options.retry_failed or (record.error is not None and record.error.retryable)
        case JobStatus.UNKNOWN:
            return options.resubmit_unknown
