"""How a run reacts to a submit that is forbidden, or refused for want of money: its model is closed, or it stops."""

from http import HTTPStatus

from qwave_batch.client.answers import AccountBlocked, Denied
from qwave_batch.model.stop_reason import AccountRefused, ModelDenied, Refusal
from qwave_batch.run.desk import Desk
from qwave_batch.run.schedule.model_queue import ModelQueue
from qwave_batch.run.tasks.job_run import JobRun
from qwave_batch.run.tasks.model_denials import PAUSE_S, DenialMeaning


def what_is_denied(desk: Desk, model_queue: ModelQueue, answer: Denied, job_run: JobRun) -> DenialMeaning:
    """Take in a 403 on a submit and return what it means; a model that the key may not use is closed."""
    concern = desk.concern_of(answer)
    if concern == "job":
        return DenialMeaning.JOB
    if concern == "account":
        refused = AccountRefused(refusal=Refusal.ACCOUNT, http_status=answer.status, said=answer.message)
        _bar(desk, model_queue, refused, job_run.sent_at or 0.0)
        return DenialMeaning.MODEL
    meaning = DenialMeaning.MODEL
    if concern == "unsaid":
        meaning = model_queue.denials.add(
            job_run.job.job_id, job_run.sent_at or 0.0, is_known=model_queue.throttle.is_proven
        )
    if meaning is DenialMeaning.MODEL:
        desk.close(model_queue, ModelDenied(http_status=answer.status, said=answer.message))
    elif meaning is DenialMeaning.AGAIN and not model_queue.throttle.is_proven:
        model_queue.throttle.outage.hold_until(desk.now() + PAUSE_S, desk.now())
    return meaning


def note_no_funds(desk: Desk, model_queue: ModelQueue, answer: AccountBlocked, sent_at: float) -> None:
    """Take in that a submit was refused for want of money, in other ways than by 402."""
    if answer.kind != "balance" or answer.status == HTTPStatus.PAYMENT_REQUIRED:
        return
    refused = AccountRefused(refusal=Refusal.FUNDS, http_status=answer.status, said=answer.message)
    _bar(desk, model_queue, refused, sent_at)


def _bar(desk: Desk, model_queue: ModelQueue, refused: AccountRefused, sent_at: float) -> None:
    """Leave a model's own to the next run for what is said of the account, which may be about its plan only.

    When a second model gets the same while nothing is let through, it is the account.
    """
    desk.barred.setdefault(model_queue.model, sent_at)
    if len(desk.barred) > 1 and desk.made_at <= min(desk.barred.values()):
        desk.stops.stop(refused)
    else:
        desk.close(model_queue, refused)
