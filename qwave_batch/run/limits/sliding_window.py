"""At most so many sends in any minute: by the spec, or by an API that does not say so but in its 429s. Pure.

Both keep a log of the last sends, with room that can be reserved. Times are monotonic seconds.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Protocol

PERIOD_S = 60.0
MARGIN_S = 0.25
"""The server counts a request when it arrives, and the way there is not always equally long: so much later than it
might the next one leaves."""


def last_send_at(sent: Sequence[float], limit: int, period_s: float, sends: int, now: float) -> float:
    """Return when the last of so many sends can leave if at most ``limit`` may in any period; ``sent`` is sorted."""
    rounds, place = divmod(sends - 1, limit)
    before = limit - place  # it leaves a period after the send this many places before it
    first = max(now, sent[-before] + period_s) if before <= len(sent) else now
    return first + rounds * period_s


class SlidingWindow:
    """A limit of sends in any ``PERIOD_S`` seconds; times are monotonic seconds."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._sent: deque[float] = deque(maxlen=limit)
        self._reserved = 0

    def opens_at(self, now: float, spare: int = 0) -> float:
        """Return when one more may be sent, ``now`` or later; infinity until a reservation is spent.

        Args:
            now: The current time.
            spare: Room to leave to other sends.
        """
        if self.limit is None:
            return now
        room = self.limit - self._reserved - min(spare, self.limit - 1)
        if room <= 0:
            return math.inf
        if len(self._sent) < room:
            return now
        return max(now, self._sent[-room] + PERIOD_S + MARGIN_S)

    def opens_for(self, sends: int, now: float) -> float:
        """Return the earliest time at which the last of so many sends can leave, if nothing else is sent."""
        return now if self.limit is None else last_send_at(self._sent, self.limit, PERIOD_S + MARGIN_S, sends, now)

    def reserve(self) -> None:
        """Put room aside for a send that is being prepared."""
        self._reserved += 1

    def give_back(self) -> None:
        """Release room that was put aside and is not needed."""
        self._reserved -= 1

    def spend(self, now: float) -> None:
        """Count a send that leaves now, on room that was put aside."""
        self._reserved -= 1
        self._sent.append(now)


MOST_MARGIN_S = 2.0
"""A margin that was not enough grows a little each time, up to this."""
TOLERANCE_S = 2.0
"""Waits are told in whole seconds, rounded up."""
GROWTH = 20
"""After a minute without 429s one more is tried for so many that were let through before."""


class InferredWindow:
    """At most so many sends in any minute, as soon as the server's own 429s show that it counts that way.

    A 429 whose wait ends just when our oldest send of the last minute is a minute old may come from a window of a
    minute; its size is then what that minute let through. An API that always says the same is right by chance now and
    then: it is believed when a second one is right with another wait, as only a countdown is. Any other 429 teaches
    nothing here. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self.limit: int | None = None
        """Sends in a minute; None while nothing is known."""
        self._sent: deque[float] = deque()
        self._reserved = 0
        self._margin_s = MARGIN_S
        self._suspected_s: float | None = None
        """The wait that was asked for when a 429 first looked like a window's."""
        self._tried_at = -math.inf
        self._before: int | None = None
        """The limit before the last try of more."""

    def opens_at(self, now: float) -> float:
        """Return when one more may be sent, ``now`` or later; infinity until something reserved is spent."""
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
        """Put room aside for a send that is being prepared."""
        self._reserved += 1

    def give_back(self) -> None:
        """Release room that was put aside and is not needed."""
        self._reserved -= 1

    def spend(self, now: float) -> None:
        """Count a send that leaves now, on room that was put aside."""
        self._reserved -= 1
        self._forget(now)
        self._sent.append(now)
        is_used = self.limit is not None and len(self._sent) >= self.limit
        if self.limit is not None and is_used and now - self._tried_at > PERIOD_S:
            self._before = self.limit
            self.limit += max(1, self.limit // GROWTH)
            self._tried_at = now

    def was_throttled(self, sent_at: float, now: float, wait_s: float | None) -> bool:
        """Take in a 429 and the wait that it asks for; return whether it was learned from."""
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
        """Take back the last try of more; without one, it was a little early only."""
        if self._before is not None and now - self._tried_at <= PERIOD_S:
            self.limit = self._before
        else:
            self._margin_s = min(MOST_MARGIN_S, self._margin_s + MARGIN_S)
        self._before = None

    def take_back(self, sent_at: float) -> None:
        """Take a refused send off the log: it does not count at the server either."""
        if sent_at in self._sent:
            self._sent.remove(sent_at)

    def forget_limit(self) -> None:
        """Take the limit back: it turned out to be another's."""
        self.limit = None

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] + PERIOD_S + self._margin_s <= now:
            self._sent.popleft()


class Window(Protocol):
    """A limit on sends, with room that can be reserved."""

    def opens_at(self, now: float) -> float:
        """Return when one more may be sent, ``now`` or later; infinity until something reserved is spent."""
        ...

    def reserve(self) -> None:
        """Put room aside for a send that is being prepared."""
        ...

    def give_back(self) -> None:
        """Release room that was put aside and is not needed."""
        ...

    def spend(self, now: float) -> None:
        """Count a send that leaves now, on room that was put aside."""
        ...


class Reservation:
    """Room for one send in every window that counts it; it is spent or released once."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows
        for window in windows:
            window.reserve()

    def spend(self, now: float) -> None:
        """Count the send that leaves now."""
        for window in self._windows:
            window.spend(now)
        self._windows = ()

    def give_back(self) -> None:
        """Release the reservation, unless it was spent."""
        for window in self._windows:
            window.give_back()
        self._windows = ()
