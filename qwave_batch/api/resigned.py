"""Jobs that are made anew because a link of theirs was signed anew."""

from collections.abc import Iterator
from dataclasses import dataclass

from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import JobStatus
from qwave_batch.plan.expand.request_identity import job_id
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.plan.signed_links import is_signed, without_signatures


@dataclass(frozen=True, slots=True)
class ResignedJobs:
    """What a folder has made from signed links."""

    _made: dict[str, str]
    """By what a job would be called without signatures: its id."""

    @classmethod
    def of(cls, ledger: Ledger, plan: AnyPlan) -> "ResignedJobs":
        """Return what a folder has made so far, before it is given the plan; nothing for a plan without such links."""
        if not plan.figures.has_signed_links:
            return cls({})
        made = (
            snapshot.line.job
            for snapshot in ledger.snapshots()
            if snapshot.line.record.status is JobStatus.COMPLETED and is_signed(snapshot.line.job.request)
        )
        return cls({_unsigned_id(job): job.job_id for job in made})

    def warnings(self, plan: AnyPlan) -> tuple[str, ...]:
        """Return how many jobs of a plan are made and paid again for their signatures alone."""
        if not self._made:
            return ()
        again = sum(self._made.get(_unsigned_id(job), job.job_id) != job.job_id for job in _signed_jobs(plan))
        if not again:
            return ()
        what = "1 job is" if again == 1 else f"{again:,} jobs are"
        told = f"{what} made and paid anew: the folder has the same with links that were signed another time"
        return (f"{told}; use public addresses, or links that stay",)


def _signed_jobs(plan: AnyPlan) -> Iterator[Job]:
    for item in plan.items():
        if isinstance(item, Job) and item.skip is None and is_signed(item.request):
            yield item


def _unsigned_id(job: Job) -> str:
    request: dict[str, Json] = {name: without_signatures(value) for name, value in job.request.items()}
    return job_id(request, job.repeat)
