"""A run's hold on a folder in an object store: the right to submit, and the snapshots of the ledger that it leaves."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stores.ledger_snapshots import SnapshotWriter
from qwave_batch.folder.stores.store_lock import StoreLock
from qwave_batch.folder.workspace import PARTIAL
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.ledger_copies import copy_ledger, remove_copy
from qwave_batch.model.clock import Clock
from qwave_batch.model.next_step import RunWarning

LEDGER_COPY = f"{PARTIAL}/ledger-copy.sqlite"
_PACKED = f"{LEDGER_COPY}.gz"
_LOOK_S = 0.2
_WATCH_S = 1.0


@dataclass(slots=True)
class _Snapshots:
    """The snapshots that a run puts into the store."""

    writer: SnapshotWriter
    version: int | None = None
    """The state of the ledger that the newest snapshot of this run holds."""


class StoreHold:
    """A folder in a store, locked for this process. Its blocking calls may come from several threads."""

    def __init__(
        self, layout: RunLayout, lock: StoreLock, writer: SnapshotWriter, clock: Clock, *, is_retry: bool
    ) -> None:
        self._layout = layout
        self._lock = lock
        self._clock = clock
        self._snapshots = _Snapshots(writer)
        self._is_retry = is_retry
        self._is_begun = False
        self._is_open = False
        self.is_owner_dead = False
        """Whether the folder was taken from a process that is known to be dead, so that no twin of it is at work."""
        self.warnings: tuple[RunWarning, ...] = ()
        """Facts about the ledger that was taken over."""

    def require(self) -> None:
        """Return while the folder is surely ours to write. It blocks.

        Raises:
            StorageError: it is not.
        """
        self._lock.require()

    def is_given(self) -> bool:
        """Whether one may submit at this moment."""
        return self._is_open and self._lock.is_given()

    async def wait_given(self) -> None:
        """Return when one may submit.

        Raises:
            StorageError: never again in this run.
        """
        while not self.is_given():
            self._raise_if_lost()
            await self._clock.sleep(_LOOK_S)

    async def wait_lost(self) -> StorageError:
        """Return why the folder is ours no longer, once that is so."""
        while True:
            error = self._lock.lost()
            if error is not None:
                return error
            await self._clock.sleep(_WATCH_S)

    def begin(self, ledger: Ledger) -> None:
        """Let the store know of the run's ledger before it changes; nothing can be submitted yet. It blocks.

        Raises:
            StorageError: the store or the disk refuses, or the folder is ours no longer.
        """
        identity = ledger.identity()
        if identity is None:
            raise FolderError(f"nobody has claimed {self._layout.root} yet")
        self._lock.change(folder_id=identity.folder_id)
        snapshot = self._keep(ledger)
        self._lock.change(snapshot=snapshot or self._lock.record.snapshot)
        self._is_begun = True

    def open_submits(self, ledger: Ledger) -> None:
        """Say in the store that something may be submitted from now on that no snapshot there holds. It blocks.

        The snapshot before holds every attempt that ended in an earlier run, and the images that this one took from
        other folders. So a machine that goes on from it does not repeat an attempt under a key that the API has
        refused, while this run has sent the next one, and makes nothing that was taken.

        Raises:
            StorageError: the store or the disk refuses, or the folder is ours no longer.
        """
        snapshot, held = self._keep(ledger), self._lock.record
        is_retry = self._is_retry or (held.is_retry and not held.is_whole)
        self._lock.change(snapshot=snapshot or held.snapshot, is_whole=False, is_retry=is_retry)
        self._is_open = True

    def keep(self, ledger: Ledger) -> None:
        """Put a snapshot of the ledger into the store, if it has changed since the last one. It blocks.

        Raises:
            StorageError: the store or the disk refuses, or the folder is ours no longer.
        """
        snapshot = self._keep(ledger)
        if snapshot is not None:
            self._lock.change(snapshot=snapshot)

    def end(self, ledger: Ledger) -> None:
        """Put the last snapshot into the store, and release the lock with the word that nothing is missing. It blocks.

        Raises:
            StorageError: the store or the disk refuses, or the folder is ours no longer.
        """
        if not self._is_begun:
            return
        snapshot = self._keep(ledger) or self._lock.record.snapshot
        self._lock.release(snapshot=snapshot, is_whole=True, is_retry=False)

    @contextmanager
    def ended_well(self, ledger: Ledger) -> Iterator[None]:
        """Put the last snapshot of a ledger into the store behind the block, also when that raises. It blocks.

        Raises:
            StorageError: the store refuses, and the block has not raised.
        """
        try:
            yield
        except BaseException:
            with suppress(StorageError):  # the first error says more than a second one
                self.end(ledger)
            raise
        else:
            self.end(ledger)

    def close(self) -> None:
        """Release the lock, if ``end`` has not; a store that does not answer lets it run out. It blocks."""
        if not self._lock.record.is_released:
            with suppress(StorageError):
                self._lock.release()

    def _keep(self, ledger: Ledger) -> str | None:
        version = ledger.version()
        if version == self._snapshots.version:
            return None
        self.require()
        tree, copy = self._layout.tree, self._layout.root / LEDGER_COPY
        remove_copy(copy)
        copy_ledger(self._layout.workspace.ledger, copy)
        try:
            snapshot = self._snapshots.writer.write(tree, LEDGER_COPY, _PACKED)
        finally:
            remove_copy(copy)
        self._snapshots.version = version
        return snapshot.key

    def _raise_if_lost(self) -> None:
        error = self._lock.lost()
        if error is not None:
            raise error
