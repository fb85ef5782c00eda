"""Starts jobs, whatever may leave now, and takes in what became of them, until nothing is left to do."""

import asyncio
import math
from array import array
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, assert_never

from qwave_batch.errors import StorageError
from qwave_batch.ledger.records import status_of
from qwave_batch.model.record import JobStatus
from qwave_batch.run.bell import Bell
from qwave_batch.run.desk import Desk
from qwave_batch.run.halt import HaltKind
from qwave_batch.run.lane import Lane, RowQueue
from qwave_batch.run.lanes import Lanes
from qwave_batch.run.look import Look, Start
from qwave_batch.run.patience import leave_closed_windows
from qwave_batch.run.seat import Seat
from qwave_batch.run.selection import Work
from qwave_batch.run.trial import Done, Later, Step, Trial
from qwave_batch.run.worker import Worker

FETCHES = 8
"""Jobs of earlier runs whose pictures are fetched at once; they hold no slot."""
LISTEN_AGAIN_S = 1.0
"""How long no task is made after none was heard of, before looking whether one was."""


class Scheduler:
    """Starts jobs as slots, rates and money allow, until nothing is left or the run is halted."""

    def __init__(self, desk: Desk, work: Mapping[tuple[str, Work], "array[int]"]) -> None:
        self._desk = desk
        self._gates = desk.gates
        self._lanes = Lanes(desk, work)
        self._fetches = RowQueue(_joined(work, Work.FETCH))
        self._worker = Worker(desk, downloads=min(max(4, desk.gates.allowance.ceiling), 32))
        self._bell = Bell(desk.context.clock)
        desk.ring = self._bell.ring
        self._breaker = desk.breaker
        self._breaker.early = self._fetches.left
        self._workers: set[asyncio.Task[None]] = set()
        self._fetching: set[str] = set()
        """Jobs of earlier runs whose pictures are being fetched."""
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
                for lane in self._lanes:
                    lane.release_overdue(self._desk.now(), self._desk.context.terms.timeout_s)
                look = self._lanes.look()
                if not self._start_one(group, look) and not await self._wait(look):
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
        for queue in (self._fetches, *self._lanes.queues()):
            if queue.is_hungry:
                found = await asyncio.to_thread(self._desk.context.ledger.standings_of, queue.next_rows())
                retries = self._desk.context.terms.retry_attempts
                queue.page.extend(Trial.of(standing, retries) for standing in found)

    def _start_one(self, group: asyncio.TaskGroup, look: Look) -> bool:
        """Start the job that is first in plan order among those that may begin now; return whether there was one."""
        if self._may_fetch():
            trial = self._fetches.page.popleft()
            self._fetching.add(trial.job.job_id)
            self._spawn(group, self._fetch(trial))
            return True
        start = self._first_start(look)
        if start is None:
            return False
        if start.queue is None:
            start.lane.take(start.trial)
            self._desk.budget.reserve(start.trial.needed_nusd)
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
        self._desk.tally.in_flight = self._lanes.alive
        self._spawn(group, self._go(start.trial, seat))
        return True

    @property
    def _is_asking(self) -> bool:
        """Whether a task on record was not asked once yet; new ones wait for that."""
        return any(not seat.is_asked for seat in self._asking) or self._lanes.has_asks

    @property
    def _is_deaf(self) -> bool:
        """Whether the ends of tasks can't be learned of; no more are made meanwhile."""
        return bool(self._workers) and self._desk.news.are_missing(self._desk.now())

    @property
    def _is_open(self) -> bool:
        # Until the key is proven, one request at a time; and downloads that lag behind hold up new tasks in the end.
        # Where a question is forbidden that submit is what proves it, whoever still asks.
        is_first_out = any(lane.submitting for lane in self._lanes) if self._desk.denied else bool(self._workers)
        if not self._desk.is_proven and is_first_out:
            return False
        return len(self._workers) - len(self._breaker.patients) < 3 * self._gates.allowance.limit + FETCHES

    @property
    def _may_submit(self) -> bool:
        return (
            self._is_open
            and not self._desk.halt.is_on
            and not self._is_asking
            and not self._is_deaf
            and (not self._breaker.is_tripped)
        )

    def _may_fetch(self) -> bool:
        is_allowed = not self._desk.halt.is_on or self._desk.halt.collects
        if self._breaker.is_tripped or self._desk.halt.is_for(HaltKind.PICTURES):
            return False  # no more is tried in vain than tells whether pictures come again
        return is_allowed and len(self._fetching - self._breaker.patients) < FETCHES and bool(self._fetches.page)

    def _first_start(self, look: Look) -> Start | None:
        halt = self._desk.halt
        if not self._is_open or (halt.is_on and not halt.collects):
            return None
        return self._lanes.first_ask() or (look.first_submit() if self._may_submit else None)

    async def _wait(self, look: Look) -> bool:
        """Wait for something to change; return whether there is anything left to wait for."""
        if leave_closed_windows(self._desk, self._lanes):
            return True
        halt, opens_at = self._desk.halt, look.opens_at()
        was_halted = halt.is_on
        is_held = self._hold_for_pictures()
        if halt.is_on and not was_halted:
            return True
        if not self._workers and (halt.is_on or opens_at == math.inf):
            return not halt.is_on and await self._pass_over()
        self._desk.allowed = self._gates.allowed(list(self._lanes))
        may_submit = self._may_submit
        if may_submit and look.grow():
            return True
        self._desk.wait = look.wait() if may_submit else None
        wakes_at = min(opens_at, look.grows_at()) if may_submit else math.inf
        if self._is_deaf or is_held:
            wakes_at = self._desk.now() + LISTEN_AGAIN_S
        wakes_at = min(wakes_at, self._breaker.opens_at(self._desk.now()))
        await self._bell.wait(max(0.0, wakes_at - self._desk.now()) if wakes_at < math.inf else None)
        return True

    def _hold_for_pictures(self) -> bool:
        """Note whether nothing is bought because no picture comes, and for how long; return whether that is so.

        When it has lasted too long, or nothing is left that could come, the run buys nothing more.
        """
        breaker, desk, now = self._breaker, self._desk, self._desk.now()
        has_jobs = any(lane.submits_left for lane in self._lanes) and not desk.halt.is_on
        limit = self._gates.allowance.limit
        is_full = breaker.waiting > 0 and breaker.taken(limit, now) >= limit
        is_held = has_jobs and (breaker.is_tripped or is_full)
        is_waiting = all(self._lanes_are_idle()) and len(self._workers) <= len(breaker.patients)
        is_idle = is_waiting and (is_held or not has_jobs) and (is_held or not self._may_fetch())
        breaker.idle_since = (breaker.idle_since or now) if is_idle else None
        breaker.held_since = (breaker.held_since or now) if is_held else None
        is_over = breaker.is_given_up(now)
        is_vain = is_held and is_idle and not breaker.patients
        is_last = breaker.is_tripped and not breaker.has_come and breaker.is_tail_over(now)
        if not desk.halt.is_on and (is_over or is_vain or is_last):
            desk.halt.stop(HaltKind.PICTURES, breaker.words())
        return is_held or is_idle

    def _lanes_are_idle(self) -> Iterator[bool]:
        """Yield whether nothing of a lane is alive or about to be asked for."""
        for lane in self._lanes:
            yield not lane.alive and lane.asks.is_empty

    async def _pass_over(self) -> bool:
        """Leave to the next run what can't be paid for, now that nothing is in flight; return whether there was any."""
        passed = self._lanes.pass_over()
        for trial in passed:
            await self._put_aside(trial)
        if not passed and (reason := self._lanes.stuck()) is not None:
            self._desk.halt.stop(*reason)
        return bool(passed)

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
            if isinstance(step, Later) and trial.is_in_doubt and not step.goes_last and not self._desk.halt.is_on:
                trial.holds_slot = True
                seat.leave_slot()
            seat.close()
            await self._take_in(trial, step, seat.lane)
        except StorageError as error:
            self._desk.halt.fail(error)
        finally:
            seat.close()
            self._asking.discard(seat)
            self._desk.tally.in_flight = self._lanes.alive

    async def _fetch(self, trial: Trial) -> None:
        try:
            step = await self._worker.fetch(trial)
            await self._take_in(trial, step, None)
        except StorageError as error:
            self._desk.halt.fail(error)
        finally:
            self._fetching.discard(trial.job.job_id)
            self._breaker.early -= 1
            self._bell.ring()

    async def _take_in(self, trial: Trial, step: Step, lane: Lane | None) -> None:
        match step:
            case Done():
                if trial.is_planned:
                    self._desk.tally.settle(trial.status, step.status, self._desk.now())
                trial.status = step.status
                if self._desk.context.options.fail_fast and step.status is JobStatus.FAILED and step.is_final_failure:
                    self._desk.halt.stop(
                        HaltKind.FAIL_FAST, f"job {trial.job.job_id} failed, and fail-fast was asked for"
                    )
            case Later() if lane is not None and not self._desk.halt.is_on:
                lane.put_last(trial) if step.goes_last else lane.delay(trial, step.at)
            case Later():
                await self._put_aside(trial)
            case _:
                assert_never(step)

    async def _put_aside(self, trial: Trial) -> None:
        """Leave a job that waits for another try to the next run, and count it as it stands."""
        await self._worker.submitting.put_aside(trial)
        if trial.attempt is not None and trial.is_planned:
            self._desk.tally.settle(trial.status, status_of(trial.attempt), self._desk.now())

    async def _dismiss(self) -> None:
        """Send away the workers that are left: the run leaves, and what they hold is on record."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)


def _joined(work: Mapping[tuple[str, Work], "array[int]"], kind: Work) -> "array[int]":
    joined = array("q")
    for (_, of_kind), rows in work.items():
        if of_kind is kind:
            joined.extend(rows)
    return joined
