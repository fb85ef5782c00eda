"""Which job goes next: whatever may leave now, by the limits of its model and of the account, in plan order."""

import asyncio
import math
from array import array
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from qwave_batch.errors import StorageError
from qwave_batch.ledger.records import status_of
from qwave_batch.model.money import NUSD_PER_USD
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import ModelLimits
from qwave_batch.run.adaptive import Allowance
from qwave_batch.run.bell import Bell
from qwave_batch.run.desk import Desk
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.lane import Lane, RowQueue
from qwave_batch.run.seat import Seat
from qwave_batch.run.selection import Work
from qwave_batch.run.trial import Done, Later, Step, Trial
from qwave_batch.run.waiting import Wait, WaitFor
from qwave_batch.run.window import SendWindow
from qwave_batch.run.worker import Worker

FETCHES = 8
"""Jobs of earlier runs whose pictures are fetched at once; they hold no slot."""
SOON_S = 5.0
"""A slot is kept for a model without one whose next submit may leave within so many seconds."""
LOOK_AGAIN_S = 0.5
"""How long a model that has its share waits for the others to take theirs, before it looks again."""
FIRST_ANSWER_S = 2.0
"""The share of a model is kept for it while its first submit of the run is out no longer than this."""


@dataclass(frozen=True, slots=True)
class _Start:
    """A job that may begin now."""

    lane: Lane
    queue: RowQueue | None
    """Where to take it from; None for the lane's submits."""
    trial: Trial


