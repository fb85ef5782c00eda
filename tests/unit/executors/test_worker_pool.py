"""The pool over workers that are threads: the order, deaths, and ends. Those of a Ray are tried in tests/ray."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwave_batch.errors import WorkerKilled, WorkersGone, WorkersUnusable
from qwave_batch.executors.ray_workers import RayWorkers
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.executors.workers import Work
from tests.unit.executors.thread_source import ThreadSource, ThreadWorker


def doubling(_: None) -> Callable[[int], int]:
    return lambda item: 2 * item


def failing(_: None) -> Callable[[int], int]:
    def do(item: int) -> int:
        raise LookupError(item)

    return do


def not_opening(reason: str) -> Callable[[int], int]:
    raise LookupError(reason)


def ending_by(deadly: int) -> Callable[[int], int]:
    def do(item: int) -> int:
        if item == deadly:
            raise SystemExit
        return item

    return do


def ending_once_by(flag: Path) -> Callable[[int], int]:
    def do(item: int) -> int:
        try:
            flag.touch(exist_ok=False)
        except FileExistsError:
            return item
        raise SystemExit

    return do


@pytest.fixture
def source() -> ThreadSource:
    return ThreadSource()


@pytest.fixture(params=[1, 4])
def pool(source: ThreadSource, request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    opened = WorkerPool(source, 2, at_once=request.param)
    opened.wait_until_ready()
    yield opened
    opened.close(WorkersGone("the test is over"))


def test_results_come_in_order(pool: WorkerPool) -> None:
    assert list(RayWorkers(pool).map(Work(doubling, None), range(30))) == list(range(0, 60, 2))


def test_an_error_of_the_work_is_raised_as_it_is(pool: WorkerPool) -> None:
    with pytest.raises(LookupError, match="7"):
        pool.submit(pool.opening(Work(failing, None)), 7).result()
    with pytest.raises(LookupError, match="no such thing"):
        pool.submit(pool.opening(Work(not_opening, "no such thing")), 7).result()


def test_the_items_of_a_worker_that_dies_are_done_by_another(
    pool: WorkerPool, source: ThreadSource, tmp_path: Path
) -> None:
    assert list(RayWorkers(pool).map(Work(ending_once_by, tmp_path / "ended"), range(20))) == list(range(20))
    assert len(source.started) == 3


def test_only_the_item_that_ends_its_workers_is_blamed(pool: WorkerPool) -> None:
    """Those that were in the same worker at the same moment are done."""
    work = pool.opening(Work(ending_by, 3))
    asked = [pool.submit(work, item, item) for item in range(12)]
    with pytest.raises(WorkerKilled, match="item 4 of the work ended 3 workers"):
        asked[3].result()
    assert [future.result() for future in asked if future is not asked[3]] == [0, 1, 2, *range(4, 12)]


def test_nothing_is_done_once_the_pool_is_closed(pool: WorkerPool, source: ThreadSource) -> None:
    pool.close(WorkersGone("the run has ended"))
    with pytest.raises(WorkersGone, match="the run has ended"):
        pool.submit(pool.opening(Work(doubling, None)), 1).result()
    assert all(worker.is_ended for worker in source.started)


def test_each_machine_does_an_item_once(pool: WorkerPool) -> None:
    assert [each.result for each in RayWorkers(pool).on_each_node(Work(doubling, None), 4)] == [8, 8]


def test_workers_of_another_program_are_refused() -> None:
    pool = WorkerPool(ThreadSource(lambda: "qwave-batch 0.0.9 on Python 3.8"), 1)
    with pytest.raises(
        WorkersUnusable, match=r"have qwave-batch 0\.0\.9 on Python 3\.8, and this is .*install the same"
    ):
        pool.wait_until_ready()


def test_workers_that_end_before_they_begin_are_given_up() -> None:
    class Ending(ThreadSource):
        def start_worker(self, *, at_once: int) -> ThreadWorker:
            worker = super().start_worker(at_once=at_once)
            worker.is_ended = True
            return worker

    with pytest.raises(WorkersUnusable, match="workers end before they have begun: it was ended"):
        WorkerPool(Ending(), 1).wait_until_ready()
