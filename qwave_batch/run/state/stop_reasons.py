"""Why and how a run stops submitting; several reasons may apply, and the gravest counts."""

import asyncio

from qwave_batch.errors import StorageError, WorkersGone
from qwave_batch.model.run_ends import EndKind, gravest
from qwave_batch.model.stop_reason import StopReason, StorageFailed, WorkersLost

_DRAINS = frozenset(
    {EndKind.MOVED, EndKind.ACCOUNT, EndKind.BUDGET, EndKind.NO_IMAGES, EndKind.FAIL_FAST, EndKind.DENIED}
)
"""Ends before which recorded tasks are still polled, and their images fetched."""


class StopReasons:
    """Whether anything new may be submitted, and whether calls in flight are waited for."""

    def __init__(self) -> None:
        self._reasons: dict[EndKind, StopReason] = {}
        """The first reason of each kind."""
        self.is_leaving = False
        """Whether calls in flight are left to the next run, too."""
        self.storage_error: StorageError | None = None

    @property
    def is_on(self) -> bool:
        """Whether nothing new may be submitted."""
        return bool(self._reasons)

    @property
    def drains(self) -> bool:
        """Whether recorded tasks are still polled, and their images fetched."""
        return not self.is_leaving and _DRAINS.issuperset(self._reasons)

    @property
    def awaits_images(self) -> bool:
        """Whether paid images that do not arrive are still waited for."""
        return not self.is_on or (self.drains and not self.is_for(EndKind.NO_IMAGES))

    def is_for(self, kind: EndKind) -> bool:
        """Whether this kind is among the reasons."""
        return kind in self._reasons

    def stop(self, reason: StopReason, *, leave: bool = False) -> None:
        """Stop submitting; with ``leave`` do not wait for calls in flight either."""
        self._reasons.setdefault(reason.kind, reason)
        self.is_leaving = self.is_leaving or leave

    def fail(self, error: StorageError) -> None:
        """End the run because the disk failed."""
        self.storage_error = self.storage_error or error
        self.stop(StorageFailed(str(error)), leave=True)

    def lose_workers(self, error: WorkersGone) -> None:
        """End the run because nobody fetches images any more."""
        self.stop(WorkersLost(str(error)), leave=True)

    @property
    def gravest(self) -> StopReason | None:
        """The gravest reason; None without one."""
        return self._reasons[gravest(self._reasons)] if self._reasons else None


class StopSignal:
    """Triggered by Ctrl-C, a signal or a caller, from the thread of the run's event loop."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._leaving = asyncio.Event()

    def request(self) -> None:
        """Ask the run to end; asked again, it ends at once."""
        if self._stopping.is_set():
            self._leaving.set()
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Whether nothing new is to be submitted."""
        return self._stopping.is_set()

    @property
    def is_leaving(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self._leaving.is_set()

    async def wait_stopping(self) -> None:
        """Return when the run was first asked to end."""
        await self._stopping.wait()

    async def wait_leaving(self) -> None:
        """Return when the run was asked to end a second time."""
        await self._leaving.wait()
