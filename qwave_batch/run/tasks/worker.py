"""One job's way through the states of its attempts, as far as it gets in one go."""

from typing import assert_never

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.task import Task
from qwave_batch.run.desk import Desk
from qwave_batch.run.images.image_fetching import ImageFetcher
from qwave_batch.run.images.thread_image_store import ThreadImageStore
from qwave_batch.run.schedule.slot_lease import SlotLease
from qwave_batch.run.tasks.job_run import Finished, JobRun, RetryAt, Step
from qwave_batch.run.tasks.result_listing import ResultListing
from qwave_batch.run.tasks.settling import Settler
from qwave_batch.run.tasks.submitting import Submitter
from qwave_batch.run.tasks.task_polling import TaskPoller

_FETCHED = frozenset({AttemptState.COMPLETED, AttemptState.STORED})


class Worker:
    """Takes jobs as far as they go: submit, watch, settle, fetch."""

    def __init__(self, desk: Desk, *, downloads: int) -> None:
        self.submitting = Submitter(desk)
        image_store = ThreadImageStore(desk.context.layout, desk.context.api.download)
        self._desk = desk
        self._watching = TaskPoller(desk)
        self._listing = ResultListing(desk)
        self._settling = Settler(desk)
        self._fetching = ImageFetcher(desk, image_store, downloads)

    async def fetch(self, job_run: JobRun) -> Step:
        """Fetch the images of a task that was completed in an earlier run."""
        return await self._fetching.fetch(job_run, _attempt(job_run), is_earlier=True)

    async def run_job(self, job_run: JobRun, lease: SlotLease) -> Step:
        """Take a job on, from what is on record to its end, or to where it has to wait without a slot."""
        task = await self._task(job_run, lease)
        if not isinstance(task, Task):
            return task
        self._note_end(job_run, task)
        lease.free_slot()  # at the API it is free already, and what the next job costs is reserved beside this one's
        listed = await self._listing.until_listed(job_run, _attempt(job_run), task)
        if not isinstance(listed, Task):
            return listed
        self._note_end(job_run, listed)
        settled = await self._settling.settle(job_run, _attempt(job_run), listed)
        lease.settled()
        match settled:
            case Attempt():
                return await self._fetching.fetch(job_run, settled)
            case Finished() | RetryAt():
                return settled
            case _:
                assert_never(settled)

    def _note_end(self, job_run: JobRun, task: Task) -> None:
        if task.listed:
            self._desk.breaker.ended(job_run.job.job_id, job_run.job.model, self._desk.now())

    async def _task(self, job_run: JobRun, lease: SlotLease) -> Task | Step:
        """Return the job's task in its end."""
        is_made = job_run.state in {AttemptState.ACCEPTED, AttemptState.NOT_FOUND} and not job_run.is_resubmit
        if not is_made:
            job_run.is_resubmit = False
            task = await self.submitting.submit(job_run, lease)
            if not isinstance(task, Task) or task.state.is_terminal:
                return task
        return await self._watching.watch(job_run, _attempt(job_run), lease, is_young=not is_made)


def _attempt(job_run: JobRun) -> Attempt:
    assert job_run.attempt is not None  # noqa: S101 - whoever has a task has an attempt
    return job_run.attempt
