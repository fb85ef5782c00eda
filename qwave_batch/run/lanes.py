"""The models of a run side by side: which of them may send now, and which goes first. It starts nothing."""

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.model.money import NUSD_PER_USD
from qwave_batch.model.terms import ModelLimits
from qwave_batch.run.adaptive import Allowance
from qwave_batch.run.desk import Desk
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.lane import Lane, RowQueue
from qwave_batch.run.selection import Work
from qwave_batch.run.trial import Trial
from qwave_batch.run.waiting import Wait, WaitFor
from qwave_batch.run.window import SendWindow

SOON_S = 5.0
"""A slot is kept for a model without one whose next submit may leave within so many seconds."""
LOOK_AGAIN_S = 0.5
"""How long a model that has its share waits for the others to take theirs, before it looks again."""
FIRST_ANSWER_S = 2.0
"""The share of a model is kept for it while its first submit of the run is out no longer than this."""


@dataclass(frozen=True, slots=True)
class Start:
    """A job that may begin now."""

    lane: Lane
    queue: RowQueue | None
    """Where to take it from; None for the lane's submits."""
    trial: Trial


class Lanes:
    """A lane for each model, in the order of the plan."""

    def __init__(self, desk: Desk, work: Mapping[tuple[str, Work], "array[int]"]) -> None:
        self._desk = desk
        self._gates = desk.gates
        self._all = _lanes(desk, work)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._all)

    @property
    def alive(self) -> int:
        """How many slots are held."""
        return sum(lane.alive for lane in self._all)

    @property
    def free(self) -> int:
        """How many slots the account has left."""
        return self._gates.allowance.limit - self.alive

    @property
    def has_asks(self) -> bool:
        """Whether a task on record was not taken in hand yet."""
        return any(not lane.asks.is_empty for lane in self._all)

    def queues(self) -> Iterator[RowQueue]:
        """Yield every queue of every lane."""
        for lane in self._all:
            yield from (lane.asks, lane.resends, lane.fresh)

    def first_ask(self) -> Start | None:
        """Return the task on record that is asked for next."""
        if self.free <= 0:
            return None
        heads = [
            Start(lane, lane.asks, trial)
            for lane in self._all
            if lane.alive < lane.allowance.limit and (trial := lane.asks.head()) is not None
        ]
        return min(heads, key=lambda start: start.trial.order, default=None)

    def first_submit(self) -> Start | None:
        """Return the submit that goes next: first those of models that hold less than their share, in plan order."""
        now = self._desk.now()
        share = self._share()
        heads = [
            Start(lane, None, trial)
            for lane in self._all
            if self.opens_at(lane, now) <= now and (trial := self._affordable(lane, now)) is not None
        ]
        return min(heads, key=lambda start: (start.lane.alive >= share, start.trial.order), default=None)

    def waiting(self, now: float) -> Iterator[Lane]:
        """Yield the lanes that have something to submit which the budget does not keep back."""
        for lane in self._all:
            trial, _ = lane.submit_head(now)
            if lane.has_submits and (trial is None or self._fits(trial) or lane.doubted):
                yield lane

    def wait_for(self, opens_at: float, now: float) -> Wait:
        """Return what the next submit waits for: the last gate that opens before it."""
        desk = self._desk
        lanes = [lane for lane in self.waiting(now) if self.opens_at(lane, now) <= opens_at]
        if any(desk.brake.submits_open_at(lane.model) >= opens_at for lane in lanes):
            reason = WaitFor.QUOTA if desk.quota_until >= opens_at else WaitFor.API_LIMIT
        elif any(max(desk.window.opens_at(now), lane.window.opens_at(now)) >= opens_at for lane in lanes):
            reason = WaitFor.OWN_LIMIT
        else:
            reason = WaitFor.RETRY
        return Wait(reason=reason, until=opens_at)

    def grow(self, waiting: Sequence[Lane], now: float) -> bool:
        """Allow more tasks where all that is allowed is used, and nothing speaks against it."""
        grown = [lane.allowance.look(lane.alive, now) for lane in waiting if not lane.closed]
        return any([*grown, bool(waiting) and self._gates.allowance.look(self.alive, now)])

    def grows_at(self, waiting: Sequence[Lane]) -> float:
        """Return when one more is allowed, if all stays as it is."""
        if not waiting:
            return math.inf
        return min(self._gates.allowance.grows_at(), *(lane.allowance.grows_at() for lane in waiting))

    def has_work(self) -> bool:
        """Whether anything is left to ask or to submit."""
        return any(lane.has_submits or not lane.asks.is_empty for lane in self._all)

    def stuck(self) -> tuple[HaltKind, str]:
        """Return why nothing that is left can ever be sent in this run: models that are closed, or the money."""
        closed = [lane.closed for lane in self._all if lane.closed and lane.has_submits]
        if closed and all(lane.is_down for lane in self._all if lane.has_submits):
            return HaltKind.OFFLINE, "; ".join(closed)
        left_nusd = max(0, self._desk.budget.left_nusd or 0)
        reason = (
            f"the budget is used up: what is left, {left_nusd / NUSD_PER_USD:.6g} USD, is less than the next job costs"
        )
        return HaltKind.BUDGET, "; ".join(closed) or reason

    def _share(self) -> int:
        """Return how many slots each model with something to do gets before any gets more."""
        busy = sum(lane.alive > 0 or lane.has_submits for lane in self._all)
        return max(1, self._gates.allowance.limit // max(1, busy))

    def _leaves_room(self, taker: Lane, now: float) -> bool:
        """Whether one more task of a model that has its share leaves others what they can use at once or soon.

        A model that is held back by its limits for longer, or does not answer, has nothing kept for it.
        """
        share = self._share()
        if taker.alive < share or len(self._all) == 1:
            return True
        return self.free > sum(self._kept_for(lane, share, now) for lane in self._all if lane is not taker)

    def _kept_for(self, lane: Lane, share: int, now: float) -> int:
        share = min(share, lane.allowance.limit)
        if lane.closed or lane.is_in_trouble or lane.alive >= share or not lane.has_submits:
            return 0
        is_late = lane.tried_at is not None and not lane.is_proven and now - lane.tried_at > FIRST_ANSWER_S
        trial, at = lane.submit_head(now)
        if trial is not None and not self._fits(trial):
            return 0
        if trial is None and at == math.inf:  # only its own submits, which are under way, hold it up
            return 0 if is_late else share - lane.alive
        opens_at = max(self._gates.submits_open_at(lane, now, self.alive), now if trial is not None else at)
        if opens_at <= now:
            return share - lane.alive
        return int(lane.alive == 0 and opens_at - now < SOON_S)

    def _affordable(self, lane: Lane, now: float) -> Trial | None:
        trial, _ = lane.submit_head(now, has_slot=self._has_slot(lane))
        return trial if trial is not None and self._fits(trial) else None

    def _fits(self, trial: Trial) -> bool:
        return not trial.needs_money or self._desk.budget.fits(trial.job.estimated_nusd)

    def _has_slot(self, lane: Lane) -> bool:
        return lane.alive < lane.allowance.limit and self.free > 0

    def opens_at(self, lane: Lane, now: float) -> float:
        """Return when the next job of a lane may be submitted; infinity when only an event can tell."""
        if lane.closed or lane.submitting >= lane.width:
            return math.inf
        trial, at = lane.submit_head(now, has_slot=self._has_slot(lane))
        if trial is not None and not self._fits(trial):
            trial, at = None, lane.doubted_at
        if trial is None and at == math.inf:
            return math.inf
        if trial is not None and not trial.holds_slot and not self._leaves_room(lane, now):
            at, trial = now + LOOK_AGAIN_S, None
        return max(now if trial is not None else at, self._gates.submits_open_at(lane, now, self.alive))


def _lanes(desk: Desk, work: Mapping[tuple[str, Work], "array[int]"]) -> list[Lane]:
    limits, account = desk.context.terms.limits, desk.gates.allowance
    lanes: dict[str, Lane] = {}
    for (model, kind), rows in work.items():
        if kind is Work.FETCH:
            continue
        own = limits.models.get(model, ModelLimits())
        is_named = own.concurrency is not None or account.limit == account.ceiling
        ceiling = min(own.concurrency or account.ceiling, account.ceiling) if is_named else None
        lane = lanes.setdefault(
            model,
            Lane(
                model=model,
                allowance=Allowance.under(ceiling),
                window=SendWindow(own.requests_per_minute),
                width=math.inf if desk.prefer.wait_s(is_first=True) else 1,
            ),
        )
        queue = {Work.ASK: lane.asks, Work.SEND_AGAIN: lane.resends, Work.SUBMIT: lane.fresh}[kind]
        queue.rows = rows
    return list(lanes.values())
