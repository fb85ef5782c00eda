"""The models of a run side by side: what is left to do of each, and what there will never be the money for."""

import math
from array import array
from collections.abc import Iterator, Mapping

from qwave_batch.model.money import NUSD_PER_USD
from qwave_batch.model.terms import ModelLimits
from qwave_batch.run.adaptive import Allowance
from qwave_batch.run.desk import Desk
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.lane import Lane, RowQueue
from qwave_batch.run.look import Look, Start
from qwave_batch.run.selection import Work
from qwave_batch.run.trial import Trial
from qwave_batch.run.window import SendWindow


class Lanes:
    """A lane for each model, in the order of the plan."""

    def __init__(self, desk: Desk, work: Mapping[tuple[str, Work], "array[int]"]) -> None:
        self._desk = desk
        self._all = desk.lanes = _lanes(desk, work)
        self._is_short = False
        """Whether a job was left to another run for want of money."""

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._all)

    @property
    def alive(self) -> int:
        """How many slots are held."""
        return sum(lane.alive for lane in self._all)

    @property
    def has_asks(self) -> bool:
        """Whether a task on record was not taken in hand yet."""
        return any(not lane.asks.is_empty for lane in self._all)

    def look(self) -> Look:
        """Return what can be said of them as they are now."""
        return Look(self._all, self._desk, self._fits)

    def queues(self) -> Iterator[RowQueue]:
        """Yield every queue of every lane."""
        for lane in self._all:
            yield from (lane.asks, lane.resends, lane.fresh)

    def first_ask(self) -> Start | None:
        """Return the task on record that is asked for next: it is alive at the API, whatever the limits are."""
        heads = [Start(lane, lane.asks, trial) for lane in self._all if (trial := lane.asks.head()) is not None]
        return min(heads, key=lambda start: start.trial.order, default=None)

    def pass_over(self) -> list[Trial]:
        """Take the jobs at hand that there is no money for; where nothing is in flight there will never be more."""
        passed = [trial for lane in self._all if not lane.closed for trial in lane.pass_over(self._fits)]
        self._is_short = self._is_short or bool(passed)
        return passed

    def stuck(self) -> tuple[HaltKind, str] | None:
        """Return why what is left can never be sent in this run: models that are closed, or the money."""
        left = [lane for lane in self._all if lane.has_submits]
        if not left and not self._is_short:
            return None
        closed = [lane.closed for lane in left if lane.closed]
        kind = min((lane.closed_by for lane in left), default=HaltKind.BUDGET)
        if closed and not self._is_short:
            return kind, "; ".join(closed)
        left_nusd = max(0, self._desk.budget.left_nusd or 0)
        short = (
            f"the budget is used up: what is left, {left_nusd / NUSD_PER_USD:.6g} USD, is less than any job costs that "
            "is left"
        )
        return min(kind, HaltKind.BUDGET), "; ".join([*closed, short])

    def _fits(self, trial: Trial) -> bool:
        budget = self._desk.budget
        needed_nusd = trial.needed_nusd
        return budget.cap_nusd is None or (not needed_nusd and trial.is_out) or budget.fits(needed_nusd)


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
