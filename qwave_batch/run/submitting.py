"""A submit: the intent on record, the key on its way, and what the answer makes of the attempt."""

import asyncio
import math
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, assert_never

from qwave_batch.client.answers import Answer, Denied, Missing, Refused, Stopped, TaskAnswer, Throttled, Unanswered
from qwave_batch.errors import FolderError
from qwave_batch.folder.probing import Place
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.changes import Acceptance
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.money import nusd_from_quota
from qwave_batch.model.record import JobStatus
from qwave_batch.model.task import Task
from qwave_batch.run.api_time import is_key_kept
from qwave_batch.run.backoff import backoff_s
from qwave_batch.run.before import is_done_before
from qwave_batch.run.denials import Meaning
from qwave_batch.run.desk import Desk
from qwave_batch.run.failures import error_of_silence, key_too_old, perhaps_paid
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.lane import Lane
from qwave_batch.run.patience import bear, note_no_funds, what_is_denied
from qwave_batch.run.prefer import HELD_FROM_S
from qwave_batch.run.seat import Seat
from qwave_batch.run.trial import Done, Later, Step, Trial

SURPRISING_HOLD = 2
"""A hold of more than so many times the estimate stops its model: prices are not what we think."""
HELD_NEWS_S = 1.0
"""How old the rate limit headers of a held answer are at most."""


