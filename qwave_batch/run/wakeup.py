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
        self._timer: asyncio.Task[None] | None = None
        """Notifies at a time. It is kept from one wait to the next unless that needs an earlier one, since most waits
        end by a notice long before."""
        self._due_at = 0.0
        """When the timer notifies, on the monotonic clock."""

    def notify(self) -> None:
        """Wake the waiter."""
        self._notified.set()

    async def wait(self, at_most_s: float | None) -> None:
        """Return after a notice, and after so many seconds at the latest; None waits only for a notice.

        It may return early: the timer of an earlier wait notifies too.
        """
        if at_most_s is not None and not self._notified.is_set():
            self._notify_in(at_most_s)
        await self._notified.wait()
        self._notified.clear()

    def close(self) -> None:
        """End the timer, once nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _notify_in(self, wait_s: float) -> None:
        at = self._clock.monotonic() + wait_s
        if self._timer is not None and not self._timer.done():
            if self._due_at <= at:
                return
            self._timer.cancel()
        self._due_at = at
        self._timer = asyncio.create_task(self._notify_after(wait_s))

    async def _notify_after(self, wait_s: float) -> None:
        await self._clock.sleep(wait_s)
        self._notified.set()
