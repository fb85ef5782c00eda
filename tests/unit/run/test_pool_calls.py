"""Calls of a pool from the event loop travel together, and each has an answer of its own."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future

import pytest

from qwave_batch.errors import WorkersGone
from qwave_batch.executors.pool_members import OpenedWork
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.executors.workers import Work
from qwave_batch.run.images.pool_calls import PoolCalls
from tests.unit.executors.thread_source import ThreadSource


class CountingPool(WorkerPool):
    """Remembers what left together."""

    def __init__(self) -> None:
        super().__init__(ThreadSource(), 2, at_once=4)
        self.left: list[list[object]] = []

    def submit_all(self, work: OpenedWork, items: Iterable[object]) -> "Sequence[Future[object]]":
        """Note the items."""
        self.left.append(list(items))
        return super().submit_all(work, self.left[-1])


@pytest.fixture
def pool() -> Iterator[CountingPool]:
    opened = CountingPool()
    yield opened
    opened.close(WorkersGone("the test is over"))


def halving(_: None) -> Callable[[int], int]:
    def half(number: int) -> int:
        if number % 2:
            raise ValueError(f"{number} is odd")
        return number // 2

    return half


def calls_of(pool: WorkerPool) -> PoolCalls[int, int]:
    return PoolCalls(pool, Work(halving, None))


def test_items_of_one_moment_leave_together_and_each_gets_its_own_answer(pool: CountingPool) -> None:
    async def work() -> list[int | BaseException]:
        calls = calls_of(pool)
        return await asyncio.gather(*map(calls.do, range(6)), return_exceptions=True)

    found = asyncio.run(work())
    assert pool.left == [[0, 1, 2, 3, 4, 5]]
    assert found[::2] == [0, 1, 2]
    assert [str(error) for error in found[1::2]] == ["1 is odd", "3 is odd", "5 is odd"]


def test_one_that_is_cancelled_before_it_leaves_is_not_done(pool: CountingPool) -> None:
    async def work() -> int:
        calls = calls_of(pool)
        first, second = asyncio.ensure_future(calls.do(2)), asyncio.ensure_future(calls.do(4))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(work()) == 2
    assert pool.left == [[4]]


def test_what_waits_when_the_workers_go_is_told(pool: CountingPool) -> None:
    async def work() -> int:
        asked = asyncio.ensure_future(calls_of(pool).do(2))
        await asyncio.sleep(0)
        pool.close(WorkersGone("Ray has gone away"))
        return await asked

    with pytest.raises(WorkersGone, match="Ray has gone away"):
        asyncio.run(work())


def test_an_item_that_cannot_travel_raises_where_it_comes_from(pool: CountingPool) -> None:
    lambdas: PoolCalls[Callable[[], None], None] = PoolCalls(pool, Work(halving, None))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="pickle"):
        asyncio.run(lambdas.do(lambda: None))
