"""How the scheduler sleeps: until a time comes or something happens, whichever is first."""

import asyncio

from qwave_batch.model.clock import Clock
from qwave_batch.run.before import comes_before


class Bell:
    """Wakes the one who waits; a ring while nobody waits is heard by the next who does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits."""
        self._rung.set()

    async def wait(self, at_most_s: float | None) -> None:
        """Return after a ring, or after so many seconds; None waits for a ring only."""
        if at_most_s is None:
            await self._rung.wait()
        elif not self._rung.is_set():
            await comes_before(self._clock.sleep(at_most_s), self._rung.wait())
        self._rung.clear()
