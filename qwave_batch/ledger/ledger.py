"""The ledger of a run folder: opening it, whose it is, its plan, and what became of each job."""

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.ledger.books import Books, read_books
from qwave_batch.ledger.changes import OnChange
from qwave_batch.ledger.database import open_checked, open_to_read, open_to_write, storage_border
from qwave_batch.ledger.holding import Holding, read_holding
from qwave_batch.ledger.identity import FolderClaim, FolderIdentity, check_identity, fingerprint
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.lines import PlanLine
from qwave_batch.ledger.money import keep_money_of, read_held_nusd, read_spent_nusd
from qwave_batch.ledger.planning import replace_plan
from qwave_batch.ledger.reading import (
    Standing,
    read_lines,
    read_record,
    read_standings,
    read_standings_of,
    read_unplanned,
)
from qwave_batch.ledger.states import OPEN
from qwave_batch.ledger.writer import GroupWriter
from qwave_batch.model.job import PlanItem
from qwave_batch.model.record import JobRecord

T = TypeVar("T")

_IDENTITY = "SELECT folder_id, spec_name, backend, path, host, key_fingerprint, created_at FROM identity"
_OPEN_STATES = ", ".join(f"'{state}'" for state in sorted(OPEN))


class Ledger:
    """An open ledger. Reading is possible while a run is live, and on the folder of a crashed one."""

    def __init__(self, path: Path, reader: sqlite3.Connection, writer: GroupWriter | None) -> None:
        self._path = path
        self._reader = reader
        self._reading = threading.Lock()
        self._writer = writer

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "Ledger":
        """Open the ledger at ``path``; without ``read_only`` it is made when it is not there.

        Raises:
            FolderError: it is of a newer format, or no ledger at all, or (read only) not there.
            StorageError: the disk refuses, or it holds what this program does not write; then nothing was changed.
        """
        if read_only:
            return cls(path, open_checked(path), None)
        writer = GroupWriter(open_to_write(path), path)
        try:
            return cls(path, open_to_read(path), writer)
        except BaseException:
            writer.close()
            raise

    def close(self) -> None:
        """Finish what waits to be written and let go of the file; closing twice is fine."""
        self._reader.close()
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def identity(self) -> FolderIdentity | None:
        """Return whose folder it is; None when nobody has claimed it yet."""
        return self._ask(_read_identity)

    def claim(self, claim: FolderClaim, *, adopt: bool = False) -> FolderIdentity:
        """Take the folder into use, after ``check_identity``; call it before ``replace_plan``.

        Raises:
            FolderError: it belongs to something else.
        """

        def change(connection: sqlite3.Connection) -> FolderIdentity:
            found = _read_identity(connection)
            if found is None:
                identity = _new_identity(claim)
            else:
                identity = check_identity(found, claim, open_attempts=_count_open(connection), adopt=adopt)
            _write_identity(connection, identity)
            return identity

        return self._writing().write_now(change)

    def replace_plan(self, items: Iterable[PlanItem]) -> None:
        """Make ``items`` the plan, in one transaction; what leaves the plan keeps its attempts and images."""
        self._writing().write_now(lambda connection: replace_plan(connection, items))

    def journal(self, on_change: OnChange | None = None) -> Journal:
        """Return the way to change attempts; the folder must have been claimed.

        Args:
            on_change: Told of each change once it is durable, in the thread that asked for it; it must not raise.
        """
        identity = self.identity()
        if identity is None:
            raise FolderError(f"nobody has claimed the folder of {self._path} yet")
        return Journal(self._writing(), identity.folder_id, on_change)

    def lines(self) -> Iterator[PlanLine]:
        """Stream the plan in its order, each line with its record, all as of one moment."""
        return self._stream(read_lines)

    def standings(self) -> Iterator[Standing]:
        """Stream what a run needs to know: the plan, then what left it with a task that can be collected."""
        return self._stream(read_standings)

    def standings_of(self, rows: Sequence[int]) -> list[Standing]:
        """Return the standings of a few jobs by their rows, in that order, as they are now."""
        return self._ask(lambda connection: list(read_standings_of(connection, rows)))

    def record(self, job_id: str) -> JobRecord:
        """Return what is known of a job; one that was never begun is pending."""
        return self._ask(lambda connection: read_record(connection, job_id))

    def holding(self, job_id: str) -> Holding | None:
        """Return what another folder may take of a job, planned or not; None when it is not completed."""
        return self._ask(lambda connection: read_holding(connection, job_id))

    def unplanned(self) -> Iterator[JobRecord]:
        """Stream the records of jobs that the plan no longer holds, by job id."""
        return self._stream(read_unplanned)

    def owner_of(self, path: str) -> str | None:
        """Return the id of the job that has an image at ``path`` (``images/...``) on record, or None."""

        def ask(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT job_id FROM images WHERE path = ?", (path,)).fetchone()
            return row[0] if row else None

        return self._ask(ask)

    def forget(self, job_id: str) -> None:
        """Remove an unplanned job with its attempts and images from the record (``prune``, after its files).

        Its money stays in ``spent_nusd``. A job that is in the plan, or has an open task, is refused.

        Raises:
            FolderError: it is refused.
        """
        self._writing().write_now(lambda connection: _forget(connection, job_id))

    def doubt_files(self, paths: Iterable[str]) -> None:
        """Let the next run look into the files of these images, whatever their size and time say."""

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany("UPDATE images SET modified_ns = -1 WHERE path = ?", [(path,) for path in paths])

        self._writing().write_now(change)

    def spent_nusd(self) -> int:
        """Return what this folder has cost so far, in nano-dollars, pruned jobs included."""
        return self._ask(read_spent_nusd)

    def held_nusd(self) -> int:
        """Return the most that may still come: tasks in flight, unknown or given up, in nano-dollars."""
        return self._ask(read_held_nusd)

    def books(self) -> Books:
        """Return what was set aside, charged and given back, beside what the catalog says."""
        return self._ask(read_books)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with self._reading, storage_border(self._path):
            return question(self._reader)

    def _stream(self, read: Callable[[sqlite3.Connection], Iterator[T]]) -> Iterator[T]:
        with self._snapshot() as connection:
            rows = read(connection)
            while True:
                # Only the reading is inside the border: an error of the caller's is the caller's.
                with storage_border(self._path):
                    item = next(rows, None)
                if item is None:
                    return
                yield item

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        with closing(open_to_read(self._path)) as connection:
            connection.execute("BEGIN")
            yield connection

    def _writing(self) -> GroupWriter:
        if self._writer is None:
            raise StorageError(f"the ledger {self._path} is open to read only")
        return self._writer


def _new_identity(claim: FolderClaim) -> FolderIdentity:
    folder_id = uuid.uuid4().hex
    return FolderIdentity(
        folder_id=folder_id,
        spec_name=claim.spec_name,
        backend=claim.backend,
        path=claim.path,
        host=claim.host,
        key_fingerprint=fingerprint(folder_id, claim.key),
        created_at=time.time(),
    )


def _read_identity(connection: sqlite3.Connection) -> FolderIdentity | None:
    row = connection.execute(_IDENTITY).fetchone()
    if row is None:
        return None
    folder_id, spec_name, backend, path, host, key_fingerprint, created_at = row
    return FolderIdentity(
        folder_id=folder_id,
        spec_name=spec_name,
        backend=backend,
        path=path,
        host=host,
        key_fingerprint=key_fingerprint,
        created_at=created_at,
    )


def _write_identity(connection: sqlite3.Connection, identity: FolderIdentity) -> None:
    connection.execute(
        "INSERT INTO identity (one, folder_id, spec_name, backend, path, host, key_fingerprint, created_at) "
        "VALUES (1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET "
        "path = excluded.path, host = excluded.host, key_fingerprint = excluded.key_fingerprint",
        (
            identity.folder_id,
            identity.spec_name,
            identity.backend,
            identity.path,
            identity.host,
            identity.key_fingerprint,
            identity.created_at,
        ),
    )


def _count_open(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute(
        f"SELECT count(*) FROM attempts WHERE state IN ({_OPEN_STATES})"  # noqa: S608 - constant states
    ).fetchone()
    return int(count)


def _forget(connection: sqlite3.Connection, job_id: str) -> None:
    row = connection.execute("SELECT position FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
    if row is not None and row[0] is not None:
        raise FolderError(f"job {job_id} is part of the plan")
    (open_here,) = connection.execute(
        f"SELECT count(*) FROM attempts WHERE job_id = ? AND state IN ({_OPEN_STATES})",  # noqa: S608
        (job_id,),
    ).fetchone()
    if open_here:
        raise FolderError(f"job {job_id} has an open task; run once more, so that it is collected")
    keep_money_of(connection, job_id)
    for table in ("images", "attempts", "jobs"):
        connection.execute(f"DELETE FROM {table} WHERE job_id = ?", (job_id,))  # noqa: S608 - the names above
