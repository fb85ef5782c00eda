"""A model's queue: its work in plan order, read from the ledger in small pages, and its own limits."""

import heapq
import itertools
import math
from array import array
from collections import deque
from dataclasses import dataclass, field

from qwave_batch.run.trial import Trial
from qwave_batch.run.window import SendWindow

PAGE = 64
"""Jobs read from the ledger at once: all that is in memory of a queue."""
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
    concurrency: int
    window: SendWindow
    asks: RowQueue = field(default_factory=RowQueue)
    """Tasks on record."""
    resends: RowQueue = field(default_factory=RowQueue)
    """Submits that got no definite answer."""
    fresh: RowQueue = field(default_factory=RowQueue)
    alive: int = 0
    """Slots that its jobs hold."""
    submitting: int = 0
    """Submits under way or about to be."""
    width: float = math.inf
    """How many may be submitted at the same time: cut when the server says it is too much, grown by each success."""
    cut_at: float = -math.inf
    """Monotonic seconds of the last cut."""
    throttles: int = 0
    """429s in a row."""
    throttled_at: float = 0.0
    """Monotonic seconds of the first of them."""
    closed: str = ""
    """Why nothing more of this model is submitted in this run; empty when it may be."""
    _delayed: list[tuple[float, int, Trial]] = field(default_factory=list)

    def delay(self, trial: Trial, at: float) -> None:
        """Keep a job to be tried again."""
        heapq.heappush(self._delayed, (at, next(_sequence), trial))

    @property
    def delayed(self) -> int:
        """How many jobs wait to be tried again."""
        return len(self._delayed)

    def drain(self) -> list[Trial]:
        """Take all jobs that wait to be tried again."""
        trials = [trial for _, _, trial in self._delayed]
        self._delayed.clear()
        return trials

    def submit_head(self, now: float) -> tuple[Trial | None, float]:
        """Return the next job to submit, or None and when there may be one: retries, then resends, then new ones.

        While many wait to be tried again no new ones follow: a model that is down does not swallow the plan.
        """
        if self._delayed and self._delayed[0][0] <= now:
            return self._delayed[0][2], now
        at = self._delayed[0][0] if self._delayed else math.inf
        if len(self._delayed) >= self.concurrency:
            return None, at
        return self.resends.head() or self.fresh.head(), at

    def take(self, trial: Trial) -> None:
        """Take the job that ``submit_head`` has returned."""
        if self._delayed and self._delayed[0][2] is trial:
            heapq.heappop(self._delayed)
        elif self.resends.head() is trial:
            self.resends.page.popleft()
        else:
            self.fresh.page.popleft()

    @property
    def has_submits(self) -> bool:
        """Whether anything waits to be submitted."""
        return bool(self._delayed) or not (self.resends.is_empty and self.fresh.is_empty)

    def widen(self) -> None:
        """Take in a submit that was answered well."""
        self.throttles = 0
        self.width += 1

    def narrow(self, sent_at: float, now: float) -> None:
        """Take in a 429: one cut for all submits that were under way together."""
        if self.throttles == 0:
            self.throttled_at = now
        self.throttles += 1
        if sent_at >= self.cut_at:
            self.width = max(1.0, min(self.width, self.submitting + 1) / 2)
            self.cut_at = now
