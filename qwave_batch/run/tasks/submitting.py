"""Submits a job: records the intent, sends the key, and returns the task that the API created."""

import asyncio
import math
from collections.abc import Coroutine, Mapping
from typing import Any

from qwave_batch.client.answers import Answer, NoAnswer, TaskAnswer, Throttled
from qwave_batch.folder.probing import StorageProbe
from qwave_batch.ledger.attempt import Acceptance, Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import status_of
from qwave_batch.model.input_references import with_images
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.stop_reason import FolderMoved, HoldTooHigh
from qwave_batch.model.task import Task
from qwave_batch.run.jobs.job_errors import key_too_old
from qwave_batch.run.jobs.job_run import AcceptedAttempt, EndedTask, Finished, JobRun, RetryAt, Step
from qwave_batch.run.jobs.model_queue import ModelQueue
from qwave_batch.run.jobs.passed_images import NotPassed
from qwave_batch.run.jobs.slot_lease import SlotLease
from qwave_batch.run.limits.admission import Reaction, SubmitCall
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.polling.callback_inbox import CallbackInbox, callback_fields
from qwave_batch.run.polling.long_poll import HELD_FROM_S, LongPollPolicy
from qwave_batch.run.polling.status_watchdog import StatusWatchdog
from qwave_batch.run.state.connectivity import is_key_kept
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.tasks.request_inputs import RequestInputs
from qwave_batch.run.tasks.submit_failures import SubmitFailures
from qwave_batch.run.wakeup import is_done_by

SURPRISING_HOLD = 2
"""A hold of more than this many times the estimate stops its model: prices differ from the catalog."""


class Submitter:
    """Creates tasks, each at most once."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a run that it brings together
        self,
        run: RunState,
        failures: SubmitFailures,
        watchdog: StatusWatchdog,
        long_poll: LongPollPolicy,
        inbox: CallbackInbox | None,
        moved: FolderMoved | None,
        inputs: RequestInputs,
    ) -> None:
        self._run = run
        self._failures = failures
        self._watchdog = watchdog
        self._long_poll = long_poll
        self._inbox = inbox
        self._moved = moved
        self._context = run.context
        self._journal = run.journal
        self._place = StorageProbe(run.context.layout)
        self._inputs = inputs

    async def submit(self, job_run: JobRun, lease: SlotLease) -> AcceptedAttempt | EndedTask | Step:
        """Return the task that the API created, running or ended, or the next step of a job without one.

        The task's id is recorded, except for one that has ended already: ``job_run.acceptance`` holds it.
        """
        if self._moved is not None:
            return self._stay(job_run, self._moved)
        await self._await_permit()
        await self._try_place(job_run.job)
        inputs = await self._inputs.texts_for(job_run)
        if isinstance(inputs, NotPassed):
            return await self._leave_for_parents(job_run, inputs)
        if job_run.job.parents and self._run.stops.is_on:  # told to end while the API was asked for addresses
            self._run.budget.release(job_run.needed_nusd)
            return RetryAt(at=self._run.now())
        is_key_out = job_run.is_out and job_run.is_maybe_submitted
        before, attempt = job_run.attempt, await self._intend(job_run)
        job_run.attempt = attempt
        if attempt.next_sent_at is not None and (before is None or before.number < attempt.number):
            is_key_out = job_run.is_maybe_submitted = True  # by a process whose records are lost
        if is_key_out and not await self._is_key_kept(attempt):
            return await self._failures.doubt(job_run, attempt, key_too_old())
        await self._await_permit()  # all that comes between this and the sending takes no time
        sent_at = self._run.now()
        held_until = self._run.limiter.refused_until(lease.model_queue.model)
        if held_until > sent_at:  # a 429 arrived while the intent was recorded
            return RetryAt(at=held_until)
        lease.spend(sent_at)
        job_run.sent_at = sent_at
        lease.model_queue.record_submit(sent_at)
        self._run.counters.count_submit(is_retry=job_run.sends > 0 or job_run.is_maybe_submitted)
        job_run.sends += 1
        if job_run.is_maybe_submitted:
            self._run.counters.resent.add(job_run.job.job_id)
        wait_s = self._long_poll.wait_s(is_first=not lease.model_queue.throttle.is_proven)
        answer = await self._send(job_run.job, attempt, inputs, lease, wait_s)
        reaction = self._record(job_run, answer, lease.model_queue, wait_s)
        made: AcceptedAttempt | EndedTask | Step
        match answer:
            case TaskAnswer(task=task):
                made = await self._accept(job_run, attempt, task, lease)
            case Throttled():
                made = await self._on_throttled(job_run, attempt, answer.error, lease.model_queue, reaction)
            case _:
                made = await self._failures.react(job_run, attempt, answer, lease.model_queue, reaction)
        lease.answered()
        return made

    async def _await_permit(self) -> None:
        """Return when this process may submit.

        Raises:
            StorageError: another run has the folder.
        """
        permit = self._context.permit
        while permit is not None and not permit.is_given():
            await permit.wait_given()

    async def _try_place(self, job: Job) -> None:
        """Test whether the job's images can be stored, for the first job of its folder.

        Raises:
            StorageError: they cannot.
        """
        of_many = job.max_images > 1
        if not self._place.is_known(job.path, of_many=of_many):
            await asyncio.to_thread(self._place.try_name, job.path, of_many=of_many)

    def _stay(self, job_run: JobRun, reason: FolderMoved) -> Step:
        """Leave a job as it is: its recorded task failed, and this folder may not create another."""
        self._run.stops.stop(reason)
        self._run.budget.release(job_run.needed_nusd)
        return RetryAt(at=self._run.now())

    async def _leave_for_parents(self, job_run: JobRun, why: NotPassed) -> Step:
        """Leave a job as it is until its parents can be passed: later in this run, or to the next one."""
        run, now = self._run, self._run.now()
        run.budget.release(job_run.needed_nusd)
        if job_run.unanswered_since is None:
            job_run.unanswered_since = now
        is_over = now - job_run.unanswered_since > self._context.options.max_wait_s
        if why is NotPassed.UNANSWERED and not is_over:
            job_run.parent_tries += 1
            return RetryAt(at=now + backoff_s(job_run.parent_tries, self._context.rng))
        if job_run.attempt is not None:
            status = status_of(job_run.attempt)
        else:
            status = (await asyncio.to_thread(self._context.ledger.record, job_run.job.job_id)).status
        if status is not JobStatus.SKIPPED:
            run.counters.not_passed[job_run.job.stage, why] += 1
        return Finished(status=status)

    async def _send(
        self, job: Job, attempt: Attempt, inputs: Mapping[str, str], lease: SlotLease, wait_s: float | None
    ) -> Answer:
        body = job.body(attempt.callback)
        if inputs:
            body = with_images(body, self._context.reference_fields, inputs)
        sending = self._context.api.submit(body, idempotency_key=attempt.key, prefer_wait_s=wait_s)
        is_alone = wait_s is None or lease.model_queue.throttle.width == math.inf
        return await (sending if is_alone else self._until_held(sending, lease))

    def _record(self, job_run: JobRun, answer: Answer, model_queue: ModelQueue, wait_s: float | None) -> Reaction:
        """Record what an answer tells beside what becomes of its job, and return what follows for the limits."""
        run, model, now, sent_at = self._run, model_queue.model, self._run.now(), job_run.sent_at or 0.0
        if isinstance(answer, Throttled):
            run.connectivity.prove_key(answer.served_at)
            run.counters.limits.submits[model] += 1
        else:
            run.connectivity.record_response(answer, model=model)
        if isinstance(answer, TaskAnswer) and answer.task.state.is_terminal:
            self._watchdog.record_success()  # it held the answer to a submit until its end
        reaction = run.limiter.record(SubmitCall(model), answer, sent_at=sent_at, now=now, is_held=wait_s is not None)
        if isinstance(answer, TaskAnswer):
            self._failures.record_task(model, sent_at)
        if wait_s is not None:
            took_s = now - sent_at
            is_held = isinstance(answer, TaskAnswer | NoAnswer) and self._long_poll.learn(
                answer, asked_s=wait_s, took_s=took_s
            )
            job_run.held_s = took_s if is_held else 0.0
        return reaction

    async def _on_throttled(
        self, job_run: JobRun, attempt: Attempt, error: JobError, model_queue: ModelQueue, reaction: Reaction
    ) -> Step:
        """Try a job again when its 429 allows that, unless the run does not wait for so long."""
        if reaction.too_long is not None:
            self._run.give_up_wait(model_queue, reaction.too_long)
        if self._context.terms.retry_attempts == 0:
            return await self._failures.give_up(job_run, attempt, error)
        if reaction.too_long is not None:
            return await self._failures.leave(job_run, attempt)
        return RetryAt(at=reaction.retry_at)

    async def _until_held(self, call: Coroutine[Any, Any, Answer], lease: SlotLease) -> Answer:
        """Return the answer; one that takes long is being held and is not a rejection, so others may follow."""
        sending = asyncio.ensure_future(call)
        try:
            if not await is_done_by(self._context.clock.sleep(HELD_FROM_S), sending):
                lease.model_queue.throttle.was_held()
                lease.answered()
            return await sending
        finally:
            sending.cancel()

    async def _intend(self, job_run: JobRun) -> Attempt:
        """Record the intent to send."""
        held_nusd, attempt = job_run.job.estimated_nusd, job_run.attempt
        match attempt:
            case Attempt(state=AttemptState.SUBMITTING):
                return await self._journal.hold(attempt, held_nusd=held_nusd) if job_run.needed_nusd else attempt
            case Attempt(state=AttemptState.NOT_SUBMITTED | AttemptState.UNKNOWN | AttemptState.NOT_FOUND):
                return await self._journal.intend_again(
                    attempt,
                    held_nusd=held_nusd,
                    sent_at=self._run.connectivity.earliest_time(),
                    callback=callback_fields(self._inbox, job_run.job),
                )
            case _:
                # Selection lets a paid attempt reach this only when a user asked for failed jobs again.
                return await self._journal.intend(
                    job_run.job.job_id,
                    held_nusd=held_nusd,
                    sent_at=self._run.connectivity.earliest_time(),
                    pay_again=self._context.options.retry_failed and job_run.sends == 0,
                    callback=callback_fields(self._inbox, job_run.job),
                )

    async def _is_key_kept(self, attempt: Attempt) -> bool:
        hours = self._context.idempotency_hours
        if hours is None:
            return False
        if not self._run.connectivity.is_time_sure():
            self._run.connectivity.record_balance(await self._context.api.balance())  # its answer has a date
        return is_key_kept(attempt.first_sent_at, self._run.connectivity.latest_time(), hours)

    async def _accept(
        self, job_run: JobRun, attempt: Attempt, task: Task, lease: SlotLease
    ) -> AcceptedAttempt | EndedTask:
        estimate = job_run.job.estimated_nusd
        hold_nusd = task.hold_nusd
        hold = hold_nusd or 0
        held_nusd = max(attempt.held_nusd, hold)
        self._run.budget.reserve(held_nusd - attempt.held_nusd)
        acceptance = Acceptance(
            task_id=task.task_id,
            submitted_at=self._context.clock.now() if task.created_at is None else task.created_at,
            held_nusd=held_nusd,
            hold_nusd=hold_nusd,
        )
        if task.state.is_terminal:
            job_run.acceptance = acceptance  # recorded in one write with the end
        else:
            attempt = job_run.attempt = await self._journal.accept(attempt, acceptance)
        job_run.is_maybe_submitted, job_run.silences = False, 0
        if estimate and hold > SURPRISING_HOLD * estimate:
            self._run.leave_model(lease.model_queue, HoldTooHigh(held_nusd=hold, estimated_nusd=estimate))
        return EndedTask(attempt, task) if task.state.is_terminal else AcceptedAttempt(attempt, task.task_id)
