"""Records the end of a task: its price, the addresses of its images, or a retry."""

import asyncio

from qwave_batch.folder.evidence import keep_answer
from qwave_batch.ledger.attempt import Acceptance, Attempt, Charge
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.stop_reason import ResultsUnreadable
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.images.image_breaker import UNREAD_STOPS_AT, ImageBreaker, ImageFailure
from qwave_batch.run.images.listed_images import charge_for, is_without_images
from qwave_batch.run.jobs.job_errors import error_of_task, is_worth_another_try, unreadable_result
from qwave_batch.run.jobs.job_run import EndedTask, Finished, JobRun, RetryAt, Step
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.state.run_state import RunState


class Settler:
    """Records the end of a task, and its cost."""

    def __init__(self, run: RunState, breaker: ImageBreaker) -> None:
        self._run = run
        self._breaker = breaker
        self._context = run.context

    async def settle(self, job_run: JobRun, ended: EndedTask) -> Attempt | Step:
        """Return the completed attempt, whose images are to be fetched, or the next step of a job without any."""
        attempt, task = ended.attempt, ended.task
        acceptance, job_run.acceptance = job_run.acceptance, None
        if attempt.state is AttemptState.NOT_FOUND:
            attempt = await self._run.journal.find_again(attempt)
        if (task.listed and task.state is TaskState.COMPLETED) or is_without_images(job_run.job, task):
            return await self._complete(job_run, attempt, task, acceptance)
        if task.unread or task.is_hollow:
            return await self._keep(job_run, attempt, task, acceptance)
        charge = Charge(
            cost_nusd=task.cost_nusd or 0,
            # the API's documents say that a failed task is free
            cost_from="api" if task.cost_nusd is not None or task.state is TaskState.FAILED else None,
            catalog_nusd=0,
        )
        ended_at = self._ended_at(task)
        if task.state is TaskState.CANCELLED:
            error = JobError(code="cancelled", message="the task was cancelled at the API", retryable=True)
            job_run.attempt = await self._run.journal.cancelled(
                attempt, ended_at=ended_at, charge=charge, error=error, acceptance=acceptance
            )
            self._book(job_run.attempt, charge)
            return Finished(status=JobStatus.CANCELLED, is_final_failure=True)
        return await self._fail(job_run, attempt, task, charge, acceptance)

    async def _fail(
        self, job_run: JobRun, attempt: Attempt, task: Task, charge: Charge, acceptance: Acceptance | None
    ) -> Step:
        # by its documents only a failed task is free; others are free if their cost says so
        is_maybe_submitted = task.cost_nusd is None and task.state is not TaskState.FAILED
        is_paid = charge.cost_nusd > 0 or is_maybe_submitted
        error = error_of_task(task, is_paid=is_paid, is_maybe_submitted=is_maybe_submitted)
        job_run.attempt = await self._run.journal.fail(
            attempt,
            ended_at=self._ended_at(task),
            charge=charge,
            error=error,
            acceptance=acceptance,
            is_maybe_submitted=is_maybe_submitted,
        )
        if not is_maybe_submitted:
            self._book(job_run.attempt, charge)
        return self._after_failure(job_run, error, is_paid=is_paid)

    async def _keep(self, job_run: JobRun, attempt: Attempt, task: Task, acceptance: Acceptance | None) -> Step:
        """Keep a paid task with unreadable images: with its price, and with the answer for inspection."""
        reason = task.unread or f"the task lists {len(task.images):,} images without an address"
        error = unreadable_result(reason, task.answer)
        self._note_unread(job_run, error)
        held_nusd = task.cost_nusd or 0
        self._run.budget.reserve(max(0, held_nusd - attempt.held_nusd))
        job_run.attempt = await self._run.journal.await_images(
            attempt, error, ended_at=self._run.connectivity.earliest_time(), held_nusd=held_nusd, acceptance=acceptance
        )
        await self._keep_answer(job_run.attempt, task)
        return Finished(status=JobStatus.PENDING)

    async def _complete(self, job_run: JobRun, attempt: Attempt, task: Task, acceptance: Acceptance | None) -> Attempt:
        charge = charge_for(job_run.job, task, task.listed, self._context.catalog)
        submitted_at = attempt.submitted_at if acceptance is None else acceptance.submitted_at
        completed = await self._run.journal.complete(
            attempt,
            ended_at=self._ended_at(task),
            submitted_at=submitted_at or self._context.clock.now(),
            charge=charge,
            results=task.images,
            acceptance=acceptance,
        )
        job_run.attempt, job_run.results = completed, task.images
        self._book(completed, charge)
        if task.unread:
            error = unreadable_result(task.unread, task.answer)
            self._note_unread(job_run, error)
            job_run.unread = error
            await self._keep_answer(completed, task)
        return completed

    async def _keep_answer(self, attempt: Attempt, task: Task) -> None:
        await asyncio.to_thread(keep_answer, self._context.layout, attempt.job_id, attempt.number, task.answer)

    def _book(self, attempt: Attempt, charge: Charge) -> None:
        self._run.budget.release(attempt.held_nusd)
        self._run.budget.pay(charge.cost_nusd)

    def _ended_at(self, task: Task) -> float:
        return self._context.clock.now() if task.completed_at is None else task.completed_at

    def _after_failure(self, job_run: JobRun, error: JobError, *, is_paid: bool) -> Step:
        is_worth_it = is_worth_another_try(error, failed_before=job_run.failed_before, is_paid=is_paid)
        job_run.failed_before += 1
        if not is_worth_it or job_run.tries_left <= 0 or self._context.options.fetch_only:
            return Finished(status=JobStatus.FAILED, is_final_failure=True)
        job_run.tries_left -= 1
        return RetryAt(at=self._run.now() + backoff_s(job_run.failed_before, self._context.rng))

    def _note_unread(self, job_run: JobRun, error: JobError) -> None:
        """Record an unreadable result; after a few of them nothing more is submitted."""
        job, breaker = job_run.job, self._breaker
        failure = ImageFailure(model=job.model, host="", why=error.message, is_unread=True)
        breaker.image_failed(job.job_id, self._run.now(), failure)
        self._run.counters.warn(f"{job.job_id}: {error.message}")
        if breaker.unread >= UNREAD_STOPS_AT:
            self._run.stops.stop(ResultsUnreadable(tasks=breaker.unread, why=error.message))