class Submitting:
    """Makes tasks, each at most once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context
        self._journal = desk.journal
        self._place = Place(desk.context.layout)

    async def submit(self, trial: Trial, seat: Seat) -> Task | Step:
        """Return the task that the API made, or how the job goes on without one.

        The task's id is on record, but for one that has ended already: what is known of that is ``trial.acceptance``.
        """
        if self._desk.elsewhere is not None:
            return self._stay(trial, self._desk.elsewhere)
        await self._try_place(trial.job)
        attempt = await self._intend(trial)
        if attempt is None:
            return await self._doubt(trial, key_too_old())
        sent_at = self._desk.now()
        held_until = self._desk.gates.held_until(seat.lane)
        if held_until > sent_at:  # a 429 has come while the intent was put on record
            return Later(at=held_until)
        seat.spend(sent_at)
        trial.sent_at = sent_at
        if seat.lane.tried_at is None:
            seat.lane.tried_at = sent_at
        self._desk.tally.submits += 1
        self._desk.tally.retries += trial.sends > 0 or trial.is_in_doubt
        trial.sends += 1
        if trial.is_in_doubt:
            self._desk.tally.resent.add(trial.job.job_id)
        answer = await self._send(trial, attempt, seat, sent_at)
        step = await self._judge(trial, attempt, answer, seat, sent_at)
        seat.answered()
        return step

    async def _try_place(self, job: Job) -> None:
        """Find out whether the job's images can be stored, by the first one of its folder.

        Raises:
            StorageError: they can't.
        """
        of_many = job.max_images > 1
        if not self._place.is_known(job.path, of_many=of_many):
            await asyncio.to_thread(self._place.try_name, job.path, of_many=of_many)

    def _stay(self, trial: Trial, reason: FolderError) -> Step:
        """Leave a job as it stands: a task on record came to nothing, and another is not for this folder to make."""
        self._desk.halt.stop(HaltKind.PLACE, str(reason))
        self._desk.budget.release(trial.needed_nusd)
        return Later(at=self._desk.now())

    async def _send(self, trial: Trial, attempt: Attempt, seat: Seat, sent_at: float) -> Answer:
        desk, lane = self._desk, seat.lane
        wait_s = desk.prefer.wait_s(is_first=not lane.is_proven)
        callback = trial.job.callback if attempt.callback is None else attempt.callback
        call = self._context.api.submit(
            {**trial.job.request, **callback}, idempotency_key=attempt.key, prefer_wait_s=wait_s
        )
        answer = await (call if wait_s is None or lane.width == math.inf else self._until_held(call, seat))
        now = desk.now()
        desk.hear(answer, model=lane.model)
        # The headers of a held answer are as of its end, as a rule: what left before that is counted in them.
        desk.gates.hear_submit(lane, answer, sent_at if wait_s is None else max(sent_at, now - HELD_NEWS_S), now)
        if wait_s is not None:
            is_held = desk.prefer.learn(answer, asked_s=wait_s, took_s=now - sent_at)
            trial.held_s = now - sent_at if is_held else 0.0
        return answer

    async def _until_held(self, call: Coroutine[Any, Any, Answer], seat: Seat) -> Answer:
        """Return the answer; one that does not come at once is being held, and no refusal: others may follow it."""
        sending = asyncio.ensure_future(call)
        try:
            if not await is_done_before(self._context.clock.sleep(HELD_FROM_S), sending):
                seat.lane.was_held()
                seat.answered()
            return await sending
        finally:
            sending.cancel()

    async def put_aside(self, trial: Trial) -> None:
        """Leave a job that waits for another try to the next run, as surely unpaid where that is known."""
        if trial.attempt is not None and trial.state is AttemptState.INTENDED and not trial.is_in_doubt:
            await self._park(trial, trial.attempt, None)

    async def _intend(self, trial: Trial) -> Attempt | None:
        """Put on record what is about to be sent; None when an old key can't be trusted any more."""
        attempt, held_nusd = trial.attempt, trial.job.estimated_nusd
        match trial.state:
            case AttemptState.INTENDED:
                assert attempt is not None  # noqa: S101 - it has a state
                if trial.needed_nusd:
                    trial.attempt = await self._journal.hold(attempt, held_nusd=held_nusd)
                if trial.is_in_doubt and not await self._is_key_kept(trial):
                    return None
            case AttemptState.PARKED | AttemptState.UNKNOWN | AttemptState.LOST:
                assert attempt is not None  # noqa: S101 - it has a state
                trial.attempt = await self._journal.intend_again(
                    attempt,
                    held_nusd=held_nusd,
                    sent_at=self._desk.api_stamp(),
                    callback=self._desk.callback_of(trial.job),
                )
            case _:
                # Selection lets a paid attempt come here only when a person asked for failed jobs again.
                trial.attempt = await self._journal.intend(
                    trial.job.job_id,
                    held_nusd=held_nusd,
                    sent_at=self._desk.api_stamp(),
                    pay_again=self._context.options.retry_failed and trial.sends == 0,
                    callback=self._desk.callback_of(trial.job),
                )
        return trial.attempt

    async def _is_key_kept(self, trial: Trial) -> bool:
        hours, clock = self._context.idempotency_hours, self._context.clock
        if trial.attempt is None or hours is None:
            return False
        if not self._desk.api_time.is_sure(now=clock.now(), monotonic=clock.monotonic()):
            self._desk.hear_balance(await self._context.api.balance())  # its answer has a date
        return is_key_kept(trial.attempt.first_sent_at, self._desk.api_now(), hours)

    async def _judge(self, trial: Trial, attempt: Attempt, answer: Answer, seat: Seat, sent_at: float) -> Task | Step:  # noqa: PLR0911 - one an answer
        match answer:
            case TaskAnswer():
                seat.lane.was_answered(sent_at)
                self._desk.made_at = max(self._desk.made_at, sent_at)
                await self._accept(trial, attempt, answer.task, seat)
                return answer.task
            case Refused():
                return await self._refuse(trial, attempt, answer)
            case Throttled():
                return await self._throttle(trial, attempt, answer, seat, sent_at)
            case Stopped():
                note_no_funds(self._desk, seat.lane, answer, sent_at)
                return await self._leave(trial, attempt) if not answer.keeps_attempt else Done(status=JobStatus.PENDING)
            case Denied():
                return await self._deny(trial, attempt, answer, seat.lane)
            case Unanswered():
                return await self._hear_nothing(trial, attempt, answer, seat.lane, sent_at)
            case Missing():  # never the answer to a submit
                unanswered = Unanswered(reason=answer.message, sent=True, status=answer.status)
                return await self._hear_nothing(trial, attempt, unanswered, seat.lane, sent_at)
            case _:
                assert_never(answer)

    async def _accept(self, trial: Trial, attempt: Attempt, task: Task, seat: Seat) -> None:
        estimate = trial.job.estimated_nusd
        hold_nusd = None if task.hold_quota is None else nusd_from_quota(task.hold_quota)
        hold = hold_nusd or 0
        held_nusd = max(attempt.held_nusd, hold)
        self._desk.budget.reserve(held_nusd - attempt.held_nusd)
        acceptance = Acceptance(
            task_id=task.task_id,
            submitted_at=self._context.clock.now() if task.created_at is None else task.created_at,
            held_nusd=held_nusd,
            hold_nusd=hold_nusd,
        )
        if task.state.is_terminal:
            trial.acceptance = acceptance  # goes on record in one write with the end
        else:
            trial.attempt = await self._journal.accept(attempt, acceptance)
        trial.is_in_doubt, trial.silences = False, 0
        if estimate and hold > SURPRISING_HOLD * estimate:
            held = f"{hold / 1e9:.6g} USD for a job estimated at {estimate / 1e9:.6g} USD"
            self._desk.close(seat.lane, HaltKind.BUDGET, f"{trial.job.model} is paused: the API holds {held}")

    async def _refuse(self, trial: Trial, attempt: Attempt, answer: Refused) -> Step:
        if trial.is_in_doubt:  # an earlier sending of the key may have been taken, whatever is said of this one
            return await self._doubt(trial, perhaps_paid(answer.error))
        if answer.keeps_attempt:
            await self._park(trial, attempt, answer.error)
        else:
            trial.attempt = await self._journal.refuse(attempt, answer.error)
            self._desk.budget.release(attempt.held_nusd)
        return Done(status=JobStatus.FAILED, is_final_failure=True)

    async def _deny(self, trial: Trial, attempt: Attempt, answer: Denied, lane: Lane) -> Step:
        """Find out whether a 403 is about the job or about its model; the run goes on with all others."""
        trial.is_in_doubt = trial.is_in_doubt or answer.keeps_attempt
        if self._desk.halt.is_leaving:  # the key is refused
            return await self._leave(trial, attempt)
        if answer.keeps_attempt and self._context.idempotency_hours is None:
            return await self._doubt(trial, perhaps_paid(answer.error))
        match what_is_denied(self._desk, lane, answer, trial):
            case Meaning.AGAIN:
                return Later(at=self._desk.now(), goes_last=True)
            case Meaning.MODEL:
                return await self._leave(trial, attempt)
            case Meaning.JOB if answer.keeps_attempt:
                return await self._give_up(trial, attempt, answer.error)
            case Meaning.JOB:
                refused = Refused(status=answer.status, code=answer.code, message=answer.message, param=answer.param)
                return await self._refuse(trial, attempt, refused)

    async def _throttle(self, trial: Trial, attempt: Attempt, answer: Throttled, seat: Seat, sent_at: float) -> Step:
        at = bear(self._desk, seat.lane, answer, sent_at)
        if self._context.terms.retry_attempts == 0:
            return await self._give_up(trial, attempt, error_of_silence(answer))
        return Later(at=at) if at is not None else await self._leave(trial, attempt)

    async def _hear_nothing(
        self, trial: Trial, attempt: Attempt, answer: Unanswered, lane: Lane, sent_at: float
    ) -> Step:
        trial.silences += 1
        trial.is_in_doubt = trial.is_in_doubt or answer.sent
        self._note_trouble(lane, answer, sent_at)
        error = error_of_silence(answer)
        if answer.said is not None:
            if trial.said == answer.said:  # the same words twice: a third sending would get them too
                return await self._take_at_its_word(trial, attempt, answer.said)
            trial.said = answer.said
        if answer.sent:
            if self._context.idempotency_hours is None:
                return await self._doubt(trial, perhaps_paid(error))
            trial.tries_left -= 1
        if lane.closed or trial.tries_left < 0 or self._context.terms.retry_attempts == 0:
            return await self._give_up(trial, attempt, error)
        asked_s = answer.retry_after_s or 0.0
        return Later(at=self._desk.now() + max(asked_s, backoff_s(trial.silences, self._context.rng)))

    def _note_trouble(self, lane: Lane, answer: Unanswered, sent_at: float) -> None:
        desk, now, asked_s = self._desk, self._desk.now(), answer.retry_after_s or 0.0
        desk.gates.trouble(lane, asked_s, sent_at=sent_at, now=now)
        lasts_s = lane.outage.lasts_s(now, asked_s)
        if lasts_s > self._context.options.max_wait_s:
            asks = f", and asks to wait for another {asked_s:,.0f} s" if asked_s else ""
            reason = (
                f"{lane.model} took no job for {lasts_s - asked_s:,.0f} s ({answer.reason}){asks}: it is left to the "
                "next run"
            )
            desk.close(lane, HaltKind.OFFLINE, reason)

    async def _take_at_its_word(self, trial: Trial, attempt: Attempt, said: JobError) -> Step:
        """Fail a job whose submit is answered with an error inside a success, which is no proof that nothing was made.

        Its key is kept, and what it may have cost stays held.
        """
        error = replace(said, message=f"{said.message} (said in an answer of success; the same key is kept)")
        trial.attempt = await self._journal.park(attempt, error, is_in_doubt=True)
        return Done(status=JobStatus.FAILED, is_final_failure=True)

    async def _give_up(self, trial: Trial, attempt: Attempt, error: JobError) -> Step:
        """Leave a job to the next run after its last try of this one."""
        if trial.is_in_doubt:
            trial.attempt = await self._journal.remark(attempt, error)
            return Done(status=JobStatus.PENDING)
        await self._park(trial, attempt, error)
        return Done(status=JobStatus.FAILED)

    async def _leave(self, trial: Trial, attempt: Attempt) -> Step:
        if not trial.is_in_doubt:
            await self._park(trial, attempt, None)
        return Done(status=JobStatus.PENDING)

    async def _park(self, trial: Trial, attempt: Attempt, error: JobError | None) -> None:
        trial.attempt = await self._journal.park(attempt, error)
        self._desk.budget.release(attempt.held_nusd)

    async def _doubt(self, trial: Trial, error: JobError) -> Step:
        assert trial.attempt is not None  # noqa: S101 - only an intended attempt is doubted
        trial.attempt = await self._journal.doubt(trial.attempt, error)
        return Done(status=JobStatus.UNKNOWN, is_final_failure=True)
