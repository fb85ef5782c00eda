"""Carries the end of a job on to those that wait for it: they are queued, skipped, or left to the next run."""

import asyncio

from qwave_batch.model.record import JobStatus
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.jobs.model_queue import PAGE
from qwave_batch.run.jobs.waiting_children import ParentEnd, WaitingChildren
from qwave_batch.run.schedule.model_queues import ModelQueues
from qwave_batch.run.state.run_state import RunState


class ChildSettler:
    """Settles the children of jobs that a run has finished with."""

    def __init__(self, run: RunState, model_queues: ModelQueues, waiting: WaitingChildren) -> None:
        self._run = run
        self._model_queues = model_queues
        self._waiting = waiting

    def settle(self, job_run: JobRun, status: JobStatus) -> None:
        """Queue the jobs that have waited for this one only, or give up those that wait for it in vain.

        Args:
            job_run: The job; what is said of it is on record.
            status: Its status at the end of its part in this run.
        """
        if not self._waiting.has_children(job_run.row):
            return
        match status:
            case JobStatus.COMPLETED:
                change = self._waiting.store(job_run.row, job_run.stored_images)
            case JobStatus.FAILED | JobStatus.SKIPPED:
                change = self._waiting.end(job_run.row, ParentEnd.LOST)
            case JobStatus.PENDING | JobStatus.CANCELLED | JobStatus.UNKNOWN:
                change = self._waiting.end(job_run.row, ParentEnd.LEFT)
        self._model_queues.apply(change)
        self._run.counters.skip(change.skipped)

    async def count_open(self) -> None:
        """Count anew the children that this run did not settle.

        Those are skipped again whose parents had failed before and were not tried again. Those that the run did not
        begin, such as ones that scores decide on, are skipped or pending as their parents have ended.
        """
        _, rows = self._waiting.open_rows()
        for first in range(0, len(rows), PAGE):
            page = rows[first : first + PAGE]
            found = await asyncio.to_thread(self._run.context.ledger.snapshots_of, page)
            self._run.counters.skip(sum(each.line.record.status is JobStatus.SKIPPED for each in found))
        if self._waiting.not_begun:
            skipped = await asyncio.to_thread(self._run.context.ledger.left_out)
            self._run.counters.skip(
                sum(row in skipped for row in self._waiting.not_begun) - self._waiting.skipped_before
            )
