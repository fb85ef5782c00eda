"""Holds the lock of a run folder in an object store: takes, renews, and releases it.

The meaning of the lock is in ``lock_record``, with the rules by which it is taken; ``submit_lease`` says until when its
owner may submit, and why. A thread renews it, so that it is kept while the run waits for a person or is busy.
"""

import json
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from qwave_batch.errors import FolderError, StorageError, UsageError
from qwave_batch.folder.stores.lock_record import (
    MOST_TTL_S,
    TTL_S,
    FoundLock,
    LockOwner,
    Sighting,
    StoreLockRecord,
    taken,
)
from qwave_batch.folder.stores.object_store import ObjectStore, WriteLost
from qwave_batch.folder.stores.submit_lease import SubmitLease
from qwave_batch.model.clock import Clock
from qwave_batch.model.codec import EXACT

STORE_PRIVATE = ".qwave"
LOCK_KEY = f"{STORE_PRIVATE}/lock.json"
PROBE_PREFIX = f"{STORE_PRIVATE}/clock-"
"""Objects that are written to learn the store's time; one that was left behind may be removed."""
_JSON = "application/json"
_MOST_BYTES = 16 * 1024
_LOOK_S = 0.05
_TRIES = 3
"""An earlier write of ours may come late once; more often it is not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockPace:
    """How fast a lock lives. Tests are in a hurry."""

    ttl_s: float = TTL_S
    renews_every_s: float = 5.0
    """Also how long one who finds a lock waits until it is known that the owner lives."""
    looks_every_s: float = 1.0
    tries_again_s: float = 1.0
    """After a renewal that failed."""


class LockTaken(StorageError):
    """Another run has taken the lock of the folder, so this one writes and submits nothing more."""


def read_lock(store: ObjectStore) -> FoundLock | None:
    """Return the lock of a folder as it is in the store; None when no run ever locked it. It blocks.

    Raises:
        FolderError: something else lies in its place.
        StorageError: the store refuses.
    """
    found = store.get(LOCK_KEY)
    if found is None:
        return None
    try:
        if len(found.data) > _MOST_BYTES:
            raise ValueError("too large")  # noqa: TRY301 - one sentence for all that it can't be
        record = EXACT.decode(json.loads(found.data), StoreLockRecord)
    except (UsageError, ValueError, TypeError, RecursionError):
        record = None
    if record is None or record.format != 1 or not 0 < record.ttl_s <= MOST_TTL_S or record.generation < 1:
        raise FolderError(
            f"{store.address}/{LOCK_KEY} is not a lock that this version writes; nothing was sent. If no run is at "
            "work there, look where it came from, then remove it"
        )
    return FoundLock(record=record, tag=found.facts.tag, written_at=found.facts.written_at)


def first_sighting(store: ObjectStore, found: FoundLock, clock: Clock) -> Sighting:
    """Return a first look at the lock of somebody else, with its age by the store's clock. It blocks.

    Raises:
        StorageError: the store refuses.
    """
    key = f"{PROBE_PREFIX}{secrets.token_hex(8)}"
    store.put(key, b"what time is it?\n", content_type="text/plain")
    seen_at = clock.monotonic()  # not before: what the probe's way took is in its stamp
    try:
        probe = store.head(key)
    finally:
        with suppress(StorageError):
            store.delete(key)
    age_s = 0.0 if probe is None else max(0.0, probe.written_at - found.written_at)
    return Sighting(tag=found.tag, age_s=age_s, seen_at=seen_at)


class StoreLock:
    """A lock that is held until it is released, taken by another run, or the store can't be reached for too long."""

    def __init__(self, store: ObjectStore, clock: Clock, record: StoreLockRecord, tag: str, lease: SubmitLease) -> None:
        self._store = store
        self._clock = clock
        self._record = record
        self._tag = tag
        self._lease = lease
        self._writing = threading.RLock()
        self._taken_by: LockTaken | None = None
        self._trouble: StorageError | None = None
        self._nudge, self._closing = threading.Event(), threading.Event()
        self._keeper: threading.Thread | None = None
        self._pace = LockPace()

    @classmethod
    def take(  # noqa: PLR0913 - who takes which lock, and how
        cls,
        store: ObjectStore,
        clock: Clock,
        found: FoundLock | None,
        *,
        owner: LockOwner,
        token: str,
        least_generation: int,
        pace: LockPace | None = None,
    ) -> "StoreLock | None":
        """Take the lock as it was found; None when another process was faster. It blocks.

        Args:
            store: The store.
            clock: The machine's clock.
            found: The lock; None when there is none.
            owner: The process that takes it.
            token: Random, and durably known to the workspace, so that a process that dies here knows its own lock.
            least_generation: More than any generation that the workspace knows of.
            pace: How fast it lives.

        Raises:
            StorageError: the store refuses.
        """
        pace = pace or LockPace()
        record = taken(
            None if found is None else found.record,
            owner=owner,
            token=token,
            least_generation=least_generation,
            ttl_s=pace.ttl_s,
        )
        lease = SubmitLease.note(clock, record.ttl_s)
        try:
            tag = store.put(
                LOCK_KEY,
                _text(record),
                content_type=_JSON,
                if_absent=found is None,
                if_match=None if found is None else found.tag,
            )
        except WriteLost:
            return None
        lock = cls(store, clock, record, tag, lease)
        lock._pace = pace
        lock._keeper = threading.Thread(target=lock._keep, name="store-lock", daemon=True)
        lock._keeper.start()
        return lock

    @property
    def record(self) -> StoreLockRecord:
        """Its content in the store, as far as is known."""
        return self._record

    def is_given(self) -> bool:
        """Whether one may submit at this moment."""
        if self._taken_by is not None:
            return False
        if self._lease.left_s(self._clock) > 0:
            return True
        self._nudge.set()
        return False

    def lost(self) -> StorageError | None:
        """Return why it is held no longer; None while it is, or may be had back by a renewal."""
        if self._taken_by is not None:
            return self._taken_by
        if not self._lease.is_run_out(self._clock):
            return None
        why = f": {self._trouble}" if self._trouble else ""
        return StorageError(
            f"the lock of {self._store.address} could not be renewed for {self._record.ttl_s:g} s, so another run may "
            f"have it; nothing more is submitted{why}"
        )

    def require(self) -> None:
        """Return while the lock is surely held; wait for a renewal if need be. It blocks.

        Raises:
            StorageError: it is held no longer.
        """
        while not self.is_given():
            error = self.lost()
            if error is not None:
                raise error
            if self._closing.is_set():
                raise StorageError(f"the lock of {self._store.address} was released")
            self._closing.wait(_LOOK_S)

    def change(self, **changes: Any) -> None:
        """Renew it with other facts of the folder in it. It blocks.

        Raises:
            StorageError: it is held no longer, or the store refuses.
        """
        if all(getattr(self._record, name) == value for name, value in changes.items()):
            return
        self.require()
        self._renew(lambda record: replace(record, **changes))

    def release(self, **changes: Any) -> None:
        """Give it back, with last facts of the folder in it; afterwards it is renewed no more. It blocks.

        Raises:
            StorageError: it is held no longer, or the store refuses: then it runs out by itself.
        """
        self.stop()
        if self._taken_by is None:
            self._renew(lambda record: replace(record, is_released=True, **changes))

    def stop(self) -> None:
        """End its renewals, and leave it to run out."""
        self._closing.set()
        self._nudge.set()
        if self._keeper is not None:
            self._keeper.join()

    def _renew(self, change: Callable[[StoreLockRecord], StoreLockRecord] = lambda record: record) -> None:
        with self._writing:
            if self._taken_by is not None:
                raise self._taken_by
            for tries_left in reversed(range(_TRIES)):
                record = change(self._record.renewed())
                lease = SubmitLease.note(self._clock, record.ttl_s)
                try:
                    tag = self._store.put(LOCK_KEY, _text(record), content_type=_JSON, if_match=self._tag)
                except WriteLost:
                    self._look_who()
                    if not tries_left:
                        raise
                else:
                    self._record, self._tag, self._lease, self._trouble = record, tag, lease, None
                    return

    def _look_who(self) -> None:
        """Say that another run has the lock, unless what is there is an earlier write of ours that came late.

        Raises:
            LockTaken: it is.
            StorageError: the store refuses.
        """
        found = read_lock(self._store)
        if found is not None and found.record.token == self._record.token and not found.record.is_released:
            self._record, self._tag = found.record, found.tag  # until it is renewed the old lease counts
            return
        holder = "it is gone" if found is None else f"by {found.record.owner}"
        self._taken_by = LockTaken(
            f"the lock of {self._store.address} was taken by another run: {holder}; this one writes and submits "
            "nothing more there"
        )
        raise self._taken_by

    def _keep(self) -> None:
        """Renew it from time to time, in a thread of its own."""
        while True:
            self._nudge.wait(self._pace.renews_every_s)
            self._nudge.clear()
            if self._closing.is_set():
                return
            try:
                self._renew()
            except LockTaken:
                return
            except StorageError as error:
                self._trouble = error
                self._closing.wait(self._pace.tries_again_s)
                self._nudge.set()


def _text(record: StoreLockRecord) -> bytes:
    return json.dumps(EXACT.encode(record), indent=1).encode() + b"\n"
