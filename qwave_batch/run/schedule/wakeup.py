"""How the scheduler sleeps: until a time comes or something happens, whichever is first."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from qwave_batch.model.clock import Clock

T = TypeVar("T")


async def is_done_by(end: Coroutine[Any, Any, object], future: "asyncio.Future[T]") -> bool:
    """Wait until a future is done or the end comes; return whether it is done. It goes on either way."""
    ending = asyncio.ensure_future(end)
    try:
        await asyncio.wait((future, ending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending.cancel()
    return future.done()


async def wait_until_either(end: Coroutine[Any, Any, object], coming: Coroutine[Any, Any, object]) -> bool:
    """Wait for something until the end comes, and then no longer; return whether it has come."""
    waiting = asyncio.ensure_future(coming)
    try:
        return await is_done_by(end, waiting)
    finally:
        waiting.cancel()


class Wakeup:
    """Wakes the one who waits; a ring while nobody waits is heard by the next who does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def notify(self) -> None:
        """Wake whoever waits."""
        self._rung.set()

    async def wait(self, at_most_s: float | None) -> None:
        """Return after a ring, or after so many seconds; None waits for a ring only."""
        if at_most_s is None:
            await self._rung.wait()
        elif not self._rung.is_set():
            await wait_until_either(self._clock.sleep(at_most_s), self._rung.wait())
        self._rung.clear()
