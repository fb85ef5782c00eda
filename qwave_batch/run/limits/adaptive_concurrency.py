"""How many tasks may be alive at once: a little more while all is well, less when the API says it is too much. Pure."""

import math
from dataclasses import dataclass

from qwave_batch.model.terms import DEFAULT_CONCURRENCY

MOST = 128
"""Where nobody names a ceiling, it never goes beyond."""
CUT = 0.7
"""What is left after a cut: with half, a third of what the API allows would lie idle on average."""
STEP_S = 1.0
"""One more each so often, while all that is allowed is used."""
PROBE_S = 30.0
"""One more each so often where the last 429s came: the API is asked now and then whether it still minds."""
CALM_S = 10.0
"""No growth for so long after the server was in trouble."""


@dataclass(slots=True)
class AdaptiveConcurrency:
    """An allowance of one model or of the account; times are monotonic seconds.

    It never exceeds its ceiling and is never below 1. It grows by one at a time, each time paid for by a good answer
    since the last cut, so that an API that says nothing is not sent more and more. It is cut once an episode of 429s.
    """

    ceiling: int
    limit: int
    """Tasks that may be alive at once now."""
    is_free: bool = False
    """Whether nobody named the ceiling."""
    cuts: int = 0
    """Episodes of 429s so far."""
    _cut_at: float = -math.inf
    _struck_at: int | None = None
    """The limit that was too much in the last episode; None once it was passed unharmed."""
    _good: int = 0
    """Good answers since the last growth or trouble that have not paid for growth yet."""
    _full_since: float | None = None
    """Since when all of it is used, growth counting as a new beginning; None while some is not."""
    _calm_from: float = -math.inf

    @classmethod
    def under(cls, ceiling: int | None) -> "AdaptiveConcurrency":
        """Return the allowance under a ceiling that somebody named, or the modest one where nobody did."""
        return (
            cls(ceiling=MOST, limit=DEFAULT_CONCURRENCY, is_free=True)
            if ceiling is None
            else cls(ceiling=ceiling, limit=ceiling)
        )

    @property
    def is_found_out(self) -> bool:
        """Whether the limit is another than the one that somebody named."""
        return self.is_free or self.limit < self.ceiling

    def went_well(self, sent_at: float) -> None:
        """Take in a good answer to a submit that left at ``sent_at``."""
        if sent_at > self._cut_at:
            self._good = min(self._good + 1, self.ceiling)

    def cut(self, now: float) -> None:
        """Take in that an episode of 429s has begun."""
        self._struck_at = self.limit
        self.limit = max(1, int(self.limit * CUT))
        self._cut_at, self._good, self._full_since = now, 0, None
        self.cuts += 1

    def had_trouble(self, now: float) -> None:
        """Take in a 5xx or silence: no reason to send less, but none to send more either."""
        self._calm_from = now + CALM_S
        self._good = 0

    def grow(self, alive: int, now: float) -> bool:
        """Allow one more if all that is allowed is alive, and has been for long enough; return whether it was."""
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
        """Return when one more is allowed, if all stays as it is; infinity when something must happen first."""
        if self.limit >= self.ceiling or self._full_since is None or not self._good:
            return math.inf
        is_risky = self._struck_at is not None and self.limit + 1 >= self._struck_at
        return max(self._full_since + (PROBE_S if is_risky else STEP_S), self._calm_from)
