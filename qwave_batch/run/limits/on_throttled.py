"""What a run bears of the API's `not now` and `not you`: it waits, leaves a model to the next run, or ends."""

import math
from collections.abc import Iterable
from http import HTTPStatus

from qwave_batch.client.answers import AccountBlocked, Denied, Throttled
from qwave_batch.model.stop_reason import AccountRefused, ModelDenied, Refusal
from qwave_batch.run.desk import Desk
from qwave_batch.run.schedule.model_queue import ModelQueue
from qwave_batch.run.tasks.job_run import JobRun
from qwave_batch.run.tasks.model_denials import PAUSE_S, DenialMeaning


def bear(desk: Desk, lane: ModelQueue, answer: Throttled, sent_at: float) -> float | None:
    """Take in a 429 on a submit; return when its job may be tried again.

    None when that is longer than the run waits: where the account is concerned it stops, else the model is left to the
    next run.
    """
    now, account, model = desk.now(), desk.brake.account, desk.brake.of(lane.model)
    if answer.is_quota_window:
        account.strike(sent_at, now)
    else:
        lane.was_throttled(now, is_new=model.strike(sent_at, now))
    desk.note_quota(answer)
    if account.is_open and (reason := desk.why_not_wait(answer, account)):
        desk.stops.stop(reason)
        return None
    if reason := desk.why_not_wait(answer, model):
        desk.close(lane, reason)
        return None
    return desk.gates.throttle(lane, answer, sent_at=sent_at, now=now)


def what_is_denied(desk: Desk, lane: ModelQueue, answer: Denied, job_run: JobRun) -> DenialMeaning:
    """Take in a 403 on a submit and return what it means; a model that the key may not use is closed."""
    concern = desk.concern_of(answer)
    if concern == "job":
        return DenialMeaning.JOB
    if concern == "account":
        _bar(desk, lane, _refused(Refusal.ACCOUNT, answer), job_run.sent_at or 0.0)
        return DenialMeaning.MODEL
    meaning = DenialMeaning.MODEL
    if concern == "unsaid":
        meaning = lane.denials.add(job_run.job.job_id, job_run.sent_at or 0.0, is_known=lane.is_proven)
    if meaning is DenialMeaning.MODEL:
        desk.close(lane, ModelDenied(http_status=answer.status, said=answer.message))
    elif meaning is DenialMeaning.AGAIN and not lane.is_proven:
        lane.outage.hold_until(desk.now() + PAUSE_S, desk.now())
    return meaning


def note_no_funds(desk: Desk, lane: ModelQueue, answer: AccountBlocked, sent_at: float) -> None:
    """Take in that a submit was refused for want of money, in other ways than by 402."""
    if answer.kind != "balance" or answer.status == HTTPStatus.PAYMENT_REQUIRED:
        return
    _bar(desk, lane, _refused(Refusal.FUNDS, answer), sent_at)


def _refused(refusal: Refusal, answer: AccountBlocked | Denied) -> AccountRefused:
    return AccountRefused(refusal=refusal, http_status=answer.status, said=answer.message)


def _bar(desk: Desk, lane: ModelQueue, refused: AccountRefused, sent_at: float) -> None:
    """Leave a model's own to the next run for what is said of the account, which may be about its plan only.

    When a second model gets the same while nothing is let through, it is the account.
    """
    desk.barred.setdefault(lane.model, sent_at)
    if len(desk.barred) > 1 and desk.made_at <= min(desk.barred.values()):
        desk.stops.stop(refused)
    else:
        desk.close(lane, refused)


def leave_closed_windows(desk: Desk, lanes: Iterable[ModelQueue]) -> bool:
    """Leave models to the next run whose window opens too late, by the API's headers; return whether there was one."""
    now, wants = desk.now(), [lane for lane in lanes if lane.has_submits and not lane.closed]
    if desk.stops.is_on or any(lane.submitting for lane in wants):  # an answer may tell of more room
        return False
    for lane in wants:
        at, is_accounts = desk.gates.told_window(lane, now)
        if at < math.inf and (reason := desk.why_not_wait_until(at)):
            if is_accounts:
                desk.stops.stop(reason)
                return True
            desk.close(lane, reason)
    return any(lane.closed for lane in wants)
