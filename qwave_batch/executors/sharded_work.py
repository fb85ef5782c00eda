"""Work on many items by workers, in shards: an item that ends its workers again and again spoils no other.

A shard is what a worker takes at once, so that what it costs to tell it of the work is shared by some items.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Generic, TypeVar

from qwave_batch.errors import WorkerKilled
from qwave_batch.executors.workers import AHEAD, Setup, Work, Workers

Item = TypeVar("Item")
Told = TypeVar("Told")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ShardedWork(Generic[Setup, Item, Told, Result]):
    """Work whose function takes shards: it is told of several items, and returns a result for each."""

    workers: Workers
    work: Work[Setup, tuple[Told, ...], Sequence[Result]]
    told: Callable[[Item], Told]
    """Returns what the workers are told of an item: small, and picklable."""
    killed: Callable[[Item, WorkerKilled], Result]
    """Returns the result of an item that has ended several workers, or raises."""
    ahead: int = AHEAD
    """How many shards for each worker are taken at once."""

    def results(self, shards: Iterable[Sequence[Item]]) -> Iterator[tuple[Item, Result]]:
        """Yield each item with its result, in order.

        The items of a shard that has ended several workers are told of one by one.

        Raises:
            WorkersGone: there are no workers any more.
            Exception: what the work raises, and what ``killed`` does.
        """
        waiting = iter(shards)
        while True:
            taken: deque[Sequence[Item]] = deque()
            results = self.workers.map(self.work, self._told(waiting, taken), ahead=self.ahead)
            killer = None
            while killer is None:
                try:
                    found = next(results, None)
                except WorkerKilled as error:
                    killer = error
                    continue
                if found is None:
                    return
                yield from zip(taken.popleft(), found, strict=True)
            shard = taken.popleft()
            if len(shard) == 1:
                yield shard[0], self.killed(shard[0], killer)
                waiting = chain(taken, waiting)
            else:
                waiting = chain(([item] for item in shard), taken, waiting)

    def _told(self, shards: Iterator[Sequence[Item]], taken: deque[Sequence[Item]]) -> Iterator[tuple[Told, ...]]:
        for shard in shards:
            taken.append(shard)
            yield tuple(map(self.told, shard))


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield the items in lists of a size, the last one shorter."""
    waiting = iter(items)
    while shard := list(islice(waiting, size)):
        yield shard
