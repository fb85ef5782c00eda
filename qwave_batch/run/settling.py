"""What the end of a task makes of its attempt: the bill, the addresses of its images, or another try."""

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.changes import Acceptance, Bill
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.money import nusd_from_quota
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.backoff import backoff_s
from qwave_batch.run.desk import Desk
from qwave_batch.run.failures import error_of_task, is_worth_another_try
from qwave_batch.run.trial import Done, Later, Step, Trial


class Settling:
    """Puts the end of a task on record, and its money."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def settle(self, trial: Trial, attempt: Attempt, task: Task) -> Attempt | Step:
        """Return the completed attempt, whose images are to be fetched, or how the job goes on without any."""
        acceptance, trial.acceptance = trial.acceptance, None
        if attempt.state is AttemptState.LOST:
            attempt = await self._desk.journal.find_again(attempt)
        if task.state is TaskState.COMPLETED and task.images:
            return await self._complete(trial, attempt, task, acceptance)
        bill = Bill(
            cost_nusd=nusd_from_quota(task.cost_quota or 0),
            cost_from=None if task.cost_quota is None else "api",
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
        error = error_of_task(task, is_paid=bill.cost_nusd > 0)
        trial.attempt = await self._desk.journal.fail(
            attempt, ended_at=ended_at, bill=bill, error=error, acceptance=acceptance
        )
        self._book(trial.attempt, bill)
        return self._after_failure(trial, error, is_paid=bill.cost_nusd > 0)

    async def _complete(self, trial: Trial, attempt: Attempt, task: Task, acceptance: Acceptance | None) -> Attempt:
        bill = self._bill(trial, task)
        submitted_at = attempt.submitted_at if acceptance is None else acceptance.submitted_at
        completed = await self._desk.journal.complete(
            attempt,
            ended_at=self._ended_at(task),
            submitted_at=submitted_at or self._context.clock.now(),
            bill=bill,
            results=task.images,
            acceptance=acceptance,
        )
        trial.attempt = completed
        self._book(completed, bill)
        return completed

    def _bill(self, trial: Trial, task: Task) -> Bill:
        catalog_nusd = self._context.cost_nusd(trial.job, len(task.images))
        if task.cost_quota is not None:
            return Bill(cost_nusd=nusd_from_quota(task.cost_quota), cost_from="api", catalog_nusd=catalog_nusd)
        return Bill(cost_nusd=catalog_nusd, cost_from="catalog", catalog_nusd=catalog_nusd)

    def _book(self, attempt: Attempt, bill: Bill) -> None:
        self._desk.budget.release(attempt.held_nusd)
        self._desk.budget.pay(bill.cost_nusd)
        self._desk.tally.cost_nusd += bill.cost_nusd

    def _ended_at(self, task: Task) -> float:
        return self._context.clock.now() if task.completed_at is None else task.completed_at

    def _after_failure(self, trial: Trial, error: JobError, *, is_paid: bool) -> Step:
        is_worth_it = is_worth_another_try(error, failed_before=trial.failed_before, is_paid=is_paid)
        trial.failed_before += 1
        if not is_worth_it or trial.tries_left <= 0:
            return Done(status=JobStatus.FAILED, is_final_failure=True)
        trial.tries_left -= 1
        return Later(at=self._desk.now() + backoff_s(trial.failed_before, self._context.rng))
