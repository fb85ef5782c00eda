"""A submit: the intent on record, the key on its way, and what the answer makes of the attempt."""

import asyncio
import math
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, assert_never

from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Denied,
    NoAnswer,
    Refused,
    TaskAnswer,
    TaskNotFound,
    Throttled,
)
from qwave_batch.folder.probing import StorageProbe
from qwave_batch.ledger.attempt import Acceptance, Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.money import nusd_from_quota
from qwave_batch.model.record import JobStatus
from qwave_batch.model.stop_reason import FolderMoved, HoldTooHigh, ModelUnavailable
from qwave_batch.model.task import Task
from qwave_batch.run.connectivity import is_key_kept
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.limits.throttle_state import LongWait, Reaction, SubmitCall
from qwave_batch.run.polling.callback_inbox import CallbackInbox, callback_fields
from qwave_batch.run.polling.long_poll import HELD_FROM_S, LongPollPolicy
from qwave_batch.run.polling.status_watchdog import StatusWatchdog
from qwave_batch.run.run_state import RunState
from qwave_batch.run.schedule.model_queue import ModelQueue
from qwave_batch.run.schedule.slot_lease import SlotLease
from qwave_batch.run.schedule.wakeup import is_done_by
from qwave_batch.run.tasks.job_errors import error_of_silence, key_too_old, perhaps_paid
from qwave_batch.run.tasks.job_run import AcceptedAttempt, EndedTask, Finished, JobRun, RetryAt, Step
from qwave_batch.run.tasks.model_denials import DenialMeaning
from qwave_batch.run.tasks.submit_refusals import SubmitRefusals

SURPRISING_HOLD = 2
"""A hold of more than so many times the estimate stops its model: prices are not what we think."""


