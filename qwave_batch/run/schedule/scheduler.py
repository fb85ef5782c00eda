"""Starts jobs, whatever may leave now, and takes in what became of them, until nothing is left to do."""

import asyncio
import math
from array import array
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any, assert_never

from qwave_batch.errors import StorageError
from qwave_batch.ledger.records import status_of
from qwave_batch.model.record import JobStatus
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.stop_reason import JobFailed, NoImages
from qwave_batch.run.desk import Desk
from qwave_batch.run.limits.on_throttled import leave_closed_windows
from qwave_batch.run.schedule.model_queue import ModelQueue, RowQueue
from qwave_batch.run.schedule.model_queues import ModelQueues
from qwave_batch.run.schedule.scheduling_pass import Candidate, SchedulingPass
from qwave_batch.run.schedule.slot_lease import SlotLease
from qwave_batch.run.schedule.wakeup import Wakeup
from qwave_batch.run.tasks.job_run import Finished, JobRun, RetryAt, Step
from qwave_batch.run.tasks.worker import Worker
from qwave_batch.run.work_list import JobAction

FETCHES = 8
"""Jobs of earlier runs whose pictures are fetched at once; they hold no slot."""
LISTEN_AGAIN_S = 1.0
"""How long no task is made after none was heard of, before looking whether one was."""


