"""Copies of a ledger: one of this moment beside a run at work, and a copy that becomes the ledger of another folder."""

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import FolderError
from qwave_batch.files.sqlite_files import INDEX, LOG
from qwave_batch.files.tree import PRIVATE_MODE, place_of
from qwave_batch.ledger.database import fold_log, open_to_read, open_to_write, storage_border
from qwave_batch.ledger.folder_identity import FolderIdentity, read_identity, set_own
from qwave_batch.ledger.lines_id import LINES_ID
from qwave_batch.ledger.lost_records import COUNT, doubt_jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTail:
    """The records that a copy may lack: all that its process wrote after it was taken."""

    since: float
    """Unix seconds; not later than the first sending that the copy lacks."""
    is_retry: bool
    """Whether that process was told to try failed jobs again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """A copy that may become the ledger of a folder."""

    identity: FolderIdentity
    doubted: int
    """How many jobs may have been submitted since it was taken."""


def copy_ledger(path: Path, into: Path) -> None:
    """Write what the ledger at ``path`` holds at this moment into a new file, while others read and write it.

    Raises:
        StorageError: the disk refuses; no file is left.
    """
    tree, name = place_of(into)
    with storage_border(path):
        tree.create(name, mode=PRIVATE_MODE).close()
        try:
            with closing(open_to_read(path)) as source, closing(sqlite3.connect(into)) as copy:
                source.backup(copy)  # in one step: its reader sees one state, and holds up no writer
        except BaseException:
            remove_copy(into)
            raise


def prepare_copy(path: Path, lost: LostTail | None) -> CopyFacts:
    """Check a copy, and let it hold each job in doubt that may have been submitted since it was taken.

    The doubt is about the plan that the copy holds, which is that of the process whose records are lost: it has not
    sent a job that only a later plan has.

    Raises:
        FolderError: it is not a ledger, of a newer format, or nobody has claimed it.
        StorageError: it is damaged, or the disk refuses.
    """
    with closing(open_to_write(path)) as connection, storage_border(path):
        identity = read_identity(connection)
        if identity is None:
            raise FolderError(f"{path} is the ledger of no folder")
        connection.execute("BEGIN IMMEDIATE")
        (lost_since,) = connection.execute("SELECT lost_since FROM identity").fetchone()
        times = [time for time in (lost_since, lost.since if lost else None) if time is not None]
        doubted = doubt_jobs(
            connection,
            identity.folder_id,
            since=min(times, default=None),
            sent={},
            is_retry_lost=lost is not None and lost.is_retry,
        )
        set_own(connection, lost_since=None, begun_at=None)
        connection.execute("COMMIT")
    fold_log(path)
    return CopyFacts(identity=identity, doubted=doubted)


def put_copy_in_place(copy: Path, path: Path) -> None:
    """Make a prepared copy the ledger of its folder, all of it or nothing; an earlier one was set aside.

    Raises:
        StorageError: the disk refuses.
    """
    (from_tree, source), (tree, target) = place_of(copy), place_of(path)
    with storage_border(path):
        for ending in (COUNT, LINES_ID, LOG, INDEX):  # of an earlier ledger
            with suppress(FileNotFoundError):
                tree.remove(target + ending)
        from_tree.sync(source)
        tree.move_from(from_tree, source, target)
    remove_copy(copy)


def set_ledger_aside(path: Path, into: Path) -> None:
    """Move the ledger at ``path`` away, its log folded in, to make room for a newer copy of it.

    Raises:
        StorageError: the disk refuses.
    """
    fold_log(path)
    (tree, source), (into_tree, target) = place_of(path), place_of(into)
    with storage_border(path):
        into_tree.move_from(tree, source, target)


def remove_copy(path: Path) -> None:
    """Remove a copy that is not needed, with what SQLite left beside it."""
    tree, name = place_of(path)
    for ending in ("", LOG, INDEX):
        with suppress(FileNotFoundError):
            tree.remove(name + ending)
