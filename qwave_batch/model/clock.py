"""Time as an argument: code that waits or takes timestamps is given a Clock."""

import time
from typing import Protocol

from qwave_batch import lazy

_DAY_S = 86_400.0


class Clock(Protocol):
    """A source of time that can also be waited on."""

    def now(self) -> float:
        """Return Unix seconds, for stamps and the server's dates; it may jump."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow, for measuring and waiting."""
        ...

    async def sleep(self, wait_s: float) -> None:
        """Return after ``wait_s`` seconds."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    async def sleep(self, wait_s: float) -> None:
        """Return after ``wait_s`` seconds."""
        await lazy.asyncio.sleep(wait_s)


def clock_time(unix_s: float, unix_now: float) -> str:
    """Return a time of day as clocks here show it, with its date when that is not within a day of now.

    A clock time stays right for as long as the words with it stand on a screen; seconds from now do not.
    """
    form = "%H:%M:%S" if abs(unix_s - unix_now) < _DAY_S else "%Y-%m-%d %H:%M"
    return time.strftime(form, time.localtime(unix_s))
