"""``Workers`` that are processes of a Ray."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from qwave_batch.errors import WorkersGone
from qwave_batch.executors.ray_cluster import open_ray
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.executors.workers import AHEAD, FromNode, Item, Result, Setup, Work
from qwave_batch.model.executor import RayExecutor


class RayWorkers:
    """``Workers`` over a pool of Ray's, each of which does one item at a time."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    @property
    def count(self) -> int:
        """How many are there now."""
        return max(1, len(self._pool.ready))

    def map(self, work: Work[Setup, Item, Result], items: Iterable[Item], *, ahead: int = AHEAD) -> Iterator[Result]:
        """Yield the result of each item, in order; see ``Workers.map``."""
        opened = self._pool.opening(work)
        waiting: deque[Future[Result]] = deque()
        try:
            for number, item in enumerate(items):
                while len(waiting) >= max(1, ahead) * self.count:
                    yield waiting.popleft().result()
                waiting.append(self._pool.submit(opened, item, number))
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def on_each_node(self, work: Work[Setup, Item, Result], item: Item) -> Sequence[FromNode[Result]]:
        """Return the results of one item, done on each machine that has a worker; see ``Workers.on_each_node``."""
        asked = self._pool.on_each_node(self._pool.opening(work), item)
        return [FromNode(facts.host, future.result()) for facts, future in asked]


@contextmanager
def open_ray_pool(executor: RayExecutor, *, at_once: int = 1, uses_store: bool = False) -> Iterator[WorkerPool]:
    """Yield a pool of the workers that were asked for; they end with the block, and so does a Ray started for them.

    Args:
        executor: Which Ray, and how many workers; None of them asked for is one on each processor that it has free.
        at_once: How many items each does at once.
        uses_store: Whether they need what the environment holds for object stores.

    Raises:
        MissingExtra: Ray is not installed.
        WorkersUnusable: it can't be reached or started, no worker starts, or workers are not of this program.
    """
    with open_ray(executor, uses_store=uses_store) as cluster:
        pool = WorkerPool(cluster, executor.workers or max(1, cluster.facts.processors), at_once=at_once)
        try:
            pool.wait_until_ready()
            yield pool
        finally:
            pool.close(WorkersGone("the work has ended"))


@contextmanager
def open_ray_workers(executor: RayExecutor, *, uses_store: bool = False) -> Iterator[RayWorkers]:
    """Yield the workers that were asked for, each of which does one item at a time; see ``open_ray_pool``."""
    with open_ray_pool(executor, uses_store=uses_store) as pool:
        yield RayWorkers(pool)
