"""Context managers that block, entered and left in a thread: meanwhile the event loop goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Yield what the manager yields; whoever is cancelled meanwhile leaves nothing open behind."""
    entering = asyncio.ensure_future(asyncio.to_thread(manager.__enter__))
    try:
        value = await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait([entering])
        if not entering.cancelled() and entering.exception() is None:
            await to_the_end(lambda: manager.__exit__(None, None, None))
        raise
    try:
        yield value
    except BaseException as error:
        seen = error
        if not await to_the_end(lambda: manager.__exit__(type(seen), seen, seen.__traceback__)):
            raise
    else:
        await to_the_end(lambda: manager.__exit__(None, None, None))


async def to_the_end(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, done in a thread and waited for even by one who is cancelled."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise
