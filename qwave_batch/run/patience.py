"""What a run bears of the API's `not now`: it waits, leaves a model to the next run, or ends."""

import math
from collections.abc import Iterable

from qwave_batch.client.answers import Throttled
from qwave_batch.run.desk import Desk
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.lane import Lane


def bear(desk: Desk, lane: Lane, answer: Throttled, sent_at: float) -> float | None:
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
        desk.halt.stop(HaltKind.ACCOUNT, reason)
        return None
    if reason := desk.why_not_wait(answer, model):
        _leave(desk, lane, reason)
        return None
    return desk.gates.throttle(lane, answer, sent_at=sent_at, now=now)


def leave_closed_windows(desk: Desk, lanes: Iterable[Lane]) -> bool:
    """Leave models to the next run whose window opens too late, by the API's headers; return whether there was one."""
    now, wants = desk.now(), [lane for lane in lanes if lane.has_submits and not lane.closed]
    if desk.halt.is_on or any(lane.submitting for lane in wants):  # an answer may tell of more room
        return False
    for lane in wants:
        at, is_accounts = desk.gates.told_window(lane, now)
        if at < math.inf and (reason := desk.why_not_wait_until(at)):
            if is_accounts:
                desk.halt.stop(HaltKind.ACCOUNT, reason)
                return True
            _leave(desk, lane, reason)
    return any(lane.closed for lane in wants)


def _leave(desk: Desk, lane: Lane, reason: str) -> None:
    desk.close(lane, HaltKind.ACCOUNT, f"{lane.model} is left to the next run: {reason}")
