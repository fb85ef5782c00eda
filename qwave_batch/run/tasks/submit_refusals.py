"""How a run reacts to a submit that is forbidden, or refused for want of money: its model is closed, or it stops."""

import math
from http import HTTPStatus

from qwave_batch.client.answers import AccountBlocked, Denied
from qwave_batch.model.stop_reason import AccountRefused, ModelDenied, Refusal
from qwave_batch.run.run_state import RunState
from qwave_batch.run.schedule.model_queue import ModelQueue
from qwave_batch.run.tasks.job_run import JobRun
from qwave_batch.run.tasks.model_denials import PAUSE_S, DenialMeaning


class SubmitRefusals:
    """Tells whether a refusal is about a job, its model or the account."""

    def __init__(self, run: RunState) -> None:
        self._run = run
        self._refused_at: dict[str, float] = {}
        """Models refused for want of money or for the account, and when the first submit of theirs left that was."""
        self._made_at = -math.inf
        """When the newest submit left that made a task."""

    def record_task(self, sent_at: float) -> None:
        """Record that a submit that left at ``sent_at`` made a task."""
        self._made_at = max(self._made_at, sent_at)

    def on_denied(self, model_queue: ModelQueue, answer: Denied, job_run: JobRun) -> DenialMeaning:
        """Record a 403 on a submit and return what it means; a model that the key may not use is closed."""
        run, sent_at = self._run, job_run.sent_at or 0.0
        concern = run.connectivity.concern_of(answer)
        if concern == "job":
            return DenialMeaning.JOB
        if concern == "account":
            self._refuse_model(model_queue, _refused(Refusal.ACCOUNT, answer), sent_at)
            return DenialMeaning.MODEL
        meaning = DenialMeaning.MODEL
        if concern == "unsaid":
            meaning = model_queue.denials.add(job_run.job.job_id, sent_at, is_known=model_queue.throttle.is_proven)
        if meaning is DenialMeaning.MODEL:
            run.leave_model(model_queue, ModelDenied(http_status=answer.status, said=answer.message))
        elif meaning is DenialMeaning.AGAIN and not model_queue.throttle.is_proven:
            model_queue.throttle.outage.hold_until(run.now() + PAUSE_S, run.now())
        return meaning

    def on_no_funds(self, model_queue: ModelQueue, answer: AccountBlocked, sent_at: float) -> None:
        """Record that a submit was refused for want of money, in other ways than by 402."""
        if answer.kind == "balance" and answer.status != HTTPStatus.PAYMENT_REQUIRED:
            self._refuse_model(model_queue, _refused(Refusal.FUNDS, answer), sent_at)

    def _refuse_model(self, model_queue: ModelQueue, refused: AccountRefused, sent_at: float) -> None:
        """Leave a model to the next run for a refusal of the account, which may be about its plan only.

        When a second model gets the same while nothing is let through, it is the account.
        """
        self._refused_at.setdefault(model_queue.model, sent_at)
        if len(self._refused_at) > 1 and self._made_at <= min(self._refused_at.values()):
            self._run.stops.stop(refused)
        else:
            self._run.leave_model(model_queue, refused)


def _refused(refusal: Refusal, answer: AccountBlocked | Denied) -> AccountRefused:
    return AccountRefused(refusal=refusal, http_status=answer.status, said=answer.message)
