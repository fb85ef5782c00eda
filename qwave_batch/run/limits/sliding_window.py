"""A sliding window over the last sends, with room that can be reserved. Pure."""

import math
from collections import deque
from collections.abc import Sequence
from typing import Protocol

PERIOD_S = 60.0
MARGIN_S = 0.25
"""The server counts a request on arrival, and the delay varies."""


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
        """Reserve room for a send that is being prepared."""
        self._reserved += 1

    def give_back(self) -> None:
        """Release a reservation that is not needed."""
        self._reserved -= 1

    def spend(self, now: float) -> None:
        """Count a send that leaves now, using a reservation."""
        self._reserved -= 1
        self._sent.append(now)


class Window(Protocol):
    """A limit on sends, with room that can be reserved."""

    def opens_at(self, now: float) -> float:
        """Return when one more may be sent, ``now`` or later; infinity until a reservation is spent."""
        ...

    def reserve(self) -> None:
        """Reserve room for a send that is being prepared."""
        ...

    def give_back(self) -> None:
        """Release a reservation that is not needed."""
        ...

    def spend(self, now: float) -> None:
        """Count a send that leaves now, using a reservation."""
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
