"""Items that end their workers, by workers that only say so."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from qwave_batch.errors import WorkerKilled
from qwave_batch.executors.sharded_work import ShardedWork, in_batches
from qwave_batch.executors.workers import Item, Result, Setup, Work
from tests.local_workers import LocalWorkers


@dataclass
class DeadlyItems(LocalWorkers):
    """Threads that say of shards with some items that they have ended their workers."""

    deadly: frozenset[int]
    asked: int = 0

    def __post_init__(self) -> None:
        super().__init__(2)

    def map(self, work: Work[Setup, Item, Result], items: Iterable[Item], *, ahead: int = 2) -> Iterator[Result]:
        def checked() -> Iterator[Item | None]:
            for item in items:
                assert isinstance(item, tuple)
                self.asked += 1
                yield None if self.deadly.intersection(item) else item

        told: Iterable[Any] = checked()
        for number, result in enumerate(super().map(work, told, ahead=ahead)):
            if result is None:
                raise WorkerKilled(number, 3, "it was killed")
            yield result


def doubling(_: None) -> Callable[[tuple[int, ...] | None], Sequence[int] | None]:
    return lambda shard: None if shard is None else [2 * item for item in shard]


@pytest.mark.parametrize("deadly", [set(), {0}, {5}, {19}, {4, 5, 6}, set(range(20))])
def test_an_item_that_ends_its_workers_spoils_no_other(deadly: set[int]) -> None:
    workers = DeadlyItems(frozenset(deadly))
    work = ShardedWork(workers, Work(doubling, None), told=int, killed=lambda _, error: -error.workers)  # type: ignore[arg-type]
    found = list(work.results(in_batches(range(20), 4)))
    assert found == [(item, -3 if item in deadly else 2 * item) for item in range(20)]
