"""What the end of a task makes of its attempt: the bill, the addresses of its images, or another try."""

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.changes import Acceptance, Bill
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.money import nusd_from_quota
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.backoff import backoff_s
from qwave_batch.run.breaker import UNREAD_STOPS_AT
from qwave_batch.run.darkroom import Darkroom
from qwave_batch.run.desk import Desk
from qwave_batch.run.failures import error_of_task, is_worth_another_try, unreadable_result
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.shortfall import bill_of
from qwave_batch.run.trial import Done, Later, Step, Trial


class Settling:
    """Puts the end of a task on record, and its money."""

    def __init__(self, desk: Desk, darkroom: Darkroom) -> None:
        self._desk = desk
        self._darkroom = darkroom
        self._context = desk.context

    async def settle(self, trial: Trial, attempt: Attempt, task: Task) -> Attempt | Step:
        """Return the completed attempt, whose images are to be fetched, or how the job goes on without any."""
        acceptance, trial.acceptance = trial.acceptance, None
        if attempt.state is AttemptState.LOST:
            attempt = await self._desk.journal.find_again(attempt)
        if task.listed and task.state is TaskState.COMPLETED:
            return await self._complete(trial, attempt, task, acceptance)
        if task.unread or task.is_hollow:
            return await self._keep(trial, attempt, task, acceptance)
        bill = Bill(
            cost_nusd=nusd_from_quota(task.cost_quota or 0),
            # that a failed task is free is the API's word too, in its documents
            cost_from="api" if task.cost_quota is not None or task.state is TaskState.FAILED else None,
            catalog_nusd=0,
        )
        ended_at = self._ended_at(task)
        if task.state is TaskState.CANCELLED:
            error = JobError(code="cancelled", message="the task was cancelled at the API", retryable=True)
            trial.attempt = await self._desk.journal.cancelled(
                attempt, ended_at=ended_at, bill=bill, error=error, acceptance=acceptance
            )
            self._book(trial.attempt, bill)
            return Done(status=JobStatus.CANCELLED, is_final_failure=True)
        return await self._fail(trial, attempt, task, bill, acceptance)

    async def _fail(
        self, trial: Trial, attempt: Attempt, task: Task, bill: Bill, acceptance: Acceptance | None
    ) -> Step:
        # only a task that the API calls failed is free by its documents; all else is free when its cost says so
        is_in_doubt = task.cost_quota is None and task.state is not TaskState.FAILED
        is_paid = bill.cost_nusd > 0 or is_in_doubt
        error = error_of_task(task, is_paid=is_paid, is_in_doubt=is_in_doubt)
        trial.attempt = await self._desk.journal.fail(
            attempt,
            ended_at=self._ended_at(task),
            bill=bill,
            error=error,
            acceptance=acceptance,
            is_in_doubt=is_in_doubt,
        )
        if not is_in_doubt:
            self._book(trial.attempt, bill)
        return self._after_failure(trial, error, is_paid=is_paid)

    async def _keep(self, trial: Trial, attempt: Attempt, task: Task, acceptance: Acceptance | None) -> Step:
        """Keep a paid task whose images nobody can read: at its price, and with the answer to be looked at."""
        reason = task.unread or f"the task lists {len(task.images):,} images without an address"
        error = unreadable_result(reason, task.answer)
        note_unread(self._desk, trial, error)
        held_nusd = nusd_from_quota(task.cost_quota or 0)
        self._desk.budget.reserve(max(0, held_nusd - attempt.held_nusd))
        trial.attempt = await self._desk.journal.await_images(
            attempt, error, ended_at=self._desk.api_stamp(), held_nusd=held_nusd, acceptance=acceptance
        )
        await self._darkroom.keep_answer(trial.job.job_id, trial.attempt.number, task.answer)
        return Done(status=JobStatus.PENDING)

    async def _complete(self, trial: Trial, attempt: Attempt, task: Task, acceptance: Acceptance | None) -> Attempt:
        bill = bill_of(trial.job, task, task.listed, self._context.cost_nusd)
        submitted_at = attempt.submitted_at if acceptance is None else acceptance.submitted_at
        completed = await self._desk.journal.complete(
            attempt,
            ended_at=self._ended_at(task),
            submitted_at=submitted_at or self._context.clock.now(),
            bill=bill,
            results=task.images,
            acceptance=acceptance,
        )
        trial.attempt, trial.results = completed, task.images
        self._book(completed, bill)
        if task.unread:
            error = unreadable_result(task.unread, task.answer)
            note_unread(self._desk, trial, error)
            trial.unread = error
            await self._darkroom.keep_answer(trial.job.job_id, completed.number, task.answer)
        return completed

    def _book(self, attempt: Attempt, bill: Bill) -> None:
        self._desk.budget.release(attempt.held_nusd)
        self._desk.budget.pay(bill.cost_nusd)
        self._desk.tally.cost_nusd += bill.cost_nusd

    def _ended_at(self, task: Task) -> float:
        return self._context.clock.now() if task.completed_at is None else task.completed_at

    def _after_failure(self, trial: Trial, error: JobError, *, is_paid: bool) -> Step:
        is_worth_it = is_worth_another_try(error, failed_before=trial.failed_before, is_paid=is_paid)
        trial.failed_before += 1
        if not is_worth_it or trial.tries_left <= 0 or self._context.options.fetch_only:
            return Done(status=JobStatus.FAILED, is_final_failure=True)
        trial.tries_left -= 1
        return Later(at=self._desk.now() + backoff_s(trial.failed_before, self._context.rng))


def note_unread(desk: Desk, trial: Trial, error: JobError) -> None:
    """Take in a result that nobody can read; after a few of them nothing more is bought."""
    job, breaker = trial.job, desk.breaker
    breaker.failed(job.job_id, desk.now(), model=job.model, host="", why=error.message, is_unread=True)
    desk.tally.warn(f"{job.job_id}: {error.message}")
    if breaker.unread >= UNREAD_STOPS_AT:
        desk.halt.stop(
            HaltKind.PICTURES,
            f"the results of {breaker.unread:,} tasks can't be read, so nothing more is bought: {error.message}",
        )
