"""Time as an argument: code that waits or takes timestamps is given a Clock."""

import time
from typing import Protocol

from qwave_batch import lazy


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
