"""Tasks that are done and list no image yet: they are asked again, with growing pauses, before that counts."""

from qwave_batch.client.answers import Answer, TaskAnswer
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.money import nusd_from_quota
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.desk import Desk
from qwave_batch.run.images.image_breaker import pause_s
from qwave_batch.run.tasks.job_errors import not_listed
from qwave_batch.run.tasks.job_run import Finished, JobRun, Step
from qwave_batch.run.tasks.poll_calls import ask, until_poll_may_leave
from qwave_batch.run.tasks.settling import FINAL_S, LIST_S

SLICE_S = 1.0
"""How often a wait looks whether the run goes on."""


class ResultListing:
    """Waits for the images of tasks that are done; a slot is not held meanwhile."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def until_listed(self, job_run: JobRun, attempt: Attempt, task: Task) -> Task | Step:
        """Return the task once it shows what became of its images, or that the job is left to the next run.

        A task that shows nothing for good is returned as it is: free when it says so, else asked over minutes.
        """
        if not is_bare(task):
            return task
        if _is_free(task):
            return await self._look_once_more(job_run, attempt, task)
        desk, job = self._desk, job_run.job
        if attempt.state is AttemptState.NOT_FOUND:
            attempt = await desk.journal.find_again(attempt)
        acceptance = job_run.acceptance
        job_run.acceptance = None
        held_nusd = attempt.held_nusd if acceptance is None else acceptance.held_nusd
        cost_nusd = nusd_from_quota(task.cost_quota or 0)
        desk.budget.reserve(max(0, cost_nusd - held_nusd))
        attempt = job_run.attempt = await desk.journal.await_images(
            attempt,
            not_listed(),
            ended_at=desk.api_stamp(),
            held_nusd=cost_nusd,
            acceptance=acceptance,
        )
        seen_at = attempt.ended_at or desk.api_stamp()
        desk.breaker.failed(
            job.job_id,
            desk.now(),
            model=job.model,
            host="",
            why="tasks are done and list no image",
            is_late=not task.is_hollow,
        )
        desk.breaker.patients.add(job.job_id)
        try:
            found = await self._ask_on(job_run, attempt, task)
        finally:
            desk.breaker.patients.discard(job.job_id)
        if found is None:
            return Finished(status=JobStatus.PENDING)
        if found.is_hollow:  # what stands there can't be read, and that is how it is kept
            return found
        is_final = _is_free(found) or not is_bare(found) or desk.api_stamp() - seen_at >= FINAL_S
        if not is_final:
            return Finished(status=JobStatus.PENDING)
        desk.breaker.forget(job.job_id)
        return found

    async def _look_once_more(self, job_run: JobRun, attempt: Attempt, task: Task) -> Task:
        await self._context.clock.sleep(pause_s(1))
        answer = await self._ask(job_run, attempt)
        return answer.task if isinstance(answer, TaskAnswer) and answer.task.state.is_terminal else task

    async def _ask_on(self, job_run: JobRun, attempt: Attempt, task: Task) -> Task | None:
        """Return what the task shows at last; None when the run ends before that can be said."""
        desk, looks = self._desk, 0
        ends_at = desk.now() + LIST_S
        while desk.now() < ends_at:
            looks += 1
            if not await self._rest(desk.now() + pause_s(looks)):
                return None
            answer = await self._ask(job_run, attempt)
            if isinstance(answer, TaskAnswer) and answer.task.state.is_terminal:
                task = answer.task
                if not is_bare(task):
                    return task
        desk.breaker.failed(
            job_run.job.job_id, desk.now(), model=job_run.job.model, host="", why="tasks are done and list no image"
        )
        return task

    async def _rest(self, until: float) -> bool:
        """Sleep, and return whether the run still goes on."""
        while (left_s := until - self._desk.now()) > 0:
            if not self._desk.collects:
                return False
            await self._context.clock.sleep(min(left_s, SLICE_S))
        return self._desk.collects

    async def _ask(self, job_run: JobRun, attempt: Attempt) -> Answer:
        desk = self._desk
        task_id = attempt.task_id or (job_run.acceptance.task_id if job_run.acceptance else "")
        await until_poll_may_leave(desk, job_run.job.model)
        return await ask(desk, task_id, is_earlier=job_run.sends == 0)


def is_bare(task: Task) -> bool:
    """Whether a task is done, shows no image, and nothing that may be one."""
    return task.state is TaskState.COMPLETED and not task.listed and not task.unread


def _is_free(task: Task) -> bool:
    """Whether the API itself says that a task without an image was not charged."""
    return task.cost_quota == 0 and not task.is_hollow
