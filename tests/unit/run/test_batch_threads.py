"""Items that wait together are done together; each gets its own result, and none waits for a heavy one."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from qwave_batch.run.images.batch_threads import MOST_TOGETHER, MOST_WEIGHT, BatchItem, BatchThreads

Batch = Sequence[BatchItem[int, int]]


class Worker:
    """Doubles numbers, fails odd ones when told to, and remembers its batches."""

    def __init__(self, *, fails_odd: bool = False) -> None:
        self.batches: list[list[int]] = []
        self._fails_odd = fails_odd

    def __call__(self, batch: Batch) -> list[int | BaseException]:
        self.batches.append([each.item for each in batch])
        return [ValueError(each.item) if self._fails_odd and each.item % 2 else each.item * 2 for each in batch]


def threads_for(worker: Worker, weight: int = 1) -> BatchThreads[int, int]:
    return BatchThreads(worker, lambda _: weight, threads=3)


def test_items_of_one_step_of_the_loop_are_one_batch() -> None:
    worker = Worker()

    async def main() -> list[int]:
        threads = threads_for(worker)
        return await asyncio.gather(*map(threads.do, range(MOST_TOGETHER)))

    assert asyncio.run(main()) == [2 * item for item in range(MOST_TOGETHER)]
    assert worker.batches == [list(range(MOST_TOGETHER))]


def test_a_batch_is_limited_by_number_and_weight() -> None:
    worker = Worker()

    async def main() -> None:
        await asyncio.gather(*map(threads_for(worker).do, range(5 * MOST_TOGETHER)))
        await asyncio.gather(*map(threads_for(worker, MOST_WEIGHT // 2).do, range(100, 105)))

    asyncio.run(main())
    assert max(map(len, worker.batches)) == MOST_TOGETHER
    assert max(len(batch) for batch in worker.batches if batch[0] >= 100) == 2
    assert sorted(item for batch in worker.batches for item in batch) == [*range(5 * MOST_TOGETHER), *range(100, 105)]


def test_an_item_that_fails_fails_alone() -> None:
    async def main() -> list[int | BaseException]:
        threads = threads_for(Worker(fails_odd=True))
        return await asyncio.gather(*map(threads.do, range(4)), return_exceptions=True)

    results = asyncio.run(main())
    assert [results[0], results[2]] == [0, 4]
    assert all(isinstance(results[item], ValueError) for item in (1, 3))


def test_a_batch_that_fails_as_a_whole_fails_each_item_and_ends_no_thread() -> None:
    """Nobody waits for ever, and the next items are done."""

    def work(batch: Batch) -> list[int]:
        if batch[0].item == 0:
            raise OSError("the disk failed")
        return [each.item for each in batch]

    async def main() -> None:
        threads = BatchThreads(work, lambda _: 1, threads=1)
        results = await asyncio.gather(*map(threads.do, range(3)), return_exceptions=True)
        assert [type(each) for each in results] == [OSError] * 3
        assert await threads.do(3) == 3

    asyncio.run(main())


@pytest.mark.parametrize("weight", [0, 1, 2 * MOST_WEIGHT])
def test_an_item_does_not_wait_for_one_that_takes_long(weight: int) -> None:
    may_end = threading.Event()

    def slow(batch: Batch) -> list[int]:
        if batch[0].item == 0:
            assert may_end.wait(30)
        return [each.item for each in batch]

    async def main() -> None:
        threads = BatchThreads(slow, lambda _: weight, threads=2)
        first = asyncio.create_task(threads.do(0))
        await asyncio.sleep(0.01)
        assert await threads.do(1) == 1
        assert not first.done()
        may_end.set()
        assert await first == 0

    asyncio.run(main())


def test_an_item_that_nobody_waits_for_any_more_is_not_begun() -> None:
    may_end = threading.Event()
    begun: list[int] = []

    def work(batch: Batch) -> list[int]:
        begun.extend(each.item for each in batch)
        assert may_end.wait(30)
        return [each.item for each in batch]

    async def main() -> None:
        threads = BatchThreads(work, lambda _: 1, threads=1)
        first = asyncio.create_task(threads.do(0))
        await asyncio.sleep(0.01)
        cancelled, kept = asyncio.create_task(threads.do(1)), asyncio.create_task(threads.do(2))
        await asyncio.sleep(0.01)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        may_end.set()
        assert (await first, await kept) == (0, 2)

    asyncio.run(main())
    assert begun == [0, 2]
