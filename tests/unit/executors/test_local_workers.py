import threading
from collections.abc import Callable, Iterator

import pytest

from qwave_batch.executors.workers import Work
from tests.local_workers import LocalWorkers


def adder(amount: int) -> Callable[[int], int]:
    return lambda item: item + amount


def test_results_come_in_order() -> None:
    assert list(LocalWorkers(3).map(Work(adder, 10), range(50))) == list(range(10, 60))


def test_items_are_never_taken_many_ahead() -> None:
    """So that memory does not grow with the number of items."""
    taken = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = LocalWorkers(2).map(Work(adder, 0), items(), ahead=3)
    assert next(results) == 0
    assert len(taken) == 2 * 3 + 1


def test_a_thread_opens_its_work_once() -> None:
    opened = []

    def open_work(_: None) -> Callable[[int], int]:
        opened.append(threading.get_ident())
        return lambda item: item

    list(LocalWorkers(2).map(Work(open_work, None), range(40)))
    assert 1 <= len(opened) == len(set(opened)) <= 2


def test_an_exception_of_the_work_is_raised_as_it_is() -> None:
    def open_work(_: None) -> Callable[[int], float]:
        return lambda item: 1 / item

    results = LocalWorkers(2).map(Work(open_work, None), [1, 0, 2])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_the_one_machine_does_an_item_once() -> None:
    results = LocalWorkers(4).on_each_node(Work(adder, 1), 1)
    assert [each.result for each in results] == [2]
