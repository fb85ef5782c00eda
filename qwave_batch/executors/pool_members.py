"""The workers of a pool and the items that they take, as the pool keeps them; it holds its lock at each change."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.executors.ray_actor import WorkerFacts
from qwave_batch.executors.remote_worker import RemoteWorker


@dataclass(frozen=True, slots=True)
class OpenedWork:
    """A piece of work, as the pool hands it to its workers."""

    key: bytes
    work: bytes


@dataclass(slots=True, eq=False)
class PoolItem:
    """An item of a piece of work, until its answer is there."""

    number: int
    key: bytes
    work: bytes
    item: bytes
    answer: "Future[Any]"
    is_alone: bool = False
    """Whether it may have ended a worker, and has one for itself."""
    deaths: int = 0
    """Workers that ended while it was alone there."""

    def fail(self, error: Exception) -> None:
        """Raise an error where it is awaited, unless there is an answer already."""
        if not self.answer.done() and self.answer.set_running_or_notify_cancel():
            self.answer.set_exception(error)


@dataclass(slots=True, eq=False)
class PoolMember:
    """A worker of the pool, from its start to its end."""

    worker: RemoteWorker
    hello: "Future[bytes]"
    facts: WorkerFacts | None = None
    """None until it has said hello."""
    opened: "dict[bytes, Future[bytes]]" = field(default_factory=dict)
    """The pieces of work that it was told to open."""
    items: "set[PoolItem]" = field(default_factory=set)
    is_lost: bool = False

    def has_room(self, item: PoolItem, at_once: int) -> bool:
        """Whether it may take an item, where workers do so many at once; one that is alone shares with no other."""
        room = 1 if item.is_alone else at_once
        return self.facts is not None and len(self.items) < room and not any(each.is_alone for each in self.items)
