from collections.abc import Iterator
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.errors import WorkerKilled
from qwave_batch.executors.ray_workers import RayWorkers, open_ray_workers
from qwave_batch.executors.workers import Work
from tests.ray.worker_tasks import adding, dividing, ending_on, ending_once


@pytest.fixture(scope="module")
def workers(on_ray: qb.RayExecutor) -> Iterator[RayWorkers]:
    with open_ray_workers(on_ray) as opened:
        yield opened


def test_results_come_in_order(workers: RayWorkers) -> None:
    assert list(workers.map(Work(adding, 10), range(50))) == list(range(10, 60))


def test_items_are_never_taken_many_ahead(workers: RayWorkers) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = workers.map(Work(adding, 0), items(), ahead=3)
    assert next(results) == 0
    assert len(taken) == workers.count * 3 + 1
    results.close()  # type: ignore[attr-defined]


def test_an_exception_of_the_work_is_raised_as_it_is(workers: RayWorkers) -> None:
    results = workers.map(Work(dividing, None), [1, 0, 2])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_the_items_of_a_worker_that_dies_are_done_by_another(workers: RayWorkers, tmp_path: Path) -> None:
    flag = tmp_path / "ended"
    assert list(workers.map(Work(ending_once, flag), range(6))) == list(range(6))
    assert flag.exists()


def test_an_item_that_ends_its_workers_is_named(workers: RayWorkers) -> None:
    results = workers.map(Work(ending_on, 1), range(3))
    assert next(results) == 0
    with pytest.raises(WorkerKilled, match="item 2 of the work ended 3 workers") as raised:
        next(results)
    assert raised.value.number == 1


def test_each_machine_does_an_item_once(workers: RayWorkers) -> None:
    assert [each.result for each in workers.on_each_node(Work(adding, 1), 1)] == [2]
