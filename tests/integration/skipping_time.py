"""Time that skips what nobody works in, for runs over real sockets and with real threads: minutes pass in a moment.

It is not the time of a machine: how busy that is, changes no figure.
"""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

import pytest

from qwave_batch.ledger.group_writer import GroupWriter, Write

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
START = 1_800_000_000.0
IDLE_ROUNDS = 3
"""A write to a loopback socket is visible to its reader in the next iteration of the loop."""


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop that knows whether it waits for a thread."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = 0

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        answer = super().run_in_executor(executor, func, *args)
        self.threads += 1
        answer.add_done_callback(self._one_less)
        return answer

    def has_work(self) -> bool:
        return bool(self.threads or self._ready)  # type: ignore[attr-defined]

    def _one_less(self, _: object) -> None:
        self.threads -= 1


class SkippingClock:
    """A Clock whose time passes when nobody has anything to do but to wait."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> float:
        return START + self.passed

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, wait_s: float) -> None:
        if wait_s <= 0:
            await asyncio.sleep(0)
            return
        waiting = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.passed + wait_s, next(self._numbers), waiting))
        await waiting

    async def drive(self, loop: SkippingLoop) -> None:
        """Let time pass, for ever."""
        idle = 0
        while True:
            await asyncio.sleep(0)
            idle = 0 if loop.has_work() else idle + 1
            if loop.threads or not self._sleepers:
                await asyncio.sleep(0.0002)
            elif idle >= IDLE_ROUNDS:
                self._wake_the_next()
                idle = 0

    def _wake_the_next(self) -> None:
        at, _, waiting = heapq.heappop(self._sleepers)
        if not waiting.done():
            self.passed = max(self.passed, at)
            waiting.set_result(None)


def run_skipping(clock: SkippingClock, main: Callable[[], Coroutine[Any, Any, T]], patch: pytest.MonkeyPatch) -> T:
    """Run ``main`` to its end in a time that is the clock's."""
    loop = SkippingLoop()
    write = GroupWriter.write

    async def counted(self: GroupWriter, change: Write[T]) -> T:
        loop.threads += 1
        try:
            return await write(self, change)
        finally:
            loop.threads -= 1

    async def whole() -> T:
        driver = asyncio.create_task(clock.drive(loop))
        try:
            return await main()
        finally:
            driver.cancel()

    patch.setattr(GroupWriter, "write", counted)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(whole())
