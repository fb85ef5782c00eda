"""Workers for images, as a Protocol: the workers of a Ray keep it, and so do threads in tests."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Setup = TypeVar("Setup")
Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2
"""Items for each worker that are taken and not yielded yet: while one is worked on, the next is there."""
MOST_DEATHS = 3
"""So many workers that end while they work on an item are ended by it."""


@dataclass(frozen=True, slots=True)
class Work(Generic[Setup, Item, Result]):
    """A task for workers. Setup, items and results are picklable and small: a path rather than the bytes of a file."""

    open: Callable[[Setup], Callable[[Item], Result]]
    """A function of a module; called once by each worker, it returns what is called with each item."""
    setup: Setup


@dataclass(frozen=True, slots=True)
class FromNode(Generic[Result]):
    """A result, with the machine that it comes from."""

    host: str
    result: Result


class Workers(Protocol):
    """Some workers, which end with the block that opened them. Their calls block."""

    @property
    def count(self) -> int:
        """How many there are now."""
        ...

    def map(self, work: Work[Setup, Item, Result], items: Iterable[Item], *, ahead: int = AHEAD) -> Iterator[Result]:
        """Yield the result of each item, in order; of the items, never many more are taken.

        An item of a worker that dies is done again by another, so doing an item twice must do no harm.

        Args:
            work: The task.
            items: The items, each small.
            ahead: How many items for each worker are taken and not yielded yet, at most.

        Raises:
            WorkerKilled: an item has ended several workers.
            WorkersGone: there are no workers any more, nor will there be.
            Exception: what the work raises, as it is.
        """
        ...

    def on_each_node(self, work: Work[Setup, Item, Result], item: Item) -> Sequence[FromNode[Result]]:
        """Return the results of one item, done once on each machine that has a worker.

        Raises:
            WorkersGone, Exception: as ``map`` does.
        """
        ...
