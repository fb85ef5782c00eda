"""Starts the jobs that can begin now, and records how they ended, until nothing is left to do."""

import asyncio
import math
from array import array
from collections.abc import Coroutine, Iterator
from typing import Any, assert_never

from qwave_batch.errors import StorageError, WorkersGone
from qwave_batch.ledger.snapshots import status_of
from qwave_batch.model.record import JobStatus
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.stop_reason import JobFailed, NoImages
from qwave_batch.run.images.image_breaker import ImageBreaker
from qwave_batch.run.jobs.job_run import Finished, JobRun, RetryAt, Step
from qwave_batch.run.jobs.model_queue import ModelQueue, RowQueue
from qwave_batch.run.jobs.slot_lease import SlotLease
from qwave_batch.run.jobs.waiting_children import WaitingChildren
from qwave_batch.run.limits.admission import Admission
from qwave_batch.run.polling.status_watchdog import StatusWatchdog
from qwave_batch.run.schedule.child_settling import ChildSettler
from qwave_batch.run.schedule.model_queues import ModelQueues
from qwave_batch.run.schedule.scheduling_pass import Candidate, SchedulingPass
from qwave_batch.run.state.run_state import RunState
from qwave_batch.run.tasks.worker import Worker
from qwave_batch.run.wakeup import Wakeup

FETCHES = 8
"""Jobs of earlier runs whose images are fetched at once; they hold no slot."""
STALE_RECHECK_S = 1.0
"""The interval of checks whether a task's status has arrived, while submits are paused for lack of any."""


