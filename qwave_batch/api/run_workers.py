"""The workers elsewhere that fetch the images of a run: opened once, when there is something to fetch."""

import platform
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from importlib.util import find_spec

from qwave_batch.api.folder_session import in_thread
from qwave_batch.errors import MissingExtra, WorkersUnusable
from qwave_batch.executors.ray_actor import WorkerFacts
from qwave_batch.executors.ray_workers import RayWorkers, open_ray_pool
from qwave_batch.executors.shared_places import check_shared_folder, check_shared_store
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.executor import RayExecutor
from qwave_batch.run.images.image_worker import AT_ONCE


def check_ray_is_here() -> None:
    """Raise MissingExtra if Ray is not installed; nothing is loaded."""
    if find_spec("ray") is None:
        raise MissingExtra("the ray executor", "Ray", "ray")


class LateWorkers:
    """Workers that are opened when they are first asked for."""

    def __init__(self, stack: AsyncExitStack, executor: RayExecutor, layout: RunLayout, *, is_simulated: bool) -> None:
        """Take the stack that ends them.

        Args:
            stack: It is left before the folder is.
            executor: Which Ray.
            layout: The run folder.
            is_simulated: Whether images come from a simulator, which only this machine reaches.
        """
        self._stack = stack
        self._opening = _opened(executor, layout, is_simulated=is_simulated)
        self._pool: WorkerPool | None = None

    async def open(self) -> WorkerPool:
        """Return the workers; all that a run needs of them was tried out.

        Raises:
            MissingExtra, WorkersUnusable: they can't be used.
        """
        if self._pool is None:
            self._pool = await self._stack.enter_async_context(in_thread(self._opening))
        return self._pool


@contextmanager
def _opened(executor: RayExecutor, layout: RunLayout, *, is_simulated: bool) -> Iterator[WorkerPool]:
    with open_ray_pool(executor, at_once=AT_ONCE, uses_store=layout.store is not None) as pool:
        if is_simulated:
            check_all_are_here(pool.ready, platform.node())
        workers = RayWorkers(pool)
        if layout.store is None:
            check_shared_folder(workers, layout.root)
        else:
            check_shared_store(workers, layout.store.url)
        yield pool


def check_all_are_here(workers: Sequence[WorkerFacts], here: str) -> None:
    """Raise WorkersUnusable if one of them is not on the machine with this name."""
    elsewhere = sorted({facts.host for facts in workers} - {here})
    if elsewhere:
        raise WorkersUnusable(
            f"the simulator listens on this machine alone, and workers on {elsewhere[0]} can't reach it; run "
            "simulations with a Ray of this machine's own"
        )
