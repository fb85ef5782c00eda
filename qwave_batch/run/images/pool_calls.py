"""Calls of a pool of workers from the event loop: what comes in one moment leaves together, and so do its answers.

A message to another process and a wake-up of the loop each cost as much as all the rest of a call.
"""

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.executors.workers import Setup, Work

PAUSE_S = 0.05
"""Between two messages to the workers; the first leaves at once."""

CallT = TypeVar("CallT")
AnswerT = TypeVar("AnswerT")


@dataclass(slots=True, eq=False)
class _Call(Generic[CallT, AnswerT]):
    item: CallT
    answer: "asyncio.Future[AnswerT]"
    asked: "Future[AnswerT] | None" = None
    """The pool's own future, once the item is there."""


class PoolCalls(Generic[CallT, AnswerT]):
    """Has a pool do the items of one piece of work; for one event loop."""

    def __init__(self, pool: WorkerPool, work: Work[Setup, CallT, AnswerT]) -> None:
        self._pool = pool
        self._work = pool.opening(work)
        self._waiting: list[_Call[CallT, AnswerT]] = []
        self._next_at = 0.0
        """The loop's time from which on a message may leave."""
        self._answered: list[_Call[CallT, AnswerT]] = []
        """Those that the loop is about to be told of."""
        self._lock = threading.Lock()
        """Held for steps with ``_answered``, which any thread may add to."""

    async def do(self, item: CallT) -> AnswerT:
        """Return the result of an item, or raise its exception; one that is cancelled before it has begun is not done.

        Raises:
            WorkerKilled, WorkersGone, Exception: see ``WorkerPool.submit``.
        """
        loop = asyncio.get_running_loop()
        call: _Call[CallT, AnswerT] = _Call(item, loop.create_future())
        self._waiting.append(call)
        if len(self._waiting) == 1:
            loop.call_at(self._next_at, self._send, loop)
        try:
            return await call.answer
        except asyncio.CancelledError:
            if call.asked is not None:
                call.asked.cancel()
            raise

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        self._next_at = loop.time() + PAUSE_S
        calls = [call for call in self._waiting if not call.answer.done()]  # the others are cancelled
        self._waiting.clear()
        try:
            asked = self._pool.submit_all(self._work, [call.item for call in calls])
        except Exception as error:  # noqa: BLE001 - it is raised where the items come from, which else would wait for ever
            for call in calls:
                call.answer.set_exception(error)
            return
        for call, future in zip(calls, asked, strict=True):
            call.asked = future
            future.add_done_callback(partial(self._take, loop, call))

    def _take(self, loop: asyncio.AbstractEventLoop, call: _Call[CallT, AnswerT], _: "Future[AnswerT]") -> None:
        """Tell the loop of an answer, with those that come until it listens; from any thread."""
        with self._lock:
            self._answered.append(call)
            if len(self._answered) > 1:
                return
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(self._resolve)

    def _resolve(self) -> None:
        with self._lock:
            answered, self._answered = self._answered, []
        for call in answered:
            if call.answer.done() or call.asked is None:  # cancelled meanwhile
                continue
            if call.asked.cancelled():
                call.answer.cancel()
            elif (error := call.asked.exception()) is not None:
                call.answer.set_exception(error)
            else:
                call.answer.set_result(call.asked.result())