class Scheduler:
    """Starts jobs as slots, rate limits and money allow, until nothing is left or the run stops."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a run that it brings together
        self,
        run: RunState,
        model_queues: ModelQueues,
        worker: Worker,
        watchdog: StatusWatchdog,
        breaker: ImageBreaker,
        wakeup: Wakeup,
        fetches: "array[int]",
        waiting: WaitingChildren,
    ) -> None:
        self.submit_wait: Admission | None = None
        """The wait for the next submit."""
        self._run = run
        self._limiter = run.limiter
        self._model_queues = model_queues
        self._fetches = RowQueue(fetches)
        self._children = ChildSettler(run, model_queues, waiting)
        self._worker = worker
        self._watchdog = watchdog
        self._breaker = breaker
        self._wakeup = wakeup
        self._workers: set[asyncio.Task[None]] = set()
        self._fetching: set[str] = set()
        """Jobs of earlier runs whose images are being fetched."""
        self._open_task_leases: set[SlotLease] = set()
        """Recorded tasks in progress."""

    async def run(self, group: asyncio.TaskGroup) -> None:
        """Return when nothing is left to do or to wait for; every worker has ended by then."""
        try:
            while not self._run.stops.is_leaving:
                await self._fill()
                for model_queue in self._model_queues:
                    model_queue.release_overdue(self._run.now(), self._run.context.terms.timeout_s)
                scheduling_pass = self._model_queues.scheduling_pass(self._limiter, self._breaker, self._run.now())
                if not self._start_next(group, scheduling_pass) and not await self._wait(scheduling_pass):
                    break
        finally:
            self._wakeup.close()
            await self._cancel_workers()
            self._warn_of_limits()
        if self._run.stops.storage_error is None:
            for model_queue in self._model_queues:
                for job_run in model_queue.drain():
                    await self._leave_to_next_run(job_run)
            await self._children.count_open()

    def _warn_of_limits(self) -> None:
        """Keep what 429s have taught as warnings."""
        if unread := self._limiter.held.unread_wait:
            self._run.counters.warn(f'the API sent a Retry-After that makes no sense, "{unread}": it was not heeded')
        for lesson in self._limiter.known.lessons():
            self._run.counters.warn(str(lesson))

    async def _fill(self) -> None:
        """Read the next pages of empty queues."""
        for queue in (self._fetches, *self._model_queues.queues()):
            if queue.is_hungry:
                found = await asyncio.to_thread(self._run.context.ledger.snapshots_of, queue.next_rows())
                retries = self._run.context.terms.retry_attempts
                queue.page.extend(JobRun.of(snapshot, retries) for snapshot in found)

    def _start_next(self, group: asyncio.TaskGroup, scheduling_pass: SchedulingPass) -> bool:
        """Start the first job in plan order that can begin now; return whether there was one."""
        if self._may_fetch():
            job_run = self._fetches.page.popleft()
            self._fetching.add(job_run.job.job_id)
            self._spawn(group, self._fetch(job_run))
            return True
        candidate = self._first_candidate(scheduling_pass)
        if candidate is None:
            return False
        if candidate.queue is None:
            candidate.model_queue.take(candidate.job_run)
            self._run.budget.reserve(candidate.job_run.needed_nusd)
        else:
            candidate.queue.page.popleft()
        lease = SlotLease.acquire(
            candidate.model_queue,
            reservation=self._limiter.reserve(candidate.model_queue.model) if candidate.queue is None else None,
            notify=self._wakeup.notify,
            takes_over=candidate.job_run.holds_slot,
        )
        candidate.job_run.holds_slot = False
        if candidate.queue is not None:
            self._open_task_leases.add(lease)
        self._spawn(group, self._run_job(candidate.job_run, lease))
        return True

    @property
    def _has_unpolled_tasks(self) -> bool:
        """Whether a recorded task was not polled yet; new ones wait for that."""
        return any(not lease.is_polled for lease in self._open_task_leases) or self._model_queues.has_open_tasks

    @property
    def _is_status_stale(self) -> bool:
        """Whether the ends of tasks cannot be learned; no more are submitted meanwhile."""
        return bool(self._workers) and self._watchdog.is_stale(self._run.now())

    @property
    def _is_open(self) -> bool:
        # Until the key is proven, one request at a time; and slow downloads eventually hold up new tasks. If polls are
        # forbidden, that submit proves the key, even while tasks are polled.
        is_first_out = (
            any(model_queue.submitting for model_queue in self._model_queues)
            if self._run.connectivity.has_denials
            else bool(self._workers)
        )
        if not self._run.connectivity.is_key_proven and is_first_out:
            return False
        return len(self._workers) - len(self._breaker.waiters) < 3 * self._limiter.known.concurrency.limit + FETCHES

    @property
    def _may_submit(self) -> bool:
        return (
            self._is_open
            and not self._run.stops.is_on
            and not self._has_unpolled_tasks
            and not self._is_status_stale
            and (not self._breaker.is_tripped)
        )

    def _may_fetch(self) -> bool:
        is_allowed = not self._run.stops.is_on or self._run.stops.drains
        if self._breaker.is_tripped or self._run.stops.is_for(EndKind.NO_IMAGES):
            return False  # no more tries than are needed to learn whether images arrive again
        return is_allowed and len(self._fetching - self._breaker.waiters) < FETCHES and bool(self._fetches.page)

    def _first_candidate(self, scheduling_pass: SchedulingPass) -> Candidate | None:
        stops = self._run.stops
        if not self._is_open or (stops.is_on and not stops.drains):
            return None
        return self._model_queues.first_open_task() or (scheduling_pass.first_submit() if self._may_submit else None)

    async def _wait(self, scheduling_pass: SchedulingPass) -> bool:
        """Wait for a change; return whether there is anything left to wait for."""
        if self._leave_closed_windows():
            return True
        stops, opens_at = self._run.stops, scheduling_pass.opens_at()
        was_stopped = stops.is_on
        is_held = self._hold_for_images()
        if stops.is_on and not was_stopped:
            return True
        if not self._workers and (stops.is_on or opens_at == math.inf):
            return not stops.is_on and await self._skip_unaffordable()
        may_submit = self._may_submit
        if may_submit and scheduling_pass.grow():
            return True
        self.submit_wait = scheduling_pass.wait() if may_submit else None
        wakes_at = min(opens_at, scheduling_pass.grows_at()) if may_submit else math.inf
        if self._is_status_stale or is_held:
            wakes_at = self._run.now() + STALE_RECHECK_S
        wakes_at = min(wakes_at, self._breaker.opens_at(self._run.now()))
        began_at = self._run.now()
        await self._wakeup.wait(max(0.0, wakes_at - began_at) if wakes_at < math.inf else None)
        if self.submit_wait is not None and self.submit_wait.at > began_at:
            self._run.counters.limits.count_wait(self.submit_wait.kind, self._run.now() - began_at)
        return True

    def _leave_closed_windows(self) -> bool:
        """Leave models whose window opens too late by the API's headers; return whether there was one."""
        run, wants = (
            self._run,
            [model_queue for model_queue in self._model_queues if model_queue.has_submits and not model_queue.closed],
        )
        if run.stops.is_on or any(model_queue.submitting for model_queue in wants):  # an answer may tell of more room
            return False
        for model_queue in wants:
            if wait := run.limiter.closed_window(model_queue.model, run.now()):
                run.give_up_wait(model_queue, wait)
                if wait.model is None:
                    return True
        return any(model_queue.closed for model_queue in wants)

    def _hold_for_images(self) -> bool:
        """Record whether submits are held because no image arrives, and for how long; return whether they are.

        If that lasts too long, or nothing is left that could arrive, the run submits nothing more.
        """
        breaker, run, now = self._breaker, self._run, self._run.now()
        has_jobs = any(model_queue.submits_left for model_queue in self._model_queues) and not run.stops.is_on
        limit = self._limiter.known.concurrency.limit
        is_full = breaker.waiting > 0 and breaker.taken(limit, now) >= limit
        is_held = has_jobs and (breaker.is_tripped or is_full)
        is_waiting = all(self._are_queues_idle()) and len(self._workers) <= len(breaker.waiters)
        is_idle = is_waiting and (is_held or not has_jobs) and (is_held or not self._may_fetch())
        breaker.record_pass(now, is_held=is_held, is_idle=is_idle)
        if not run.stops.is_on and breaker.is_over(now):
            run.stops.stop(NoImages(why=breaker.why, waiting=breaker.waiting))
        return is_held or is_idle

    def _are_queues_idle(self) -> Iterator[bool]:
        """Yield for each model whether none of its tasks is alive or about to be polled."""
        for model_queue in self._model_queues:
            yield not model_queue.alive and model_queue.open_tasks.is_empty

    async def _skip_unaffordable(self) -> bool:
        """Leave jobs beyond the budget to the next run, now that nothing is in flight; return whether there was one."""
        passed = self._model_queues.skip_unaffordable()
        for job_run in passed:
            await self._leave_to_next_run(job_run)
        if not passed and (reason := self._model_queues.why_stuck()) is not None:
            self._run.stops.stop(reason)
        return bool(passed)

    def _spawn(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        task = group.create_task(work)
        self._workers.add(task)
        task.add_done_callback(self._on_worker_done)

    def _on_worker_done(self, task: asyncio.Task[None]) -> None:
        self._workers.discard(task)
        self._wakeup.notify()

    async def _run_job(self, job_run: JobRun, lease: SlotLease) -> None:
        try:
            step = await self._worker.run_job(job_run, lease)
            if (
                isinstance(step, RetryAt)
                and job_run.is_maybe_submitted
                and not step.goes_last
                and not self._run.stops.is_on
            ):
                job_run.holds_slot = True
                lease.leave_slot()
            lease.close()
            await self._apply_step(job_run, step, lease.model_queue)
        except StorageError as error:
            self._run.stops.fail(error)
        except WorkersGone as error:
            self._run.stops.lose_workers(error)
        finally:
            lease.close()
            self._open_task_leases.discard(lease)

    async def _fetch(self, job_run: JobRun) -> None:
        try:
            step = await self._worker.fetch(job_run)
            await self._apply_step(job_run, step, None)
        except StorageError as error:
            self._run.stops.fail(error)
        except WorkersGone as error:
            self._run.stops.lose_workers(error)
        finally:
            self._fetching.discard(job_run.job.job_id)
            self._breaker.record_earlier()
            self._wakeup.notify()

    async def _apply_step(self, job_run: JobRun, step: Step, model_queue: ModelQueue | None) -> None:
        match step:
            case Finished():
                if job_run.is_planned:
                    self._run.counters.settle(job_run.status, step.status, self._run.now())
                job_run.status = step.status
                self._children.settle(job_run, step.status)
                if self._run.context.options.fail_fast and step.status is JobStatus.FAILED and step.is_final_failure:
                    self._run.stops.stop(JobFailed(job_run.job.job_id))
            case RetryAt() if model_queue is not None and not self._run.stops.is_on:
                model_queue.put_last(job_run) if step.goes_last else model_queue.delay(job_run, step.at)
            case RetryAt():
                await self._leave_to_next_run(job_run)
            case _:
                assert_never(step)

    async def _leave_to_next_run(self, job_run: JobRun) -> None:
        """Leave a job that waits for a retry to the next run, and count it with its current status."""
        await self._worker.leave_to_next_run(job_run)
        if job_run.attempt is not None and job_run.is_planned:
            status = status_of(job_run.attempt)
            self._run.counters.settle(job_run.status, status, self._run.now())
            self._children.settle(job_run, status)

    async def _cancel_workers(self) -> None:
        """Cancel the remaining workers: the run ends, and their state is on record."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)
