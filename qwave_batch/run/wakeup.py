"""Lets the scheduler sleep until a time comes or something happens, whichever is first."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from qwave_batch.model.clock import Clock

T = TypeVar("T")


async def is_done_by(end: Coroutine[Any, Any, object], future: "asyncio.Future[T]") -> bool:
    """Wait until a future is done or the time is up; return whether it is done. The future is not cancelled."""
    ending = asyncio.ensure_future(end)
    try:
        await asyncio.wait((future, ending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending.cancel()
    return future.done()


async def wait_until_either(end: Coroutine[Any, Any, object], coming: Coroutine[Any, Any, object]) -> bool:
    """Wait for the first of a coroutine and an end; return whether the coroutine finished."""
    waiting = asyncio.ensure_future(coming)
    try:
        return await is_done_by(end, waiting)
    finally:
        waiting.cancel()


class Wakeup:
    """Wakes its waiter; a notice without a waiter wakes the next one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._notified = asyncio.Event()

    def notify(self) -> None:
        """Wake the waiter."""
        self._notified.set()

    async def wait(self, at_most_s: float | None) -> None:
        """Return after a notice, or after so many seconds; None waits only for a notice."""
        if at_most_s is None:
            await self._notified.wait()
        elif not self._notified.is_set():
            await wait_until_either(self._clock.sleep(at_most_s), self._notified.wait())
        self._notified.clear()
