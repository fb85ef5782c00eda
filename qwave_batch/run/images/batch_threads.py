"""Work in threads that comes item by item: what waits together is done together, and answered with one call.

Handing an item to a thread and its answer back to the loop costs as much as the work on a small image, and so does a
sync of the disk. So a thread takes several light items together, those that came in one step of the loop or while all
threads were at work, and wakes the loop once for them. A heavy one goes alone.
"""

import asyncio
import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

MOST_TOGETHER = 16
"""Items of a batch; the first is answered with the last."""
MOST_WEIGHT = 1 << 20
"""Of a batch of more than one."""

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
        self,
        work: Callable[[Sequence[BatchItem[ItemT, ResultT]]], Sequence[ResultT | BaseException]],
        weight_of: Callable[[ItemT], int],
        *,
        threads: int,
        pool: Executor | None = None,
    ) -> None:
        """Describe the threads.

        Args:
            work: Called in a thread; returns a result, or an exception to raise, for each item. An exception that
                it raises itself is raised for all of them.
            weight_of: Returns how much work an item is, in bytes.
            threads: The most threads at work.
            pool: The threads; None is the event loop's default executor.
        """
        self._work = work
        self._weight_of = weight_of
        self._most = threads
        self._pool = pool
        self._waiting: deque[BatchItem[ItemT, ResultT]] = deque()
        self._is_handing_over = False
        """Whether threads are about to be told of what waits, once this step of the loop is over."""
        self._busy = 0
        """Threads at work."""
        self._lock = threading.Lock()
        """Held to take a batch and to begin and end a thread's work: no item is left without a thread."""

    async def do(self, item: ItemT) -> ResultT:
        """Return the result of an item, or raise its exception."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[ResultT] = loop.create_future()
        with self._lock:
            self._waiting.append(BatchItem(item, answer))
        if not self._is_handing_over:
            self._is_handing_over = True
            loop.call_soon(self._hand_over, loop)
        return await answer

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let idle threads take what waits; those at work may be at it for long."""
        self._is_handing_over = False
        with self._lock:
            weight = sum(self._weight_of(each.item) for each in self._waiting)
            batches = max(weight / MOST_WEIGHT, len(self._waiting) / MOST_TOGETHER)
            begin = min(self._most - self._busy, math.ceil(batches))
            self._busy += begin
        for _ in range(begin):
            loop.run_in_executor(self._pool, self._until_done, loop).add_done_callback(_resolve_last)

    def _until_done(self, loop: asyncio.AbstractEventLoop) -> "_Answers[ItemT, ResultT]":
        """Do batches until none waits, and return the answers to the last one."""
        answers: _Answers[ItemT, ResultT] = ()
        while batch := self._next_batch():
            if answers:
                loop.call_soon_threadsafe(_resolve, answers)
            wanted = [each for each in batch if each.is_wanted]
            answers = self._answers_to(wanted)
        return answers

    def _answers_to(self, wanted: Sequence[BatchItem[ItemT, ResultT]]) -> "_Answers[ItemT, ResultT]":
        try:
            return list(zip(wanted, self._work(wanted), strict=True))
        except BaseException as error:  # noqa: BLE001 - it is raised for each item, which else would wait for ever
            return [(each, error) for each in wanted]

    def _next_batch(self) -> list[BatchItem[ItemT, ResultT]]:
        """Return the next items; none ends the thread's work."""
        batch: list[BatchItem[ItemT, ResultT]] = []
        weight = 0
        with self._lock:
            while self._waiting and len(batch) < MOST_TOGETHER:
                weight += self._weight_of(self._waiting[0].item)
                if batch and weight > MOST_WEIGHT:
                    break
                batch.append(self._waiting.popleft())
            if not batch:
                self._busy -= 1
        return batch


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
