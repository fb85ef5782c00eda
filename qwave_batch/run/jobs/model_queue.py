"""A model's queue: its work in plan order, read from the ledger in small pages, and its own limits."""

import bisect
import itertools
import math
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.model.stop_reason import ModelLeft
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.limits.throttle_episode import ModelThrottle

PAGE = 64
"""Jobs read from the ledger at once, which bounds the memory of a queue."""
_sequence = itertools.count()
Fits: TypeAlias = Callable[[JobRun], bool]
"""Whether the budget allows a submit of a job."""


@dataclass(slots=True)
class RowQueue:
    """Rows still to be read, and the jobs of the last page."""

    rows: "array[int]" = field(default_factory=lambda: array("q"))
    read: int = 0
    page: deque[JobRun] = field(default_factory=deque)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not self.page and self.read >= len(self.rows)

    @property
    def left(self) -> int:
        """How many are left."""
        return len(self.page) + len(self.rows) - self.read

    @property
    def is_hungry(self) -> bool:
        """Whether the next page has to be read before a job can be taken."""
        return not self.page and self.read < len(self.rows)

    def next_rows(self) -> list[int]:
        """Take the rows of the next page."""
        rows = self.rows[self.read : self.read + PAGE].tolist()
        self.read += len(rows)
        return rows

    def head(self) -> JobRun | None:
        """Return the next job without taking it."""
        return self.page[0] if self.page else None

    def skip_unaffordable(self, fits: "Fits") -> list[JobRun]:
        """Take the jobs of the page that exceed the budget."""
        passed = [job_run for job_run in self.page if not fits(job_run)]
        self.page = deque(job_run for job_run in self.page if fits(job_run))
        return passed


@dataclass(slots=True)
class ModelQueue:
    """The work of one model and its state."""

    throttle: ModelThrottle
    """The limits of its submits."""
    open_tasks: RowQueue = field(default_factory=RowQueue)
    """Recorded tasks."""
    resubmits: RowQueue = field(default_factory=RowQueue)
    """Submits without a definite answer."""
    new_jobs: RowQueue = field(default_factory=RowQueue)
    waiting: int = 0
    """Jobs that come to these queues once their parents are stored."""
    alive: int = 0
    """Slots that its jobs hold."""
    submitting: int = 0
    """Submits in progress or about to start."""
    tried_at: float | None = None
    """Monotonic seconds of the first submit of this run."""
    closed: ModelLeft | None = None
    """Why nothing more of this model is submitted in this run; None if it may be."""
    _delayed: list[tuple[float, int, JobRun]] = field(default_factory=list)
    """Jobs to be retried, the earliest first."""
    _doubted: list[tuple[float, int, JobRun]] = field(default_factory=list)
    """Those that keep their slot until then: a task of theirs may be alive."""
    _last: deque[JobRun] = field(default_factory=deque)
    """Jobs to be retried after all others."""

    def close(self, left: ModelLeft) -> None:
        """Submit nothing more of this model in this run."""
        self.closed = left

    def record_submit(self, sent_at: float) -> None:
        """Record that a submit is sent."""
        if self.tried_at is None:
            self.tried_at = sent_at

    def delay(self, job_run: JobRun, at: float) -> None:
        """Keep a job to be retried; one that holds a slot keeps it."""
        bisect.insort(self._doubted if job_run.holds_slot else self._delayed, (at, next(_sequence), job_run))

    def put_last(self, job_run: JobRun) -> None:
        """Keep a job to be retried after all others."""
        self._last.append(job_run)

    @property
    def model(self) -> str:
        """The model's name."""
        return self.throttle.name

    @property
    def delayed(self) -> int:
        """How many jobs wait for a retry."""
        return len(self._delayed) + len(self._doubted)

    @property
    def submits_left(self) -> int:
        """How many jobs are still to be submitted in this run; 0 for a closed model."""
        return 0 if self.closed else self.delayed + self.resubmits.left + self.new_jobs.left + len(self._last)

    def drain(self) -> list[JobRun]:
        """Take all jobs that wait for a retry, and release their slots."""
        self._release(list(self._doubted))
        job_runs = [*(job_run for _, _, job_run in self._delayed), *self._last]
        self._delayed.clear()
        self._last.clear()
        return job_runs

    def release_overdue(self, now: float, timeout_s: float) -> None:
        """Release the slots of jobs whose last submit is so long ago that any task of theirs is over."""
        self._release([each for each in self._doubted if self.closed or now - (each[2].sent_at or 0.0) > timeout_s])

    def _release(self, entries: list[tuple[float, int, JobRun]]) -> None:
        for entry in entries:
            self._doubted.remove(entry)
            entry[2].holds_slot = False
            self.alive -= 1
            bisect.insort(self._delayed, entry)

    def submit_head(self, now: float, fits: Fits, *, has_slot: bool = True) -> tuple[JobRun | None, float]:
        """Return the next job to submit, or None and when there may be one: retries, resubmits, then new ones.

        While many wait for a retry no new ones follow: a model that is down must not consume the plan. A retry that
        exceeds the budget does not block others; a new job does, as others may release money.

        Args:
            now: Monotonic seconds.
            fits: Whether the budget allows a job.
            has_slot: Whether there is a slot; without one only jobs that hold their own are eligible.
        """
        opens_at = math.inf
        for waiting in (self._doubted, self._delayed if has_slot else ()):
            for at, _, job_run in waiting:
                if fits(job_run):
                    if at <= now:
                        return job_run, now
                    opens_at = min(opens_at, at)
                    break
        if (
            not has_slot
            or self.delayed >= self.throttle.concurrency.limit
            or self.submitting + len(self._doubted) >= self.throttle.width
        ):
            return None, opens_at
        head = self._next()
        return head if head is not None and fits(head) else None, opens_at

    def wants(self, fits: Fits) -> bool:
        """Whether anything waits to be submitted, now or later, that the budget allows."""
        head = self._next()
        if head is not None and fits(head):
            return True
        return any(fits(job_run) for _, _, job_run in (*self._doubted, *self._delayed))

    def take(self, job_run: JobRun) -> None:
        """Take the job returned by ``submit_head``."""
        for queue in (self.resubmits, self.new_jobs):
            if queue.head() is job_run:
                queue.page.popleft()
                return
        if self._last and self._last[0] is job_run:
            self._last.popleft()
            return
        for waiting in (self._doubted, self._delayed):
            waiting[:] = [entry for entry in waiting if entry[2] is not job_run]

    def skip_unaffordable(self, fits: Fits) -> list[JobRun]:
        """Remove queued jobs that exceed the budget, and return them."""
        passed = [job_run for job_run in (*(entry[2] for entry in self._delayed), *self._last) if not fits(job_run)]
        self._delayed = [entry for entry in self._delayed if fits(entry[2])]
        self._last = deque(job_run for job_run in self._last if fits(job_run))
        return passed + self.new_jobs.skip_unaffordable(fits)

    def _next(self) -> JobRun | None:
        head = self.resubmits.head() or self.new_jobs.head()
        is_through = self.resubmits.is_empty and self.new_jobs.is_empty
        return self._last[0] if head is None and is_through and self._last else head

    @property
    def has_submits(self) -> bool:
        """Whether anything waits to be submitted."""
        return not self.new_jobs.is_empty or self.delayed > 0 or not self.resubmits.is_empty or bool(self._last)
