"""Opens the workers that a command was asked to use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from qwave_batch import executors
from qwave_batch.executors.shared_folder import check_reach
from qwave_batch.executors.workers import Workers
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.executor import RayExecutor

Executor: TypeAlias = RayExecutor | Workers
"""A Ray to open, or workers that are open and stay so."""


@contextmanager
def opened_workers(executor: Executor | None, layouts: Sequence[RunLayout]) -> Iterator[Workers | None]:
    """Yield the workers of an executor; None where the work is done here.

    Args:
        executor: Does the work; None for this process.
        layouts: The folders that it is about; workers get the credentials of a store only where one of them has one.

    Raises:
        MissingExtra: Ray is not installed.
        WorkersUnusable: it can't be reached or started, or its workers are not of this program.
        FolderError: workers do not reach a folder.
    """
    if executor is None or not isinstance(executor, RayExecutor):
        if executor is not None:
            check_reach(executor, layouts)
        yield executor
        return
    uses_store = any(layout.store is not None for layout in layouts)
    with executors.ray_workers.open_ray_workers(executor, uses_store=uses_store) as workers:
        check_reach(workers, layouts)
        yield workers