class Scheduler:
    """Starts jobs as slots, rates and money allow, until nothing is left or the run is halted."""

    def __init__(self, desk: Desk, work: Mapping[tuple[str, Work], "array[int]"]) -> None:
        self._desk = desk
        self._gates = desk.gates
        self._lanes = _lanes(desk, work)
        self._fetches = RowQueue(_joined(work, Work.FETCH))
        self._worker = Worker(desk, downloads=min(max(4, desk.gates.allowance.ceiling), 32))
        self._bell = Bell(desk.context.clock)
        self._workers: set[asyncio.Task[None]] = set()
        self._fetching = 0
        self._asking: set[Seat] = set()
        """Tasks on record that are in hand."""

    def ring(self) -> None:
        """Look again: something has changed from outside."""
        self._bell.ring()

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Return when nothing is left to do or to wait for; every worker has ended by then."""
        try:
            while not self._desk.halt.is_leaving:
                await self._fill()
                if not self._start_one(group) and not await self._wait():
                    break
        finally:
            await self._dismiss()
            for lesson in self._gates.lessons(self._lanes):
                self._desk.tally.warn(lesson)
        if self._desk.halt.storage_error is None:
            for lane in self._lanes:
                for trial in lane.drain():
                    await self._put_aside(trial)

    async def _fill(self) -> None:
        """Read the next pages of queues that have run empty."""
        queues = [self._fetches]
        for lane in self._lanes:
            queues += (lane.asks, lane.resends, lane.fresh)
        for queue in queues:
            if queue.is_hungry:
                found = await asyncio.to_thread(self._desk.context.ledger.standings_of, queue.next_rows())
                retries = self._desk.context.terms.retry_attempts
                queue.page.extend(Trial.of(standing, retries) for standing in found)

    def _start_one(self, group: asyncio.TaskGroup) -> bool:
        """Start the job that is first in plan order among those that may begin now; return whether there was one."""
        if self._may_fetch():
            trial = self._fetches.page.popleft()
            self._fetching += 1
            self._spawn(group, self._fetch(trial))
            return True
        start = self._first_ask() or self._first_submit()
        if start is None:
            return False
        if start.queue is None:
            start.lane.take(start.trial)
            if start.trial.needs_money:
                self._desk.budget.reserve(start.trial.job.estimated_nusd)
        else:
            start.queue.page.popleft()
        seat = Seat(
            start.lane,
            windows=self._gates.windows_of(start.lane) if start.queue is None else (),
            ring=self._bell.ring,
            takes_over=start.trial.holds_slot,
        )
        start.trial.holds_slot = False
        if start.queue is not None:
            self._asking.add(seat)
        self._desk.tally.in_flight = self._alive
        self._spawn(group, self._go(start.trial, seat))
        return True

    @property
    def _is_asking(self) -> bool:
        """Whether a task on record was not asked once yet; new ones wait for that."""
        return any(not seat.is_asked for seat in self._asking) or any(not lane.asks.is_empty for lane in self._lanes)

    @property
    def _alive(self) -> int:
        return sum(lane.alive for lane in self._lanes)

    @property
    def _is_open(self) -> bool:
        # Until the key is proven, one request at a time; and downloads that lag behind hold up new tasks in the end.
        if not self._desk.is_proven and self._workers:
            return False
        return len(self._workers) < 3 * self._gates.allowance.limit + FETCHES

    @property
    def _free(self) -> int:
        return self._gates.allowance.limit - self._alive

    def _may_fetch(self) -> bool:
        is_allowed = not self._desk.halt.is_on or self._desk.halt.collects
        return is_allowed and self._fetching < FETCHES and bool(self._fetches.page)

    def _first_ask(self) -> _Start | None:
        if not self._is_open or self._free <= 0 or (self._desk.halt.is_on and not self._desk.halt.collects):
            return None
        heads = [
            _Start(lane, lane.asks, trial)
            for lane in self._lanes
            if lane.alive < lane.allowance.limit and (trial := lane.asks.head()) is not None
        ]
        return min(heads, key=lambda start: start.trial.order, default=None)

    def _first_submit(self) -> _Start | None:
        """Return the submit that goes next: first those of models that hold less than their share, in plan order."""
        if not self._is_open or self._desk.halt.is_on or self._is_asking:
            return None
        now = self._desk.now()
        share = self._share()
        heads = [
            _Start(lane, None, trial)
            for lane in self._lanes
            if self._opens_at(lane, now) <= now and (trial := self._affordable(lane, now)) is not None
        ]
        return min(heads, key=lambda start: (start.lane.alive >= share, start.trial.order), default=None)

    def _share(self) -> int:
        """Return how many slots each model with something to do gets before any gets more."""
        busy = sum(lane.alive > 0 or lane.has_submits for lane in self._lanes)
        return max(1, self._gates.allowance.limit // max(1, busy))

    def _leaves_room(self, taker: Lane, now: float) -> bool:
        """Whether one more task of a model that has its share leaves others what they can use at once or soon.

        A model that is held back by its limits for longer, or does not answer, has nothing kept for it.
        """
        share = self._share()
        if taker.alive < share or len(self._lanes) == 1:
            return True
        return self._free > sum(self._kept_for(lane, share, now) for lane in self._lanes if lane is not taker)

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
        opens_at = max(self._gates.submits_open_at(lane, now, self._alive), now if trial is not None else at)
        if opens_at <= now:
            return share - lane.alive
        return int(lane.alive == 0 and opens_at - now < SOON_S)

    def _affordable(self, lane: Lane, now: float) -> Trial | None:
        trial, _ = lane.submit_head(now, has_slot=self._has_slot(lane))
        return trial if trial is not None and self._fits(trial) else None

    def _fits(self, trial: Trial) -> bool:
        return not trial.needs_money or self._desk.budget.fits(trial.job.estimated_nusd)

    def _has_slot(self, lane: Lane) -> bool:
        return lane.alive < lane.allowance.limit and self._free > 0

    def _opens_at(self, lane: Lane, now: float) -> float:
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
        return max(now if trial is not None else at, self._gates.submits_open_at(lane, now, self._alive))

    async def _wait(self) -> bool:
        """Wait for something to change; return whether there is anything left to wait for."""
        halt, now = self._desk.halt, self._desk.now()
        if not self._workers and (halt.is_on or not self._has_work()):
            return False
        for lane in self._lanes:
            lane.release_overdue(now, self._desk.context.terms.timeout_s)
        self._desk.allowed = self._gates.allowed(self._lanes)
        waiting = list(self._waiting_lanes(now))
        opens_at = min((self._opens_at(lane, now) for lane in waiting), default=math.inf)
        if not self._workers and opens_at == math.inf:
            self._end_for_money()
            return False
        can_start = self._is_open and not halt.is_on and not self._is_asking
        if can_start and self._grow(waiting, now):
            return True
        self._desk.wait = (
            self._wait_for(opens_at, now) if can_start and self._free > 0 and opens_at < math.inf else None
        )
        wakes_at = min(opens_at, self._grows_at(waiting)) if can_start else math.inf
        await self._bell.wait(max(0.0, wakes_at - now) if wakes_at < math.inf else None)
        return True

    def _grow(self, waiting: Sequence[Lane], now: float) -> bool:
        """Allow more tasks where all that is allowed is used, and nothing speaks against it."""
        grown = [lane.allowance.look(lane.alive, now) for lane in waiting if not lane.closed]
        return any([*grown, bool(waiting) and self._gates.allowance.look(self._alive, now)])

    def _grows_at(self, waiting: Sequence[Lane]) -> float:
        if not waiting:
            return math.inf
        return min(self._gates.allowance.grows_at(), *(lane.allowance.grows_at() for lane in waiting))

    def _has_work(self) -> bool:
        return not self._fetches.is_empty or any(lane.has_submits or not lane.asks.is_empty for lane in self._lanes)

    def _waiting_lanes(self, now: float) -> Iterator[Lane]:
        """Yield the lanes that have something to submit which the budget does not keep back."""
        for lane in self._lanes:
            trial, _ = lane.submit_head(now)
            if lane.has_submits and (trial is None or self._fits(trial) or lane.doubted):
                yield lane

    def _end_for_money(self) -> None:
        closed = [lane.closed for lane in self._lanes if lane.closed and lane.has_submits]
        if closed and all(lane.is_down for lane in self._lanes if lane.has_submits):
            self._desk.halt.stop(HaltKind.OFFLINE, "; ".join(closed))
            return
        left_nusd = max(0, self._desk.budget.left_nusd or 0)
        reason = (
            f"the budget is used up: what is left, {left_nusd / NUSD_PER_USD:.6g} USD, is less than the next job costs"
        )
        self._desk.halt.stop(HaltKind.BUDGET, "; ".join(closed) or reason)

    def _wait_for(self, opens_at: float, now: float) -> Wait:
        """Return what the next submit waits for: the last gate that opens before it."""
        desk = self._desk
        lanes = [lane for lane in self._waiting_lanes(now) if self._opens_at(lane, now) <= opens_at]
        if any(desk.brake.submits_open_at(lane.model) >= opens_at for lane in lanes):
            reason = WaitFor.QUOTA if desk.quota_until >= opens_at else WaitFor.API_LIMIT
        elif any(max(desk.window.opens_at(now), lane.window.opens_at(now)) >= opens_at for lane in lanes):
            reason = WaitFor.OWN_LIMIT
        else:
            reason = WaitFor.RETRY
        return Wait(reason=reason, until=opens_at)

    def _spawn(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        task = group.create_task(work)
        self._workers.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        self._bell.ring()

    async def _go(self, trial: Trial, seat: Seat) -> None:
        try:
            step = await self._worker.go(trial, seat)
            if isinstance(step, Later) and trial.is_in_doubt and not self._desk.halt.is_on:
                trial.holds_slot = True
                seat.leave_slot()
            seat.close()
            await self._take_in(trial, step, seat.lane)
        except StorageError as error:
            self._desk.halt.fail(error)
        finally:
            seat.close()
            self._asking.discard(seat)
            self._desk.tally.in_flight = self._alive

    async def _fetch(self, trial: Trial) -> None:
        try:
            step = await self._worker.fetch(trial)
            await self._take_in(trial, step, None)
        except StorageError as error:
            self._desk.halt.fail(error)
        finally:
            self._fetching -= 1

    async def _take_in(self, trial: Trial, step: Step, lane: Lane | None) -> None:
        match step:
            case Done():
                if trial.is_planned:
                    self._desk.tally.settle(trial.status, step.status)
                trial.status = step.status
                if self._desk.context.options.fail_fast and step.status is JobStatus.FAILED and step.is_final_failure:
                    self._desk.halt.stop(
                        HaltKind.FAIL_FAST, f"job {trial.job.job_id} failed, and fail-fast was asked for"
                    )
            case Later() if lane is not None and not self._desk.halt.is_on:
                lane.delay(trial, step.at)
            case Later():
                await self._put_aside(trial)
            case _:
                assert_never(step)

    async def _put_aside(self, trial: Trial) -> None:
        """Leave a job that waits for another try to the next run, and count it as it stands."""
        await self._worker.submitting.put_aside(trial)
        if trial.attempt is not None and trial.is_planned:
            self._desk.tally.settle(trial.status, status_of(trial.attempt))

    async def _dismiss(self) -> None:
        """Send away the workers that are left: the run leaves, and what they hold is on record."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)


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


def _joined(work: Mapping[tuple[str, Work], "array[int]"], kind: Work) -> "array[int]":
    joined = array("q")
    for (_, of_kind), rows in work.items():
        if of_kind is kind:
            joined.extend(rows)
    return joined
