"""The queues of all models: the remaining work, and the jobs that exceed the budget for good."""

import math
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.model.stop_reason import NothingToSubmit
from qwave_batch.model.terms import Limits, ModelLimits
from qwave_batch.run.images.image_breaker import ImageBreaker
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.jobs.model_queue import ModelQueue, RowQueue
from qwave_batch.run.jobs.waiting_children import ChildrenChange
from qwave_batch.run.limits.adaptive_concurrency import AdaptiveConcurrency
from qwave_batch.run.limits.rate_limiter import RateLimiter
from qwave_batch.run.limits.sliding_window import SlidingWindow
from qwave_batch.run.limits.throttle_episode import ModelThrottle
from qwave_batch.run.polling.long_poll import LongPollPolicy
from qwave_batch.run.schedule.job_actions import JobAction
from qwave_batch.run.schedule.scheduling_pass import Candidate, SchedulingPass
from qwave_batch.run.state.budget import MoneyBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsLeft:
    """The remaining work of a run, and the limits on its rate."""

    jobs: int
    alive: int
    """Tasks alive at the API."""
    last_submit_at: float
    """Monotonic seconds before which known limits do not allow the last submit."""


class ModelQueues:
    """A queue for each model, in the order of the plan."""

    def __init__(self, queues: Sequence[ModelQueue], budget: MoneyBudget) -> None:
        self._all = queues
        self._by_model = {model_queue.model: model_queue for model_queue in queues}
        self._budget = budget
        self._is_short = False
        """Whether a job was left to another run because of the budget."""

    def __iter__(self) -> Iterator[ModelQueue]:
        return iter(self._all)

    @property
    def alive(self) -> int:
        """How many slots are held."""
        return sum(model_queue.alive for model_queue in self._all)

    @property
    def has_open_tasks(self) -> bool:
        """Whether a recorded task has not been started yet."""
        return any(not model_queue.open_tasks.is_empty for model_queue in self._all)

    def scheduling_pass(self, limiter: RateLimiter, breaker: ImageBreaker, now: float) -> SchedulingPass:
        """Return a view of the current queues."""
        return SchedulingPass(self._all, limiter, breaker, self._fits, now)

    def left(self, limiter: RateLimiter, now: float, *, pending: int, is_stopped: bool) -> JobsLeft:
        """Return the remaining work.

        Args:
            limiter: The rate limiter.
            now: Monotonic seconds.
            pending: The jobs left if nothing is submitted or polled.
            is_stopped: Whether nothing more is submitted.
        """
        submits = {} if is_stopped else {queue.model: queue.submits_left for queue in self._all if queue.submits_left}
        polls = sum(queue.open_tasks.left for queue in self._all)
        waiting = 0 if is_stopped else sum(queue.waiting for queue in self._all if not queue.closed)
        return JobsLeft(
            jobs=self.alive + polls + sum(submits.values()) + waiting if self._all else pending,
            alive=self.alive,
            last_submit_at=limiter.known.last_submit_at(submits, now),
        )

    def are_within(self, denied: Collection[str]) -> bool:
        """Whether all open work belongs to these models and tasks."""
        models = {queue.model for queue in self._all if queue.tried_at is not None or queue.has_submits}
        is_one_alive = self.alive + sum(queue.open_tasks.left for queue in self._all) <= 1
        return models <= set(denied) and is_one_alive

    def queues(self) -> Iterator[RowQueue]:
        """Yield every queue of every model."""
        for model_queue in self._all:
            yield from (model_queue.open_tasks, model_queue.resubmits, model_queue.new_jobs)

    def apply(self, change: ChildrenChange) -> None:
        """Queue the jobs whose parents are stored now, and expect those no longer that are given up."""
        for child in change.freed:
            model_queue = self._by_model[child.model]
            queue = model_queue.resubmits if child.is_resubmit else model_queue.new_jobs
            queue.rows.append(child.row)
            model_queue.waiting -= 1
        for model in change.given_up:
            self._by_model[model].waiting -= 1

    def first_open_task(self) -> Candidate | None:
        """Return the recorded task to poll next: it is alive at the API, whatever the limits are."""
        heads = [
            Candidate(model_queue, model_queue.open_tasks, job_run)
            for model_queue in self._all
            if (job_run := model_queue.open_tasks.head()) is not None
        ]
        return min(heads, key=lambda candidate: candidate.job_run.order, default=None)

    def skip_unaffordable(self) -> list[JobRun]:
        """Remove queued jobs that exceed the budget, and return them; with nothing in flight the budget cannot grow."""
        passed = [
            job_run
            for model_queue in self._all
            if not model_queue.closed
            for job_run in model_queue.skip_unaffordable(self._fits)
        ]
        self._is_short = self._is_short or bool(passed)
        return passed

    def why_stuck(self) -> NothingToSubmit | None:
        """Return why the remaining jobs can never be sent in this run: closed models, or the budget."""
        left = [model_queue for model_queue in self._all if model_queue.has_submits]
        if not left and not self._is_short:
            return None
        closed = tuple(model_queue.closed for model_queue in left if model_queue.closed is not None)
        is_short = self._is_short or not closed
        return NothingToSubmit(models=closed, left_nusd=max(0, self._budget.left_nusd or 0) if is_short else None)

    def _fits(self, job_run: JobRun) -> bool:
        budget = self._budget
        needed_nusd = job_run.needed_nusd
        return budget.cap_nusd is None or (not needed_nusd and job_run.is_out) or budget.fits(needed_nusd)


def build_model_queues(
    work: Mapping[tuple[str, JobAction], "array[int]"],
    waiting: Mapping[str, int],
    limits: Limits,
    limiter: RateLimiter,
    long_poll: LongPollPolicy,
) -> list[ModelQueue]:
    """Return a queue for each model with more work than fetches, and set its limits in the limiter.

    Args:
        work: The rows of jobs by model and kind.
        waiting: How many jobs of a model wait for others.
        limits: The limits of the spec.
        limiter: The rate limiter.
        long_poll: How answers are waited for.
    """
    models = dict.fromkeys([*(model for model, kind in work if kind is not JobAction.FETCH), *waiting])
    model_queues = {model: _queue_of(model, limits, limiter, long_poll) for model in models}
    for (model, kind), rows in work.items():
        if kind is JobAction.FETCH:
            continue
        model_queue = model_queues[model]
        queue = {
            JobAction.POLL: model_queue.open_tasks,
            JobAction.RESUBMIT: model_queue.resubmits,
            JobAction.SUBMIT: model_queue.new_jobs,
        }[kind]
        queue.rows = rows
    for model, children in waiting.items():
        model_queues[model].waiting = children
    return list(model_queues.values())


def _queue_of(model: str, limits: Limits, limiter: RateLimiter, long_poll: LongPollPolicy) -> ModelQueue:
    account = limiter.known.concurrency
    own = limits.models.get(model, ModelLimits())
    is_named = own.concurrency is not None or account.limit == account.ceiling
    ceiling = min(own.concurrency or account.ceiling, account.ceiling) if is_named else None
    throttle = ModelThrottle(
        model,
        concurrency=AdaptiveConcurrency.under(ceiling),
        window=SlidingWindow(own.requests_per_minute),
        width=math.inf if long_poll.wait_s(is_first=True) else 1,
    )
    return ModelQueue(limiter.known.add(throttle))
