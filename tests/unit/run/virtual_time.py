"""Time that passes only when nobody has anything to do, so that an hour of limits takes a moment."""

import asyncio
import heapq
import itertools
import selectors
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
START = 1_795_300_000.0


class VirtualClock:
    """A Clock that stands still until ``drive`` moves it on."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.wall_offset = 0.0
        self.busy = 0
        """Work in threads that the clock must wait for."""
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> float:
        return START + self.passed + self.wall_offset

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, wait_s: float) -> None:
        if wait_s <= 0:
            await asyncio.sleep(0)
            return
        waiting = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.passed + wait_s, next(self._numbers), waiting))
        await waiting

    async def drive(self) -> None:
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        while True:
            await asyncio.sleep(0)
            if ready:
                continue
            if self.busy:
                await asyncio.sleep(0.0002)
            elif self._sleepers:
                at, _, waiting = heapq.heappop(self._sleepers)
                if not waiting.done():
                    self.passed = max(self.passed, at)
                    waiting.set_result(None)
            else:
                await asyncio.sleep(0.001)  # someone waits for a thread, or for ever: the test's own timeout tells


class InlineExecutor(ThreadPoolExecutor):
    """Does what belongs in a thread at once, so that every interleaving comes from the loop."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            future.set_exception(error)
        return future


class PatientSelector(selectors.DefaultSelector):
    """Asks the system only where something may have come: a loop that has work to do finds it without a system call."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        only_wakes_the_loop = len(self.get_map()) == 1
        return [] if timeout == 0 and only_wakes_the_loop else super().select(timeout)


def run_virtually(clock: VirtualClock, main: Callable[[], Awaitable[T]]) -> T:
    """Run ``main`` to its end on virtual time."""

    async def whole() -> T:
        asyncio.get_running_loop().set_default_executor(InlineExecutor())
        driver = asyncio.create_task(clock.drive())
        try:
            return await main()
        finally:
            driver.cancel()

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(PatientSelector())) as runner:
        return runner.run(whole())
