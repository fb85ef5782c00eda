"""Infers an unannounced rate limit from its 429s: the number of requests accepted in the minute before one. Pure."""

import math
from collections import deque

from qwave_batch.run.limits.sliding_window import last_send_at

PERIOD_S = 60.0
MARGIN_S, MOST_MARGIN_S = 0.25, 2.0
"""The server counts a request on arrival, and the delay varies: the next one is sent this much later than allowed, and
a little later still after each time that was not enough."""
TOLERANCE_S = 2.0
"""Waits are stated in whole seconds, rounded up."""
GROWTH = 20
"""After a minute without 429s the limit is raised by one for this many accepted requests."""


class InferredWindow:
    """At most so many sends in any minute, once the server's 429s show that it counts like this.

    A 429 whose wait ends just when our oldest send of the last minute becomes a minute old may come from a window of a
    minute; the size of the window is the number of sends accepted in that minute. An API with a constant wait matches
    by chance now and then: a limit is accepted when a second 429 matches with a different wait, as only a countdown
    does. Any other 429 is ignored here. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
        """Sends per minute; None while unknown."""
        self._sent: deque[float] = deque()
        self._reserved = 0
        self._margin_s = MARGIN_S
        self._suspected_s: float | None = None
        """The stated wait when a 429 first looked like a window's."""
        self._tried_at = -math.inf
        self._before: int | None = None
        """The limit before the last increase."""

    def opens_at(self, now: float) -> float:
        """Return when one more may be sent, ``now`` or later; infinity until a reservation is spent."""
        self._forget(now)
        if self.limit is None:
            return now
        room = self.limit - self._reserved
        if room <= 0:
            return math.inf
        return now if len(self._sent) < room else max(now, self._sent[-room] + PERIOD_S + self._margin_s)

    def opens_for(self, sends: int, now: float) -> float:
        """Return the earliest time at which the last of so many sends can leave, if nothing else is sent."""
        return now if self.limit is None else last_send_at(self._sent, self.limit, PERIOD_S, sends, now)

    def reserve(self) -> None:
        """Reserve room for a send that is being prepared."""
        self._reserved += 1

    def give_back(self) -> None:
        """Release a reservation that is not needed."""
        self._reserved -= 1

    def spend(self, now: float) -> None:
        """Count a send that leaves now, using a reservation."""
        self._reserved -= 1
        self._forget(now)
        self._sent.append(now)
        is_used = self.limit is not None and len(self._sent) >= self.limit
        if self.limit is not None and is_used and now - self._tried_at > PERIOD_S:
            self._before = self.limit
            self.limit += max(1, self.limit // GROWTH)
            self._tried_at = now

    def was_throttled(self, sent_at: float, now: float, wait_s: float | None) -> bool:
        """Record a 429 and its stated wait; return whether the limit changed."""
        self.take_back(sent_at)
        self._forget(now)
        if not self._sent or wait_s is None:
            return False
        if self.limit is not None and wait_s <= TOLERANCE_S:
            self._step_back(now)
        elif self._is_countdown(now, wait_s):
            self.limit = len(self._sent)
        else:
            return False
        self._tried_at = now
        return True

    def _is_countdown(self, now: float, wait_s: float) -> bool:
        if abs(self._sent[0] + PERIOD_S - now - wait_s) > TOLERANCE_S:
            self._suspected_s = None
            return False
        if self._suspected_s is None:
            self._suspected_s = wait_s
        return self.limit is not None or abs(wait_s - self._suspected_s) > TOLERANCE_S

    def _step_back(self, now: float) -> None:
        """Undo the last increase; without one, the send was only a little early."""
        if self._before is not None and now - self._tried_at <= PERIOD_S:
            self.limit = self._before
        else:
            self._margin_s = min(MOST_MARGIN_S, self._margin_s + MARGIN_S)
        self._before = None

    def take_back(self, sent_at: float) -> None:
        """Remove a rejected send from the log: the server does not count it either."""
        if sent_at in self._sent:
            self._sent.remove(sent_at)

    def forget_limit(self) -> None:
        """Forget the limit: it turned out to belong to another window."""
        self.limit = None

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] + PERIOD_S + self._margin_s <= now:
            self._sent.popleft()
