"""A worker that was started elsewhere, as a Protocol, and the place that starts it: Ray's, or one of tests."""

from concurrent.futures import Future
from typing import Protocol


class WorkerDied(Exception):
    """The worker of a call has ended, or can't be reached."""


class RemoteWorker(Protocol):
    """A worker that was started; see ``RayActor`` for its methods."""

    def call(self, method: str, *arguments: bytes) -> "Future[bytes]":
        """Have it call a method; the future raises WorkerDied or WorkersGone."""
        ...

    def kill(self) -> None:
        """End its process at once; calls that it is in raise WorkerDied."""
        ...


class WorkerSource(Protocol):
    """A place where workers are started; see ``RayCluster``."""

    def start_worker(self, *, at_once: int) -> RemoteWorker:
        """Start a worker that does so many calls at once."""
        ...
