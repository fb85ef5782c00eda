"""Copies of the ledger in an object store, from which another machine goes on: the newest one, and the one before.

A snapshot's key is made of the generation of the lock under which it was written and its number in that run. It is made
with If-None-Match and never replaced, and the newest by these two numbers is the one that counts. So a process that has
lost its lock and does not know it yet can't hide a newer owner's snapshot: its own has a lower generation.
"""

import gzip
import mmap
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from qwave_batch.errors import StorageError
from qwave_batch.files.tree import PRIVATE_MODE, Tree
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.stores.object_store import ObjectFacts, ObjectStore

SNAPSHOTS = ".qwave/ledger"
KEPT = 2
_KEY = re.compile(rf"{re.escape(SNAPSHOTS)}/(\d{{8}})-(\d{{8}})\.sqlite\.gz")
_LEVEL = 1
"""Of gzip: level 6 takes three times as long and saves a fifth of the size (benchmarks/store_snapshots.py)."""
_PIECE_BYTES = 1 << 20
_MOST_BYTES = 64 << 30


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LedgerSnapshot:
    """A copy of the ledger in a store; the newest is the greatest."""

    generation: int
    number: int
    """Which one of its run it is, from 1."""

    @property
    def key(self) -> str:
        """The object's."""
        return f"{SNAPSHOTS}/{self.generation:08}-{self.number:08}.sqlite.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSnapshot:
    """A snapshot as it lies in a store."""

    snapshot: LedgerSnapshot
    size_bytes: int
    written_at: float
    """By the store's clock: what is not in it was submitted later, but for the time that its upload took."""


def snapshot_of(key: str) -> LedgerSnapshot | None:
    """Return the snapshot that a key names; None for any other key."""
    found = _KEY.fullmatch(key)
    return None if found is None else LedgerSnapshot(generation=int(found[1]), number=int(found[2]))


def find_snapshots(store: ObjectStore) -> list[FoundSnapshot]:
    """Return the snapshots of a store, the newest first. It blocks.

    Raises:
        StorageError: the store refuses.
    """
    found = (_found(facts) for facts in store.list(SNAPSHOTS))
    return sorted((each for each in found if each is not None), key=lambda each: each.snapshot, reverse=True)


def _found(facts: ObjectFacts) -> FoundSnapshot | None:
    snapshot = snapshot_of(facts.key)
    if snapshot is None:
        return None
    return FoundSnapshot(snapshot=snapshot, size_bytes=facts.size_bytes, written_at=facts.written_at)


class SnapshotWriter:
    """Writes the snapshots of one run."""

    def __init__(self, store: ObjectStore, generation: int) -> None:
        self._store = store
        self._generation = generation
        self._number = 0

    def write(self, tree: Tree, copy: str, packed: str) -> LedgerSnapshot:
        """Put a copy of the ledger into the store, and remove what is older than the one before. It blocks.

        Args:
            tree: The run folder.
            copy: The copy, in it.
            packed: Its compressed form, in the run folder while it is sent.

        Raises:
            StorageError: the disk or the store refuses.
        """
        snapshot = LedgerSnapshot(generation=self._generation, number=self._number + 1)
        with storage_errors(tree.root / packed, "compressed ledger"):
            try:
                _pack(tree, copy, packed)
                with _mapped(tree, packed) as data:
                    self._store.put(snapshot.key, data, content_type="application/gzip", if_absent=True)
            finally:
                tree.remove(packed)
        self._number += 1
        self._remove_older(snapshot)
        return snapshot

    def _remove_older(self, newest: LedgerSnapshot) -> None:
        """Remove all but the newest and the one before, and nothing that is newer: that would be another owner's."""
        if newest.number == 1:
            mine = [each.snapshot for each in find_snapshots(self._store) if each.snapshot <= newest]
            for old in mine[KEPT:]:
                self._store.delete(old.key)
        elif newest.number > KEPT:
            self._store.delete(LedgerSnapshot(generation=newest.generation, number=newest.number - KEPT).key)
        elif newest.number == KEPT:
            for each in find_snapshots(self._store):
                if each.snapshot.generation < newest.generation:
                    self._store.delete(each.snapshot.key)


def fetch_snapshot(store: ObjectStore, snapshot: LedgerSnapshot, tree: Tree, into: str) -> None:
    """Write a snapshot, unpacked, into a new file of the run folder. It blocks.

    Raises:
        StorageError: the disk or the store refuses, or the snapshot is gone or damaged; no file is left.
    """
    source = store.open(snapshot.key)
    if source is None:
        raise StorageError(f"{store.address}/{snapshot.key} is gone")
    damaged = StorageError(f"{store.address}/{snapshot.key} is damaged")
    with closing(source), storage_errors(tree.root / into, "ledger"):
        try:
            with tree.create(into, mode=PRIVATE_MODE) as target, gzip.open(source) as unpacked:
                while target.tell() < _MOST_BYTES and (piece := unpacked.read(_PIECE_BYTES)):
                    target.write(piece)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            tree.remove(into)
            raise damaged from error
        except BaseException:
            tree.remove(into)
            raise


def _pack(tree: Tree, copy: str, packed: str) -> None:
    with (
        tree.open(copy) as source,
        tree.create(packed, mode=PRIVATE_MODE) as target,
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=_LEVEL, mtime=0, filename="") as packing,
    ):
        shutil.copyfileobj(source, packing, _PIECE_BYTES)


@contextmanager
def _mapped(tree: Tree, path: str) -> Iterator[memoryview]:
    """Yield a file's content without reading it into memory."""
    with tree.open(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)
        try:
            yield view
        finally:
            view.release()
