"""Which ledger a run over an object store goes on from: the local one, the newest snapshot, or none. Pure.

A ledger is the newest there is exactly if nobody took the lock after the process that wrote it, or those who did never
submitted anything: before its first submit a run puts a snapshot of its own there. The reasons are in docs/stores.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from qwave_batch.folder.stores.ledger_snapshots import FoundSnapshot, snapshot_of
from qwave_batch.folder.stores.lock_record import StoreLockRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLedger:
    """Facts of a folder that need no look at its store."""

    folder_id: str | None
    """Of its ledger; None without a ledger, or where nobody has claimed it."""
    generation: int = 0
    """Of the newest lock that this workspace held in the store; 0 for none."""
    token: str = ""
    """By which it knows that lock, under which its ledger was brought up to date; empty for none."""

    @property
    def is_there(self) -> bool:
        """Whether it has a ledger that knows anything."""
        return self.folder_id is not None


@dataclass(frozen=True, slots=True)
class UseLocal:
    """Go on from the local ledger."""


@dataclass(frozen=True, slots=True)
class BeginNew:
    """Nothing was ever submitted: begin with an empty ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSnapshot:
    """Go on from a snapshot."""

    found: FoundSnapshot
    is_whole: bool
    """Whether nothing was submitted since."""
    is_retry: bool
    """Otherwise, whether failed jobs were tried again since."""


class LedgerRefusal(StrEnum):
    """Why a run can't go on here."""

    OTHER_FOLDER = "other_folder"
    """The store holds the run of another folder."""
    TAKEN_OVER = "taken_over"
    """The local ledger is older than the store's: another machine has gone on meanwhile."""
    SNAPSHOT_GONE = "snapshot_gone"
    """There is no local ledger, and the snapshot that the lock tells of is not there."""


LedgerChoice: TypeAlias = UseLocal | BeginNew | TakeSnapshot | LedgerRefusal


def choose_ledger(
    local: LocalLedger, lock: StoreLockRecord | None, newest: FoundSnapshot | None, *, may_replace: bool
) -> LedgerChoice:
    """Return which ledger to go on from; the lock is as it was found, before it is taken.

    Args:
        local: The folder.
        lock: The lock; None when there is none.
        newest: The newest snapshot; None when there is none.
        may_replace: Whether an older local ledger may be set aside for the snapshot, which a user has to say.
    """
    if not local.is_there:
        return _without_local(lock, newest)
    if lock is not None and lock.folder_id is None:
        return UseLocal()
    if lock is not None and lock.folder_id != local.folder_id:
        return LedgerRefusal.OTHER_FOLDER
    is_ours = lock is not None and lock.token == local.token
    if is_ours or local.generation >= _submitted_under(lock, newest):
        return UseLocal()
    if not may_replace:
        return LedgerRefusal.TAKEN_OVER
    return _without_local(lock, newest)


def _submitted_under(lock: StoreLockRecord | None, newest: FoundSnapshot | None) -> int:
    """Return the newest generation under which anything may have been submitted.

    The snapshots say it if somebody removed the lock; a run that died before its first submit may have left one.
    """
    if lock is None:
        return 0 if newest is None else newest.snapshot.generation
    snapshot = snapshot_of(lock.snapshot or "")
    return 0 if snapshot is None else snapshot.generation


def _without_local(lock: StoreLockRecord | None, newest: FoundSnapshot | None) -> LedgerChoice:
    told = snapshot_of(lock.snapshot or "") if lock is not None else None
    if newest is None or (told is not None and newest.snapshot < told):
        return BeginNew() if told is None and newest is None else LedgerRefusal.SNAPSHOT_GONE
    if lock is None:  # somebody removed it: what it would say of submits since is not known
        return TakeSnapshot(found=newest, is_whole=False, is_retry=True)
    return TakeSnapshot(found=newest, is_whole=lock.is_whole, is_retry=lock.is_retry)