class Scheduler:
    """Starts jobs as slots, rates and money allow, until nothing is left or the run is halted."""

    def __init__(self, desk: Desk, work: Mapping[tuple[str, JobAction], "array[int]"]) -> None:
        self._desk = desk
        self._gates = desk.gates
        self._lanes = ModelQueues(desk, work)
        self._fetches = RowQueue(_joined(work, JobAction.FETCH))
        self._worker = Worker(desk, downloads=min(max(4, desk.gates.allowance.ceiling), 32))
        self._bell = Wakeup(desk.context.clock)
        desk.ring = self._bell.ring
        self._breaker = desk.breaker
        self._breaker.early = self._fetches.left
        self._workers: set[asyncio.Task[None]] = set()
        self._fetching: set[str] = set()
        """Jobs of earlier runs whose pictures are being fetched."""
        self._asking: set[SlotLease] = set()
        """Tasks on record that are in hand."""

    def ring(self) -> None:
        """Look again: something has changed from outside."""
        self._bell.ring()

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Return when nothing is left to do or to wait for; every worker has ended by then."""
        try:
            while not self._desk.stops.is_leaving:
                await self._fill()
                for lane in self._lanes:
                    lane.release_overdue(self._desk.now(), self._desk.context.terms.timeout_s)
                look = self._lanes.look()
                if not self._start_one(group, look) and not await self._wait(look):
                    break
        finally:
            await self._dismiss()
            for lesson in self._gates.lessons(self._lanes):
                self._desk.counters.warn(lesson)
        if self._desk.stops.storage_error is None:
            for lane in self._lanes:
                for job_run in lane.drain():
                    await self._put_aside(job_run)

    async def _fill(self) -> None:
        """Read the next pages of queues that have run empty."""
        for queue in (self._fetches, *self._lanes.queues()):
            if queue.is_hungry:
                found = await asyncio.to_thread(self._desk.context.ledger.snapshots_of, queue.next_rows())
                retries = self._desk.context.terms.retry_attempts
                queue.page.extend(JobRun.of(snapshot, retries) for snapshot in found)

    def _start_one(self, group: asyncio.TaskGroup, look: SchedulingPass) -> bool:
        """Start the job that is first in plan order among those that may begin now; return whether there was one."""
        if self._may_fetch():
            job_run = self._fetches.page.popleft()
            self._fetching.add(job_run.job.job_id)
            self._spawn(group, self._fetch(job_run))
            return True
        start = self._first_start(look)
        if start is None:
            return False
        if start.queue is None:
            start.lane.take(start.job_run)
            self._desk.budget.reserve(start.job_run.needed_nusd)
        else:
            start.queue.page.popleft()
        lease = SlotLease(
            start.lane,
            windows=self._gates.windows_of(start.lane) if start.queue is None else (),
            ring=self._bell.ring,
            takes_over=start.job_run.holds_slot,
        )
        start.job_run.holds_slot = False
        if start.queue is not None:
            self._asking.add(lease)
        self._desk.counters.in_flight = self._lanes.alive
        self._spawn(group, self._go(start.job_run, lease))
        return True

    @property
    def _is_asking(self) -> bool:
        """Whether a task on record was not asked once yet; new ones wait for that."""
        return any(not lease.is_asked for lease in self._asking) or self._lanes.has_asks

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
            and not self._desk.stops.is_on
            and not self._is_asking
            and not self._is_deaf
            and (not self._breaker.is_tripped)
        )

    def _may_fetch(self) -> bool:
        is_allowed = not self._desk.stops.is_on or self._desk.stops.collects
        if self._breaker.is_tripped or self._desk.stops.is_for(EndKind.NO_IMAGES):
            return False  # no more is tried in vain than tells whether pictures come again
        return is_allowed and len(self._fetching - self._breaker.patients) < FETCHES and bool(self._fetches.page)

    def _first_start(self, look: SchedulingPass) -> Candidate | None:
        stops = self._desk.stops
        if not self._is_open or (stops.is_on and not stops.collects):
            return None
        return self._lanes.first_ask() or (look.first_submit() if self._may_submit else None)

    async def _wait(self, look: SchedulingPass) -> bool:
        """Wait for something to change; return whether there is anything left to wait for."""
        if leave_closed_windows(self._desk, self._lanes):
            return True
        stops, opens_at = self._desk.stops, look.opens_at()
        was_halted = stops.is_on
        is_held = self._hold_for_pictures()
        if stops.is_on and not was_halted:
            return True
        if not self._workers and (stops.is_on or opens_at == math.inf):
            return not stops.is_on and await self._pass_over()
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
        has_jobs = any(lane.submits_left for lane in self._lanes) and not desk.stops.is_on
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
        if not desk.stops.is_on and (is_over or is_vain or is_last):
            desk.stops.stop(NoImages(why=breaker.why, waiting=breaker.waiting))
        return is_held or is_idle

    def _lanes_are_idle(self) -> Iterator[bool]:
        """Yield whether nothing of a lane is alive or about to be asked for."""
        for lane in self._lanes:
            yield not lane.alive and lane.asks.is_empty

    async def _pass_over(self) -> bool:
        """Leave to the next run what can't be paid for, now that nothing is in flight; return whether there was any."""
        passed = self._lanes.pass_over()
        for job_run in passed:
            await self._put_aside(job_run)
        if not passed and (reason := self._lanes.stuck()) is not None:
            self._desk.stops.stop(reason)
        return bool(passed)

    def _spawn(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        task = group.create_task(work)
        self._workers.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        self._bell.ring()

    async def _go(self, job_run: JobRun, lease: SlotLease) -> None:
        try:
            step = await self._worker.go(job_run, lease)
            if (
                isinstance(step, RetryAt)
                and job_run.is_maybe_submitted
                and not step.goes_last
                and not self._desk.stops.is_on
            ):
                job_run.holds_slot = True
                lease.leave_slot()
            lease.close()
            await self._take_in(job_run, step, lease.lane)
        except StorageError as error:
            self._desk.stops.fail(error)
        finally:
            lease.close()
            self._asking.discard(lease)
            self._desk.counters.in_flight = self._lanes.alive

    async def _fetch(self, job_run: JobRun) -> None:
        try:
            step = await self._worker.fetch(job_run)
            await self._take_in(job_run, step, None)
        except StorageError as error:
            self._desk.stops.fail(error)
        finally:
            self._fetching.discard(job_run.job.job_id)
            self._breaker.early -= 1
            self._bell.ring()

    async def _take_in(self, job_run: JobRun, step: Step, lane: ModelQueue | None) -> None:
        match step:
            case Finished():
                if job_run.is_planned:
                    self._desk.counters.settle(job_run.status, step.status, self._desk.now())
                job_run.status = step.status
                if self._desk.context.options.fail_fast and step.status is JobStatus.FAILED and step.is_final_failure:
                    self._desk.stops.stop(JobFailed(job_run.job.job_id))
            case RetryAt() if lane is not None and not self._desk.stops.is_on:
                lane.put_last(job_run) if step.goes_last else lane.delay(job_run, step.at)
            case RetryAt():
                await self._put_aside(job_run)
            case _:
                assert_never(step)

    async def _put_aside(self, job_run: JobRun) -> None:
        """Leave a job that waits for another try to the next run, and count it as it stands."""
        await self._worker.submitting.put_aside(job_run)
        if job_run.attempt is not None and job_run.is_planned:
            self._desk.counters.settle(job_run.status, status_of(job_run.attempt), self._desk.now())

    async def _dismiss(self) -> None:
        """Send away the workers that are left: the run leaves, and what they hold is on record."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)


def _joined(work: Mapping[tuple[str, JobAction], "array[int]"], kind: JobAction) -> "array[int]":
    joined = array("q")
    for (_, of_kind), rows in work.items():
        if of_kind is kind:
            joined.extend(rows)
    return joined
