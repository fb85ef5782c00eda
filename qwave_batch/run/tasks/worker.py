"""Takes one job through the states of its attempts, as far as possible in one go."""

from dataclasses import dataclass
from typing import assert_never

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.run.images.image_breaker import ImageBreaker
from qwave_batch.run.images.image_fetching import ImageFetcher
from qwave_batch.run.jobs.job_run import AcceptedAttempt, EndedTask, Finished, JobRun, RetryAt, Step
from qwave_batch.run.jobs.slot_lease import SlotLease
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.tasks.ended_tasks import EndedTaskPoller
from qwave_batch.run.tasks.request_inputs import RequestInputs
from qwave_batch.run.tasks.settling import Settler
from qwave_batch.run.tasks.submit_failures import SubmitFailures
from qwave_batch.run.tasks.submitting import Submitter
from qwave_batch.run.tasks.task_polling import TaskPoller


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Processes jobs: submit, poll, settle, fetch."""

    state: RunState
    breaker: ImageBreaker
    submitter: Submitter
    inputs: RequestInputs
    failures: SubmitFailures
    poller: TaskPoller
    ended_tasks: EndedTaskPoller
    settler: Settler
    fetcher: ImageFetcher

    async def fetch(self, job_run: JobRun) -> Step:
        """Fetch the images of a task that was completed in an earlier run."""
        accepted = AcceptedAttempt.of(job_run.attempt)
        if accepted is None:  # nothing is recorded for which images could exist
            return Finished(status=job_run.status)
        return await self.fetcher.fetch(job_run, accepted, is_earlier=True)

    async def leave_to_next_run(self, job_run: JobRun) -> None:
        """Leave a job that waits for a retry to the next run, as certainly unpaid if that is known."""
        await self.failures.leave_to_next_run(job_run)

    async def run_job(self, job_run: JobRun, lease: SlotLease) -> Step:
        """Process a job from its record to its end, or until it has to wait without a slot."""
        ended = await self._until_ended(job_run, lease)
        if not isinstance(ended, EndedTask):
            return ended
        self._note_end(job_run, ended)
        lease.free_slot()  # at the API it is free already, and the next job's cost is reserved beside this one's
        listed = await self.ended_tasks.until_listed(job_run, ended)
        if not isinstance(listed, EndedTask):
            return listed
        self._note_end(job_run, listed)
        self.inputs.remember(job_run, listed.task.images)
        settled = await self.settler.settle(job_run, listed)
        lease.settled()
        match settled:
            case Attempt():
                return await self.fetcher.fetch(job_run, AcceptedAttempt(settled, listed.task.task_id))
            case Finished() | RetryAt():
                return settled
            case _:
                assert_never(settled)

    async def _until_ended(self, job_run: JobRun, lease: SlotLease) -> EndedTask | Step:
        """Return the job's ended task, of an earlier run or of a submit, or the next step of a job without one."""
        accepted = job_run.accepted
        if accepted is not None:
            return await self.poller.poll_until_ended(job_run, accepted, lease, is_young=False)
        job_run.is_resubmit = False
        made = await self.submitter.submit(job_run, lease)
        if isinstance(made, AcceptedAttempt):
            return await self.poller.poll_until_ended(job_run, made, lease, is_young=True)
        return made

    def _note_end(self, job_run: JobRun, ended: EndedTask) -> None:
        if ended.task.listed:
            self.breaker.task_ended(job_run.job.job_id, job_run.job.model, self.state.now())
