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
from qwave_batch.run.limits.throttle_episode import ModelThrottle
from qwave_batch.run.tasks.job_run import JobRun

PAGE = 64
"""Jobs read from the ledger at once: all that is in memory of a queue."""
_sequence = itertools.count()
Fits: TypeAlias = Callable[[JobRun], bool]
"""Whether the money for a submit of a job is there."""


@dataclass(slots=True)
class RowQueue:
    """Rows still to be read, and the jobs of the page that was."""

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
        """Whether the next page has to be read before anything can be taken."""
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
        """Take the jobs of the page that do not fit."""
        passed = [job_run for job_run in self.page if not fits(job_run)]
        self.page = deque(job_run for job_run in self.page if fits(job_run))
        return passed


@dataclass(slots=True)
class ModelQueue:
    """All that the scheduler knows of one model."""

    throttle: ModelThrottle
    """The limits that hold its submits."""
    open_tasks: RowQueue = field(default_factory=RowQueue)
    """Tasks on record."""
    resubmits: RowQueue = field(default_factory=RowQueue)
    """Submits that got no definite answer."""
    new_jobs: RowQueue = field(default_factory=RowQueue)
    alive: int = 0
    """Slots that its jobs hold."""
    submitting: int = 0
    """Submits under way or about to be."""
    tried_at: float | None = None
    """Monotonic seconds of the first submit of this run."""
    closed: ModelLeft | None = None
    """Why nothing more of this model is submitted in this run; None when it may be."""
    _delayed: list[tuple[float, int, JobRun]] = field(default_factory=list)
    """Jobs to be tried again, the earliest first."""
    _doubted: list[tuple[float, int, JobRun]] = field(default_factory=list)
    """Those that keep their slot meanwhile: a task of theirs may be alive."""
    _last: deque[JobRun] = field(default_factory=deque)
    """Jobs to be tried again when all others are through."""

    def close(self, left: ModelLeft) -> None:
        """Submit nothing more of this model in this run."""
        self.closed = left

    def record_submit(self, sent_at: float) -> None:
        """Record that a submit leaves."""
        if self.tried_at is None:
            self.tried_at = sent_at

    def delay(self, job_run: JobRun, at: float) -> None:
        """Keep a job to be tried again; one that holds a slot keeps it."""
        bisect.insort(self._doubted if job_run.holds_slot else self._delayed, (at, next(_sequence), job_run))

    def put_last(self, job_run: JobRun) -> None:
        """Keep a job to be tried again when all others are through."""
        self._last.append(job_run)

    @property
    def model(self) -> str:
        """The model's name."""
        return self.throttle.name

    @property
    def delayed(self) -> int:
        """How many jobs wait to be tried again."""
        return len(self._delayed) + len(self._doubted)

    @property
    def submits_left(self) -> int:
        """How many jobs are still to be submitted in this run; none of a model that is closed."""
        return 0 if self.closed else self.delayed + self.resubmits.left + self.new_jobs.left + len(self._last)

    def drain(self) -> list[JobRun]:
        """Take all jobs that wait to be tried again, and their slots from them."""
        self._release(list(self._doubted))
        job_runs = [*(job_run for _, _, job_run in self._delayed), *self._last]
        self._delayed.clear()
        self._last.clear()
        return job_runs

    def release_overdue(self, now: float, timeout_s: float) -> None:
        """Take the slot from jobs whose last submit is so long ago that a task of theirs is over, whatever it was."""
        self._release([each for each in self._doubted if self.closed or now - (each[2].sent_at or 0.0) > timeout_s])

    def _release(self, entries: list[tuple[float, int, JobRun]]) -> None:
        for entry in entries:
            self._doubted.remove(entry)
            entry[2].holds_slot = False
            self.alive -= 1
            bisect.insort(self._delayed, entry)

    def submit_head(self, now: float, fits: Fits, *, has_slot: bool = True) -> tuple[JobRun | None, float]:
        """Return the next job to submit, or None and when there may be one: retries, then resends, then new ones.

        While many wait to be tried again no new ones follow: a model that is down does not swallow the plan. A retry
        that exceeds the budget does not hold up others; a new job does, as others may give money back.

        Args:
            now: Monotonic seconds.
            fits: Whether there is the money for a job.
            has_slot: Whether there is a slot; without one only jobs that hold their own are at hand.
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
        """Whether anything waits to be submitted, now or later, that there is the money for."""
        head = self._next()
        if head is not None and fits(head):
            return True
        return any(fits(job_run) for _, _, job_run in (*self._doubted, *self._delayed))

    def take(self, job_run: JobRun) -> None:
        """Take the job that ``submit_head`` has returned."""
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
