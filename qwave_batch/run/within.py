"""Waiting for something for so many seconds at most, by the clock of the run."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from qwave_batch.model.clock import Clock

T = TypeVar("T")


async def is_done_within(clock: Clock, at_most_s: float, future: "asyncio.Future[T]") -> bool:
    """Wait for something that goes on either way; return whether it is done."""
    nap = asyncio.ensure_future(clock.sleep(at_most_s))
    try:
        await asyncio.wait((future, nap), return_when=asyncio.FIRST_COMPLETED)
    finally:
        nap.cancel()
    return future.done()


async def comes_within(clock: Clock, at_most_s: float, coming: Coroutine[Any, Any, T]) -> bool:
    """Wait for something that nobody waits for any more when the time is up; return whether it has come."""
    waiting = asyncio.ensure_future(coming)
    try:
        return await is_done_within(clock, at_most_s, waiting)
    finally:
        waiting.cancel()
