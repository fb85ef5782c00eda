"""Work in threads that comes item by item: what waits together is done together, and answered with one call.

Handing an item to a thread and its answer back to the loop costs more than the work on a small image. So a thread that
is free takes its share of all that wait, and wakes the loop once for all of them.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

MOST_TOGETHER = 16
"""Items of a batch; the first is answered with the last."""

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class BatchItem(Generic[ItemT, ResultT]):
    """An item with the future of its result."""

    item: ItemT
    answer: "asyncio.Future[ResultT]"

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for the result; from any thread."""
        return not self.answer.cancelled()


_Answers: TypeAlias = Sequence[tuple[BatchItem[ItemT, ResultT], ResultT | BaseException]]


class BatchThreads(Generic[ItemT, ResultT]):
    """Takes items from the event loop to threads of its default executor, in batches."""

    def __init__(
        self, work: Callable[[Sequence[BatchItem[ItemT, ResultT]]], Sequence[ResultT | BaseException]], *, threads: int
    ) -> None:
        """Describe the threads.

        Args:
            work: Called in a thread; returns a result, or an exception to raise, for each item, and raises nothing.
            threads: The most threads at work.
        """
        self._work = work
        self._most = threads
        self._waiting: deque[BatchItem[ItemT, ResultT]] = deque()
        self._busy = 0
        """Threads at work."""
        self._lock = threading.Lock()
        """Held to take items and to begin and end a thread's work: no item is left without a thread."""

    async def do(self, item: ItemT) -> ResultT:
        """Return the result of an item, or raise its exception."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[ResultT] = loop.create_future()
        with self._lock:
            self._waiting.append(BatchItem(item, answer))
            begins = self._busy < self._most
            self._busy += begins
        if begins:
            loop.run_in_executor(None, self._until_done, loop).add_done_callback(_resolve_last)
        return await answer

    def _until_done(self, loop: asyncio.AbstractEventLoop) -> "_Answers[ItemT, ResultT]":
        """Do batches until nothing waits, and return the answers to the last one."""
        answers: _Answers[ItemT, ResultT] = ()
        while batch := self._next_batch():
            if answers:
                loop.call_soon_threadsafe(_resolve, answers)
            wanted = [each for each in batch if each.is_wanted]
            answers = list(zip(wanted, self._work(wanted), strict=True))
        return answers

    def _next_batch(self) -> list[BatchItem[ItemT, ResultT]]:
        """Return this thread's share of the waiting items; none ends its work."""
        with self._lock:
            share = min(MOST_TOGETHER, -(-len(self._waiting) // self._most))
            self._busy -= share == 0
            return [self._waiting.popleft() for _ in range(share)]


def _resolve_last(done: "asyncio.Future[_Answers[ItemT, ResultT]]") -> None:
    if not done.cancelled():
        _resolve(done.result())


def _resolve(answers: "_Answers[ItemT, ResultT]") -> None:
    for each, result in answers:
        if each.answer.done():  # cancelled meanwhile
            continue
        if isinstance(result, BaseException):
            each.answer.set_exception(result)
        else:
            each.answer.set_result(result)
