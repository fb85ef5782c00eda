"""How a run reacts to a submit that created no task: the job is failed, retried, left to the next run, or unknown."""

from dataclasses import replace
from typing import assert_never

from qwave_batch.client.answers import AccountBlocked, Denied, NoAnswer, Refused, TaskNotFound
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.stop_reason import ModelUnavailable
from qwave_batch.run.jobs.job_errors import error_of_silence, perhaps_paid
from qwave_batch.run.jobs.job_run import Finished, JobRun, RetryAt, Step
from qwave_batch.run.jobs.model_queue import ModelQueue
from qwave_batch.run.limits.admission import LongWait, Reaction
from qwave_batch.run.limits.throttle_episode import backoff_s
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.tasks.submit_refusals import DenialMeaning, SubmitRefusals


class SubmitFailures:
    """Records the effect of a failed submit on its job, and returns the job's next step."""

    def __init__(self, run: RunState, refusals: SubmitRefusals) -> None:
        self._run = run
        self._refusals = refusals
        self._context = run.context
        self._journal = run.journal

    def record_task(self, model: str, sent_at: float) -> None:
        """Record that a submit sent at ``sent_at`` created a task: rejections do not concern the account."""
        self._refusals.record_task(model, sent_at)

    async def react(
        self,
        job_run: JobRun,
        attempt: Attempt,
        answer: Refused | AccountBlocked | Denied | TaskNotFound | NoAnswer,
        model_queue: ModelQueue,
        reaction: Reaction,
    ) -> Step:
        """Return how a job goes on after a submit that made no task, and was not answered with 429.

        Args:
            job_run: The job.
            attempt: Its attempt, recorded as being submitted.
            answer: The answer to the submit.
            model_queue: The queue of its model, which may be closed.
            reaction: The consequences of the answer for the limits.
        """
        match answer:
            case Refused():
                return await self._refuse(job_run, attempt, answer)
            case AccountBlocked():
                self._refusals.on_no_funds(model_queue, answer, job_run.sent_at or 0.0)
                if answer.keeps_attempt:
                    return Finished(status=JobStatus.PENDING)
                return await self.leave(job_run, attempt)
            case Denied():
                return await self._deny(job_run, attempt, answer, model_queue)
            case NoAnswer():
                return await self._on_no_answer(job_run, attempt, answer, model_queue, reaction)
            case TaskNotFound():  # never the answer to a submit
                unanswered = NoAnswer(reason=answer.message, sent=True, status=answer.status)
                return await self._on_no_answer(job_run, attempt, unanswered, model_queue, reaction)
            case _:
                assert_never(answer)

    async def leave_to_next_run(self, job_run: JobRun) -> None:
        """Leave a job that waits for a retry to the next run, as certainly unpaid if that is known."""
        if job_run.attempt is not None and job_run.state is AttemptState.SUBMITTING and not job_run.is_maybe_submitted:
            await self._park(job_run, job_run.attempt, None)

    async def give_up(self, job_run: JobRun, attempt: Attempt, error: JobError) -> Step:
        """Leave a job to the next run after its last try of this one."""
        if job_run.is_maybe_submitted:
            job_run.attempt = await self._journal.remark(attempt, error)
            return Finished(status=JobStatus.PENDING)
        await self._park(job_run, attempt, error)
        return Finished(status=JobStatus.FAILED)

    async def leave(self, job_run: JobRun, attempt: Attempt) -> Step:
        """Leave a job to the next run before its last try."""
        if not job_run.is_maybe_submitted:
            await self._park(job_run, attempt, None)
        return Finished(status=JobStatus.PENDING)

    async def doubt(self, job_run: JobRun, attempt: Attempt, error: JobError) -> Step:
        """Record that it is unknown whether a task was created."""
        job_run.attempt = await self._journal.doubt(attempt, error)
        return Finished(status=JobStatus.UNKNOWN, is_final_failure=True)

    async def _refuse(self, job_run: JobRun, attempt: Attempt, answer: Refused) -> Step:
        if (
            job_run.is_maybe_submitted
        ):  # an earlier submit with the key may have been accepted, whatever this answer says
            return await self.doubt(job_run, attempt, perhaps_paid(answer.error))
        if answer.keeps_attempt:
            await self._park(job_run, attempt, answer.error)
        else:
            job_run.attempt = await self._journal.refuse(attempt, answer.error)
            self._run.budget.release(attempt.held_nusd)
        return Finished(status=JobStatus.FAILED, is_final_failure=True)

    async def _deny(self, job_run: JobRun, attempt: Attempt, answer: Denied, model_queue: ModelQueue) -> Step:
        """Find out whether a 403 concerns the job or its model; the run continues with all others."""
        job_run.is_maybe_submitted = job_run.is_maybe_submitted or answer.keeps_attempt
        if self._run.stops.is_leaving:  # the key was rejected
            return await self.leave(job_run, attempt)
        if answer.keeps_attempt and self._context.idempotency_hours is None:
            return await self.doubt(job_run, attempt, perhaps_paid(answer.error))
        match self._refusals.on_denied(model_queue, answer, job_run):
            case DenialMeaning.AGAIN:
                return RetryAt(at=self._run.now(), goes_last=True)
            case DenialMeaning.MODEL:
                return await self.leave(job_run, attempt)
            case DenialMeaning.JOB if answer.keeps_attempt:
                return await self.give_up(job_run, attempt, answer.error)
            case DenialMeaning.JOB:
                refused = Refused(status=answer.status, code=answer.code, message=answer.message, param=answer.param)
                return await self._refuse(job_run, attempt, refused)

    async def _on_no_answer(
        self, job_run: JobRun, attempt: Attempt, answer: NoAnswer, model_queue: ModelQueue, reaction: Reaction
    ) -> Step:
        job_run.silences += 1
        job_run.is_maybe_submitted = job_run.is_maybe_submitted or answer.sent
        if reaction.too_long is not None:
            self._close_silent(model_queue, answer, reaction.too_long)
        error = error_of_silence(answer)
        if answer.said is not None:
            if job_run.said == answer.said:  # the same message twice: a third try would get it too
                return await self._take_at_its_word(job_run, attempt, answer.said)
            job_run.said = answer.said
        if answer.sent:
            if self._context.idempotency_hours is None:
                return await self.doubt(job_run, attempt, perhaps_paid(error))
            job_run.tries_left -= 1
        if model_queue.closed or job_run.tries_left < 0 or self._context.terms.retry_attempts == 0:
            return await self.give_up(job_run, attempt, error)
        asked_s = answer.retry_after_s or 0.0
        return RetryAt(at=self._run.now() + max(asked_s, backoff_s(job_run.silences, self._context.rng)))

    def _close_silent(self, model_queue: ModelQueue, answer: NoAnswer, wait: LongWait) -> None:
        trouble = ModelUnavailable(why=answer.reason, lasted_s=wait.so_far_s, asked_s=wait.wait_s)
        self._run.leave_model(model_queue, trouble)

    async def _take_at_its_word(self, job_run: JobRun, attempt: Attempt, said: JobError) -> Step:
        """Fail a job whose submit got an error inside a success, which does not prove that nothing was created.

        Its key is kept, and its possible cost stays reserved.
        """
        error = replace(said, message=f"{said.message} (said in an answer of success; the same key is kept)")
        job_run.attempt = await self._journal.park(attempt, error, is_maybe_submitted=True)
        return Finished(status=JobStatus.FAILED, is_final_failure=True)

    async def _park(self, job_run: JobRun, attempt: Attempt, error: JobError | None) -> None:
        job_run.attempt = await self._journal.park(attempt, error)
        self._run.budget.release(attempt.held_nusd)
