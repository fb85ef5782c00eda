"""The pool over workers that a test moves by hand: one that is not reached, and one that comes late."""

import pickle
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import pytest

from qwave_batch.errors import WorkersGone
from qwave_batch.executors.ray_actor import WorkerFacts, WorkResult, program_facts
from qwave_batch.executors.remote_worker import WorkerDied
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.executors.workers import Work

FACTS = WorkerFacts(node="n", host="h", pid=1, program=program_facts())


def same(_: None) -> Callable[[int], int]:
    return lambda item: item


@dataclass(slots=True)
class HandWorker:
    """A worker that greets, opens and ends at once; its items wait for the test."""

    facts: WorkerFacts = FACTS
    doing: "list[Future[bytes]]" = field(default_factory=list)
    is_killed: bool = False

    def call(self, method: str, *arguments: bytes) -> "Future[bytes]":
        assert isinstance(arguments, tuple)
        future: Future[bytes] = Future()
        if method == "do":
            self.doing.append(future)
        else:
            future.set_result(pickle.dumps(WorkResult(self.facts if method == "hello" else None)))
        return future

    def kill(self) -> None:
        self.is_killed = True


@dataclass(slots=True)
class HandSource:
    """Starts such workers."""

    workers: list[HandWorker] = field(default_factory=list)
    facts: WorkerFacts = FACTS

    def start_worker(self, *, at_once: int) -> HandWorker:
        assert at_once > 0
        self.workers.append(HandWorker(self.facts))
        return self.workers[-1]


def test_a_worker_that_is_not_reached_gives_its_processor_back_before_another_takes_its_items() -> None:
    source = HandSource()
    pool = WorkerPool(source, 1)
    answer = pool.submit(pool.opening(Work(same, None)), 5)
    source.workers[0].doing[0].set_exception(WorkerDied("it can't be reached"))
    first, second = source.workers
    assert (first.is_killed, second.is_killed) == (True, False)
    second.doing[0].set_result(pickle.dumps(WorkResult(5)))
    assert answer.result() == 5
    pool.close(WorkersGone("the end"))


def test_a_late_worker_of_another_program_ends_what_was_begun_as_one_that_is_lost() -> None:
    source = HandSource()
    pool = WorkerPool(source, 1)
    answer = pool.submit(pool.opening(Work(same, None)), 5)
    source.facts = replace(FACTS, program="another")
    source.workers[0].doing[0].set_exception(WorkerDied("its machine has ended"))
    with pytest.raises(WorkersGone, match=r"the workers on h have another, and this is .*install the same on both"):
        answer.result()
