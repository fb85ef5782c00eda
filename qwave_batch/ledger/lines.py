"""A line of the plan with what became of it: what a manifest line is made from."""

from dataclasses import dataclass

from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.record import JobRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A job of the plan, the entries that came out as the same job, and its record."""

    job: Job
    also: tuple[Duplicate, ...] = ()
    record: JobRecord
