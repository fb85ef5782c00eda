"""Waiting for one thing until another comes first: a time, a stop, an answer."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def is_done_before(end: Coroutine[Any, Any, object], future: "asyncio.Future[T]") -> bool:
    """Wait until a future is done or the end comes; return whether it is done. It goes on either way."""
    ending = asyncio.ensure_future(end)
    try:
        await asyncio.wait((future, ending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending.cancel()
    return future.done()


async def comes_before(end: Coroutine[Any, Any, object], coming: Coroutine[Any, Any, object]) -> bool:
    """Wait for something until the end comes, and then no longer; return whether it has come."""
    waiting = asyncio.ensure_future(coming)
    try:
        return await is_done_before(end, waiting)
    finally:
        waiting.cancel()