class Submitter:
    """Makes tasks, each at most once."""

    def __init__(
        self,
        run: RunState,
        refusals: SubmitRefusals,
        watchdog: StatusWatchdog,
        long_poll: LongPollPolicy,
        inbox: CallbackInbox | None,
        moved: FolderMoved | None,
    ) -> None:
        self._run = run
        self._refusals = refusals
        self._watchdog = watchdog
        self._long_poll = long_poll
        self._inbox = inbox
        self._moved = moved
        self._context = run.context
        self._journal = run.journal
        self._place = StorageProbe(run.context.layout)

    async def submit(self, job_run: JobRun, lease: SlotLease) -> AcceptedAttempt | EndedTask | Step:
        """Return the task that the API made, at work or in its end, or how the job goes on without one.

        The task's id is on record, but for one that has ended already: that is known by ``job_run.acceptance``.
        """
        if self._moved is not None:
            return self._stay(job_run, self._moved)
        await self._try_place(job_run.job)
        is_key_out = job_run.is_out and job_run.is_maybe_submitted
        attempt = job_run.attempt = await self._intend(job_run)
        if is_key_out and not await self._is_key_kept(attempt):
            return await self._doubt(job_run, attempt, key_too_old())
        sent_at = self._run.now()
        held_until = self._run.limiter.refused_until(lease.model_queue.model)
        if held_until > sent_at:  # a 429 has come while the intent was put on record
            return RetryAt(at=held_until)
        lease.spend(sent_at)
        job_run.sent_at = sent_at
        lease.model_queue.record_submit(sent_at)
        self._run.counters.count_submit(is_retry=job_run.sends > 0 or job_run.is_maybe_submitted)
        job_run.sends += 1
        if job_run.is_maybe_submitted:
            self._run.counters.resent.add(job_run.job.job_id)
        answer, reaction = await self._send(job_run, attempt, lease, sent_at)
        step = await self._judge(job_run, attempt, answer, lease, reaction)
        lease.answered()
        return step

    async def _try_place(self, job: Job) -> None:
        """Find out whether the job's images can be stored, by the first one of its folder.

        Raises:
            StorageError: they can't.
        """
        of_many = job.max_images > 1
        if not self._place.is_known(job.path, of_many=of_many):
            await asyncio.to_thread(self._place.try_name, job.path, of_many=of_many)

    def _stay(self, job_run: JobRun, reason: FolderMoved) -> Step:
        """Leave a job as it stands: a task on record came to nothing, and another is not for this folder to make."""
        self._run.stops.stop(reason)
        self._run.budget.release(job_run.needed_nusd)
        return RetryAt(at=self._run.now())

    async def _send(
        self, job_run: JobRun, attempt: Attempt, lease: SlotLease, sent_at: float
    ) -> tuple[Answer, Reaction]:
        run, model_queue = self._run, lease.model_queue
        wait_s = self._long_poll.wait_s(is_first=not model_queue.throttle.is_proven)
        sending = self._context.api.submit(
            job_run.job.body(attempt.callback), idempotency_key=attempt.key, prefer_wait_s=wait_s
        )
        answer = await (
            sending if wait_s is None or model_queue.throttle.width == math.inf else self._until_held(sending, lease)
        )
        now = run.now()
        run.connectivity.record_response(answer, model=model_queue.model)
        if isinstance(answer, TaskAnswer) and answer.task.state.is_terminal:
            self._watchdog.record_success()  # it held the answer to a submit until its end
        call = SubmitCall(model_queue.model)
        reaction = run.limiter.record(call, answer, sent_at=sent_at, now=now, is_held=wait_s is not None)
        if isinstance(answer, TaskAnswer):
            model_queue.denials.let_through(sent_at)
        if wait_s is not None:
            is_held = self._long_poll.learn(answer, asked_s=wait_s, took_s=now - sent_at)
            job_run.held_s = now - sent_at if is_held else 0.0
        return answer, reaction

    async def _until_held(self, call: Coroutine[Any, Any, Answer], lease: SlotLease) -> Answer:
        """Return the answer; one that does not come at once is being held, and no refusal: others may follow it."""
        sending = asyncio.ensure_future(call)
        try:
            if not await is_done_by(self._context.clock.sleep(HELD_FROM_S), sending):
                lease.model_queue.throttle.was_held()
                lease.answered()
            return await sending
        finally:
            sending.cancel()

    async def leave_to_next_run(self, job_run: JobRun) -> None:
        """Leave a job that waits for another try to the next run, as surely unpaid where that is known."""
        if job_run.attempt is not None and job_run.state is AttemptState.SUBMITTING and not job_run.is_maybe_submitted:
            await self._park(job_run, job_run.attempt, None)

    async def _intend(self, job_run: JobRun) -> Attempt:
        """Put on record what is about to be sent."""
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
                # Selection lets a paid attempt come here only when a person asked for failed jobs again.
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

    async def _judge(  # noqa: PLR0911 - one an answer
        self, job_run: JobRun, attempt: Attempt, answer: Answer, lease: SlotLease, reaction: Reaction
    ) -> AcceptedAttempt | EndedTask | Step:
        match answer:
            case TaskAnswer():
                self._refusals.record_task(job_run.sent_at or 0.0)
                return await self._accept(job_run, attempt, answer.task, lease)
            case Refused():
                return await self._refuse(job_run, attempt, answer)
            case Throttled():
                return await self._on_throttled(job_run, attempt, answer, lease, reaction)
            case AccountBlocked():
                self._refusals.on_no_funds(lease.model_queue, answer, job_run.sent_at or 0.0)
                return (
                    await self._leave(job_run, attempt)
                    if not answer.keeps_attempt
                    else Finished(status=JobStatus.PENDING)
                )
            case Denied():
                return await self._deny(job_run, attempt, answer, lease.model_queue)
            case NoAnswer():
                return await self._on_no_answer(job_run, attempt, answer, lease.model_queue, reaction)
            case TaskNotFound():  # never the answer to a submit
                unanswered = NoAnswer(reason=answer.message, sent=True, status=answer.status)
                return await self._on_no_answer(job_run, attempt, unanswered, lease.model_queue, reaction)
            case _:
                assert_never(answer)

    async def _accept(
        self, job_run: JobRun, attempt: Attempt, task: Task, lease: SlotLease
    ) -> AcceptedAttempt | EndedTask:
        estimate = job_run.job.estimated_nusd
        hold_nusd = None if task.hold_quota is None else nusd_from_quota(task.hold_quota)
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
            job_run.acceptance = acceptance  # goes on record in one write with the end
        else:
            attempt = job_run.attempt = await self._journal.accept(attempt, acceptance)
        job_run.is_maybe_submitted, job_run.silences = False, 0
        if estimate and hold > SURPRISING_HOLD * estimate:
            self._run.leave_model(lease.model_queue, HoldTooHigh(held_nusd=hold, estimated_nusd=estimate))
        return EndedTask(attempt, task) if task.state.is_terminal else AcceptedAttempt(attempt, task.task_id)

    async def _refuse(self, job_run: JobRun, attempt: Attempt, answer: Refused) -> Step:
        if (
            job_run.is_maybe_submitted
        ):  # an earlier sending of the key may have been taken, whatever is said of this one
            return await self._doubt(job_run, attempt, perhaps_paid(answer.error))
        if answer.keeps_attempt:
            await self._park(job_run, attempt, answer.error)
        else:
            job_run.attempt = await self._journal.refuse(attempt, answer.error)
            self._run.budget.release(attempt.held_nusd)
        return Finished(status=JobStatus.FAILED, is_final_failure=True)

    async def _deny(self, job_run: JobRun, attempt: Attempt, answer: Denied, model_queue: ModelQueue) -> Step:
        """Find out whether a 403 is about the job or about its model; the run goes on with all others."""
        job_run.is_maybe_submitted = job_run.is_maybe_submitted or answer.keeps_attempt
        if self._run.stops.is_leaving:  # the key is refused
            return await self._leave(job_run, attempt)
        if answer.keeps_attempt and self._context.idempotency_hours is None:
            return await self._doubt(job_run, attempt, perhaps_paid(answer.error))
        match self._refusals.on_denied(model_queue, answer, job_run):
            case DenialMeaning.AGAIN:
                return RetryAt(at=self._run.now(), goes_last=True)
            case DenialMeaning.MODEL:
                return await self._leave(job_run, attempt)
            case DenialMeaning.JOB if answer.keeps_attempt:
                return await self._give_up(job_run, attempt, answer.error)
            case DenialMeaning.JOB:
                refused = Refused(status=answer.status, code=answer.code, message=answer.message, param=answer.param)
                return await self._refuse(job_run, attempt, refused)

    async def _on_throttled(
        self, job_run: JobRun, attempt: Attempt, answer: Throttled, lease: SlotLease, reaction: Reaction
    ) -> Step:
        """Try a job again when its 429 allows that, unless the run does not wait for so long."""
        if reaction.too_long is not None:
            self._run.give_up_wait(lease.model_queue, reaction.too_long)
        if self._context.terms.retry_attempts == 0:
            return await self._give_up(job_run, attempt, error_of_silence(answer))
        if reaction.too_long is not None:
            return await self._leave(job_run, attempt)
        return RetryAt(at=reaction.retry_at)

    async def _on_no_answer(
        self, job_run: JobRun, attempt: Attempt, answer: NoAnswer, model_queue: ModelQueue, reaction: Reaction
    ) -> Step:
        job_run.silences += 1
        job_run.is_maybe_submitted = job_run.is_maybe_submitted or answer.sent
        if reaction.too_long is not None:
            self._close_silent(model_queue, answer, reaction.too_long)
        error = error_of_silence(answer)
        if answer.said is not None:
            if job_run.said == answer.said:  # the same words twice: a third sending would get them too
                return await self._take_at_its_word(job_run, attempt, answer.said)
            job_run.said = answer.said
        if answer.sent:
            if self._context.idempotency_hours is None:
                return await self._doubt(job_run, attempt, perhaps_paid(error))
            job_run.tries_left -= 1
        if model_queue.closed or job_run.tries_left < 0 or self._context.terms.retry_attempts == 0:
            return await self._give_up(job_run, attempt, error)
        asked_s = answer.retry_after_s or 0.0
        return RetryAt(at=self._run.now() + max(asked_s, backoff_s(job_run.silences, self._context.rng)))

    def _close_silent(self, model_queue: ModelQueue, answer: NoAnswer, wait: LongWait) -> None:
        trouble = ModelUnavailable(why=answer.reason, lasted_s=wait.so_far_s, asked_s=wait.wait_s)
        self._run.leave_model(model_queue, trouble)

    async def _take_at_its_word(self, job_run: JobRun, attempt: Attempt, said: JobError) -> Step:
        """Fail a job whose submit is answered with an error inside a success, which is no proof that nothing was made.

        Its key is kept, and what it may have cost stays held.
        """
        error = replace(said, message=f"{said.message} (said in an answer of success; the same key is kept)")
        job_run.attempt = await self._journal.park(attempt, error, is_maybe_submitted=True)
        return Finished(status=JobStatus.FAILED, is_final_failure=True)

    async def _give_up(self, job_run: JobRun, attempt: Attempt, error: JobError) -> Step:
        """Leave a job to the next run after its last try of this one."""
        if job_run.is_maybe_submitted:
            job_run.attempt = await self._journal.remark(attempt, error)
            return Finished(status=JobStatus.PENDING)
        await self._park(job_run, attempt, error)
        return Finished(status=JobStatus.FAILED)

    async def _leave(self, job_run: JobRun, attempt: Attempt) -> Step:
        if not job_run.is_maybe_submitted:
            await self._park(job_run, attempt, None)
        return Finished(status=JobStatus.PENDING)

    async def _park(self, job_run: JobRun, attempt: Attempt, error: JobError | None) -> None:
        job_run.attempt = await self._journal.park(attempt, error)
        self._run.budget.release(attempt.held_nusd)

    async def _doubt(self, job_run: JobRun, attempt: Attempt, error: JobError) -> Step:
        job_run.attempt = await self._journal.doubt(attempt, error)
        return Finished(status=JobStatus.UNKNOWN, is_final_failure=True)
