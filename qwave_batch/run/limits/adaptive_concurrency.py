"""Additive increase, multiplicative decrease (AIMD) of the number of tasks alive at once. Pure."""

import math
from dataclasses import dataclass

from qwave_batch.model.terms import DEFAULT_CONCURRENCY

MOST = 128
"""The ceiling if nobody sets one."""
CUT = 0.7
"""The factor of a cut: with one half, a third of the capacity would be unused on average."""
STEP_S = 1.0
"""Interval of growth by one, while the whole limit is used."""
PROBE_S = 30.0
"""Interval of growth by one near the limit of the last 429s: a probe whether it still holds."""
CALM_S = 10.0
"""No growth for this long after a failure of the server."""


@dataclass(slots=True)
class AdaptiveConcurrency:
    """The concurrency of one model or of the account; times are monotonic seconds.

    It never exceeds its ceiling and is never below 1. It grows by one at a time, and each step needs a success since
    the last cut, so that a silent API is not sent more and more. Each episode of 429s cuts it once.
    """

    ceiling: int
    limit: int
    """Current limit of tasks alive at once."""
    is_free: bool = False
    """Whether the ceiling is the default."""
    cuts: int = 0
    """Episodes of 429s so far."""
    _cut_at: float = -math.inf
    _struck_at: int | None = None
    """The limit at the last episode; None once it was exceeded without a 429."""
    _good: int = 0
    """Successes since the last growth or failure that were not used for growth yet."""
    _full_since: float | None = None
    """Since when the whole limit is in use, restarted by growth; None while it is not."""
    _calm_from: float = -math.inf

    @classmethod
    def under(cls, ceiling: int | None) -> "AdaptiveConcurrency":
        """Return the concurrency under a given ceiling, or the default one."""
        return (
            cls(ceiling=MOST, limit=DEFAULT_CONCURRENCY, is_free=True)
            if ceiling is None
            else cls(ceiling=ceiling, limit=ceiling)
        )

    @property
    def is_found_out(self) -> bool:
        """Whether the limit differs from the configured ceiling."""
        return self.is_free or self.limit < self.ceiling

    def went_well(self, sent_at: float) -> None:
        """Record a success of a submit sent at ``sent_at``."""
        if sent_at > self._cut_at:
            self._good = min(self._good + 1, self.ceiling)

    def cut(self, now: float) -> None:
        """Record the start of an episode of 429s."""
        self._struck_at = self.limit
        self.limit = max(1, int(self.limit * CUT))
        self._cut_at, self._good, self._full_since = now, 0, None
        self.cuts += 1

    def had_trouble(self, now: float) -> None:
        """Record a 5xx or a missing answer: no reason to send less, but none to send more either."""
        self._calm_from = now + CALM_S
        self._good = 0

    def grow(self, alive: int, now: float) -> bool:
        """Allow one more if the whole limit has been in use for long enough; return whether it grew."""
        if alive < self.limit:
            self._full_since = None
            return False
        if self._full_since is None:
            self._full_since = now
        if self.grows_at() > now:
            return False
        self.limit += 1
        self._good -= 1
        self._full_since = now
        if self._struck_at is not None and self.limit > self._struck_at:
            self._struck_at = None
        return True

    def grows_at(self) -> float:
        """Return when it grows next if nothing changes; infinity if an event is needed first."""
        if self.limit >= self.ceiling or self._full_since is None or not self._good:
            return math.inf
        is_risky = self._struck_at is not None and self.limit + 1 >= self._struck_at
        return max(self._full_since + (PROBE_S if is_risky else STEP_S), self._calm_from)
