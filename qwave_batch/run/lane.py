"""A model's queue: its work in plan order, read from the ledger in small pages, and its own limits."""

import heapq
import itertools
import math
from array import array
from collections import deque
from dataclasses import dataclass, field

from qwave_batch.run.adaptive import Allowance
from qwave_batch.run.headroom import Headroom
from qwave_batch.run.pace import LearnedWindow
from qwave_batch.run.trial import Trial
from qwave_batch.run.window import SendWindow

PAGE = 64
"""Jobs read from the ledger at once: all that is in memory of a queue."""
FAILURES_IN_A_ROW = 3
"""After so many submits in a row without an answer, a model is sent one at a time until it answers again."""
_sequence = itertools.count()


@dataclass(slots=True)
class RowQueue:
    """Rows still to be read, and the jobs of the page that was."""

    rows: "array[int]" = field(default_factory=lambda: array("q"))
    read: int = 0
    page: deque[Trial] = field(default_factory=deque)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not self.page and self.read >= len(self.rows)

    @property
    def is_hungry(self) -> bool:
        """Whether the next page has to be read before anything can be taken."""
        return not self.page and self.read < len(self.rows)

    @property
    def left(self) -> int:
        """How many jobs are left."""
        return len(self.rows) - self.read + len(self.page)

    def next_rows(self) -> list[int]:
        """Take the rows of the next page."""
        rows = self.rows[self.read : self.read + PAGE].tolist()
        self.read += len(rows)
        return rows

    def head(self) -> Trial | None:
        """Return the next job without taking it."""
        return self.page[0] if self.page else None


@dataclass(slots=True)
class Lane:
    """All that the scheduler knows of one model."""

    model: str
    allowance: Allowance
    """How many of its tasks may be alive at once."""
    window: SendWindow
    """The spec's own limit."""
    pace: LearnedWindow = field(default_factory=LearnedWindow)
    """The API's limit, as far as its 429s tell."""
    headroom: Headroom = field(default_factory=Headroom)
    """The API's limit, as far as its headers tell."""
    asks: RowQueue = field(default_factory=RowQueue)
    """Tasks on record."""
    resends: RowQueue = field(default_factory=RowQueue)
    """Submits that got no definite answer."""
    fresh: RowQueue = field(default_factory=RowQueue)
    alive: int = 0
    """Slots that its jobs hold."""
    submitting: int = 0
    """Submits under way or about to be."""
    width: float = 1
    """How many may be submitted at the same time: one until the first good answer, so that a model that hangs or is
    down holds one slot; one again after a 429 or several submits in a row without an answer, then one more with each
    good answer."""
    is_proven: bool = False
    """Whether a submit was answered well in this run."""
    tried_at: float | None = None
    """Monotonic seconds of the first submit of this run."""
    failures: int = 0
    """Submits without an answer in a row."""
    failing_since: float = 0.0
    """Monotonic seconds of the first of them."""
    throttles: int = 0
    """429s in a row."""
    throttled_at: float = 0.0
    """Monotonic seconds of the first of them."""
    closed: str = ""
    """Why nothing more of this model is submitted in this run; empty when it may be."""
    is_down: bool = False
    """Whether that is because it did not answer."""
    _delayed: list[tuple[float, int, Trial]] = field(default_factory=list)
    _doubted: list[tuple[float, int, Trial]] = field(default_factory=list)
    """Jobs to be tried again that keep their slot meanwhile: a task of theirs may be alive."""

    def delay(self, trial: Trial, at: float) -> None:
        """Keep a job to be tried again; one that holds a slot keeps it."""
        heapq.heappush(self._doubted if trial.holds_slot else self._delayed, (at, next(_sequence), trial))

    @property
    def delayed(self) -> int:
        """How many jobs wait to be tried again."""
        return len(self._delayed) + len(self._doubted)

    @property
    def doubted(self) -> int:
        """How many of them hold a slot."""
        return len(self._doubted)

    @property
    def doubted_at(self) -> float:
        """When the next of those may be tried; infinity without any."""
        return self._doubted[0][0] if self._doubted else math.inf

    def drain(self) -> list[Trial]:
        """Take all jobs that wait to be tried again, and their slots from them."""
        self._release(self._doubted)
        trials = [trial for _, _, trial in self._delayed]
        self._delayed.clear()
        return trials

    def release_overdue(self, now: float, timeout_s: float) -> None:
        """Take the slot from jobs whose last submit is so long ago that a task of theirs is over, whatever it was."""
        self._release([each for each in self._doubted if self.closed or now - (each[2].sent_at or 0.0) > timeout_s])

    def _release(self, entries: list[tuple[float, int, Trial]]) -> None:
        for entry in list(entries):
            self._doubted.remove(entry)
            entry[2].holds_slot = False
            self.alive -= 1
            heapq.heappush(self._delayed, entry)
        heapq.heapify(self._doubted)

    def submit_head(self, now: float, *, has_slot: bool = True) -> tuple[Trial | None, float]:
        """Return the next job to submit, or None and when there may be one: retries, then resends, then new ones.

        While many wait to be tried again no new ones follow: a model that is down does not swallow the plan.

        Args:
            now: Monotonic seconds.
            has_slot: Whether there is a slot; without one only jobs that hold their own are at hand.
        """
        for waiting in (self._doubted, self._delayed) if has_slot else (self._doubted,):
            if waiting and waiting[0][0] <= now:
                return waiting[0][2], now
        at = self.doubted_at
        if not has_slot:
            return None, at
        at = min(at, self._delayed[0][0]) if self._delayed else at
        if self.delayed >= self.allowance.limit or self.submitting + self.doubted >= self.width:
            return None, at
        return self.resends.head() or self.fresh.head(), at

    def take(self, trial: Trial) -> None:
        """Take the job that ``submit_head`` has returned."""
        for waiting in (self._doubted, self._delayed):
            if waiting and waiting[0][2] is trial:
                heapq.heappop(waiting)
                return
        if self.resends.head() is trial:
            self.resends.page.popleft()
        else:
            self.fresh.page.popleft()

    @property
    def has_submits(self) -> bool:
        """Whether anything waits to be submitted."""
        return self.delayed > 0 or not (self.resends.is_empty and self.fresh.is_empty)

    @property
    def is_in_trouble(self) -> bool:
        """Whether it has stopped answering."""
        return self.failures >= FAILURES_IN_A_ROW

    def was_answered(self, sent_at: float) -> None:
        """Take in a submit that made a task."""
        self.allowance.went_well(sent_at)
        self.width = self.width + 1 if self.is_proven or self.allowance.cuts else math.inf
        self.throttles = self.failures = 0
        self.is_proven = True

    def was_held(self) -> None:
        """Take in a submit whose answer the API holds until the task ends: it is taken, but proves nothing yet."""
        self.width += self.is_proven

    def was_throttled(self, sent_at: float, now: float) -> None:
        """Take in a 429: one cut for all submits that were under way together, and then one at a time."""
        self.failures = 0
        if self.throttles == 0:
            self.throttled_at = now
        self.throttles += 1
        if self.allowance.was_throttled(sent_at, now):
            self.width = 1

    def was_not_answered(self, now: float) -> None:
        """Take in a 5xx, or a submit that nobody answered."""
        if self.failures == 0:
            self.failing_since = now
        self.failures += 1
        self.allowance.had_trouble(now)
        if self.is_in_trouble:
            self.width = 1
