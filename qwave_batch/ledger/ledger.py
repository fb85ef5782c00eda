"""The ledger of a run folder: opening it, its identity, its plan, and the record of each job."""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.ledger.attempt import OnChange
from qwave_batch.ledger.attempt_states import OPEN
from qwave_batch.ledger.cost_report import CostReport, keep_money_of, read_cost_report, read_held_nusd, read_spent_nusd
from qwave_batch.ledger.database import fold_log, open_checked, open_to_read, open_to_write, storage_border
from qwave_batch.ledger.folder_identity import (
    FolderClaim,
    FolderIdentity,
    check_identity,
    new_identity,
    read_identity,
    set_own,
    write_identity,
)
from qwave_batch.ledger.group_writer import GroupWriter
from qwave_batch.ledger.image_makers import JobOfImage, read_makers
from qwave_batch.ledger.job_reading import (
    read_line_of,
    read_made,
    read_plan_lines,
    read_record,
    read_snapshots,
    read_snapshots_of,
    read_stored_jobs,
    read_unplanned,
    read_unplanned_parents,
)
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.lines_id import LinesId, read_lines_id
from qwave_batch.ledger.lost_records import CountBeside, ToldCount, doubt_jobs, find_loss, read_count
from qwave_batch.ledger.parent_states import read_left_out
from qwave_batch.ledger.plan_counts import LineCounts, read_line_counts
from qwave_batch.ledger.plan_replacement import replace_decisions, replace_plan
from qwave_batch.ledger.reused_jobs import ReusableJob, read_reusable
from qwave_batch.ledger.snapshots import JobDecision, JobSnapshot, MadeJob, PlanLine, StoredJob
from qwave_batch.model.job import PlanItem
from qwave_batch.model.record import JobRecord

T = TypeVar("T")

_COUNT_UNPLANNED = "SELECT COUNT(*) FROM jobs WHERE position IS NULL"
_OPEN_STATES = ", ".join(f"'{state}'" for state in sorted(OPEN))


class Ledger:
    """An open ledger. It can be read while a run is live, and after a crash."""

    def __init__(
        self,
        path: Path,
        reader: sqlite3.Connection,
        writer: GroupWriter | None,
        lost_since: float | None = None,
        *,
        lines_id: LinesId | None = None,
        is_vouched: bool = False,
    ) -> None:
        self._path = path
        self._reader = reader
        self._reading = threading.Lock()
        self._writer = writer
        self._lost_since = lost_since
        self._lines_id = lines_id
        self._is_begun = False
        self.is_vouched = is_vouched
        """Whether the file beside the ledger confirms that it lacked nothing when it was opened."""

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open the ledger at ``path``; without ``read_only`` it is created if missing.

        Raises:
            FolderError: it is of a newer format, not a ledger at all, or (read-only) missing.
            StorageError: the disk refuses, or it holds values that this program does not write; then nothing was
            changed.
        """
        told = read_count(path)
        if read_only:
            return cls(path, *_looked_at(path, open_checked(path), told), is_vouched=told is not None)
        count, lines_id = CountBeside(path), LinesId(path)

        def after_commit(connection: sqlite3.Connection) -> None:
            count.keep(connection)
            lines_id.after_commit(connection)

        connection = open_to_write(path)
        writer = GroupWriter(connection, path, after_commit)
        try:
            with storage_border(path):
                lines_id.follow(connection)
            looked_at = _looked_at(path, open_to_read(path), told, writer)
            opened = cls(path, *looked_at, lines_id=lines_id, is_vouched=told is not None)
            lost_since = opened._lost_since
            if lost_since is not None:  # before anything else is written: the count follows what is
                opened._write_aside(lambda connection: set_own(connection, lost_since=lost_since))
        except BaseException:
            writer.close()
            raise
        return opened

    def close(self) -> None:
        """Finish waiting writes and close the file; closing twice is fine."""
        if self._writer is not None and self._is_begun:
            self._is_begun = False
            with suppress(StorageError):  # the mark stays, and with it the log
                self._write_aside(lambda connection: set_own(connection, begun_at=None))
        self._reader.close()
        if self._writer is not None:
            self._writer.close()
        if self._lines_id is not None:
            self._lines_id.leave()
            self._lines_id = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._lines_id = None  # what came before the error may be anything
        self.close()

    def identity(self) -> FolderIdentity | None:
        """Return the folder's identity; None when nobody has claimed it yet."""
        found = self._ask(read_identity)
        return None if found is None else replace(found, lost_since=self._lost_since)

    def claim(self, claim: FolderClaim, *, adopt: bool = False) -> FolderIdentity:
        """Take the folder into use, after ``check_identity``; call it before ``replace_plan``.

        Raises:
            FolderError: it belongs to another spec, backend or key.
        """

        def change(connection: sqlite3.Connection) -> FolderIdentity:
            found = read_identity(connection)
            if found is None:
                identity = new_identity(claim)
            else:
                identity = check_identity(found, claim, open_attempts=_count_open(connection), adopt=adopt)
            write_identity(connection, identity)
            return identity

        return self._write_aside(change)

    def replace_plan(self, items: Iterable[PlanItem]) -> None:
        """Make ``items`` the plan, in one transaction; jobs that leave the plan keep their attempts and images."""
        self._writing().write_now(lambda connection: replace_plan(connection, items))

    def replace_decisions(self, decisions: Iterable[JobDecision]) -> int:
        """Make these the decisions, in one transaction, and return how many changed; jobs that began keep theirs."""
        return self._writing().write_now(lambda connection: replace_decisions(connection, decisions))

    def doubt(self, sent: Mapping[str, float]) -> int:
        """Account for lost records and for submits known from elsewhere; return the number of jobs affected.

        Args:
            sent: Submit time by job id in Unix seconds, as found outside the ledger.
        """
        since = self._lost_since

        def change(connection: sqlite3.Connection) -> int:
            identity = read_identity(connection)
            if identity is None:
                return 0
            doubted = doubt_jobs(connection, identity.folder_id, since=since, sent=sent)
            set_own(connection, lost_since=None)
            return doubted

        if since is None and not sent:
            return 0
        doubted = self._writing().write_now(change)
        self._lost_since = None
        return doubted

    def begin(self, now: float) -> None:
        """Mark that a run is active until the ledger is closed, and move the log into the ledger.

        From then on the folder's identity, and so every key, does not depend on the log, and a log that goes missing is
        noticed.
        """
        self._write_aside(lambda connection: set_own(connection, begun_at=now))
        self._is_begun = True
        fold_log(self._path)

    def journal(self, on_change: OnChange | None = None) -> Journal:
        """Return the object that changes attempts; the folder must have been claimed.

        Args:
            on_change: Told of each change once it is durable, in the thread that asked for it; it must not raise.
        """
        identity = self.identity()
        if identity is None:
            raise FolderError(f"nobody has claimed the folder of {self._path} yet")
        return Journal(self._writing(), identity.folder_id, on_change)

    def lines(self) -> Iterator[PlanLine]:
        """Stream the plan in its order, each line with its record, all from one moment."""
        return self._stream(read_plan_lines)

    def lines_id(self) -> str | None:
        """Return an id of what the lines say, which is another one once they say something else.

        Ask for it before the lines are read. It is None while another process may write, and after a crash.
        """
        return read_lines_id(self._path) if self._lines_id is None else self._lines_id.current

    def version(self) -> int:
        """Return a number that is another one once anything was committed since this ledger was opened."""
        return self._ask(lambda connection: int(connection.execute("PRAGMA data_version").fetchone()[0]))

    def line_counts(self) -> LineCounts:
        """Return the number of lines by status, and other sums over them; no line is read."""
        return self._ask(read_line_counts)

    def left_out(self) -> frozenset[int]:
        """Return the rows of the jobs that have not begun and are skipped by a decision or for their parents."""
        return frozenset(self._ask(read_left_out))

    def snapshots(self, *, stored: Sequence[int] | None = None) -> Iterator[JobSnapshot]:
        """Stream a snapshot of each job of the plan, then of jobs that left it with a task that can be collected.

        Args:
            stored: The rows of those jobs with images in place that are wanted; None means all of them.
        """
        return self._stream(lambda connection: read_snapshots(connection, stored))

    def stored_jobs(self) -> Iterator[StoredJob]:
        """Stream the jobs of the plan whose images were put in place, in its order, without their requests."""
        return self._stream(read_stored_jobs)

    def snapshots_of(self, rows: Sequence[int]) -> list[JobSnapshot]:
        """Return the current snapshots of a few jobs by their rows, in that order."""
        return self._ask(lambda connection: read_snapshots_of(connection, rows))

    def made(self, job_ids: Collection[str]) -> dict[str, MadeJob]:
        """Return the newest attempts of a few jobs with their images, by their ids; those without any are left out."""
        return self._ask(lambda connection: read_made(connection, job_ids))

    def record(self, job_id: str) -> JobRecord:
        """Return the record of a job; one that never began is pending."""
        return self._ask(lambda connection: read_record(connection, job_id))

    def line_of(self, job_id: str) -> PlanLine | None:
        """Return the line of a job, planned or not; None for one that is not on record."""
        return self._ask(lambda connection: read_line_of(connection, job_id))

    def reusable_job(self, job_id: str) -> ReusableJob | None:
        """Return the parts of a job that another folder may reuse, planned or not; None when it is not completed."""
        return self._ask(lambda connection: read_reusable(connection, job_id))

    def makers(self, sha256s: Collection[str], job_id: str | None) -> list[JobOfImage]:
        """Return the jobs that made one of these images, and the job of an id, planned or not, in plan order."""
        return self._ask(lambda connection: read_makers(connection, sha256s, job_id))

    def unplanned(self) -> Iterator[JobRecord]:
        """Stream the records of jobs that the plan no longer holds, by job id."""
        return self._stream(read_unplanned)

    def unplanned_parents(self) -> dict[str, list[str]]:
        """Return the ids of the parents of jobs that the plan no longer holds, by job."""
        return self._ask(read_unplanned_parents)

    def unplanned_count(self) -> int:
        """Return the number of recorded jobs that the plan no longer holds."""
        return self._ask(lambda connection: int(connection.execute(_COUNT_UNPLANNED).fetchone()[0]))

    def owner_of(self, path: str) -> str | None:
        """Return the id of the job whose recorded image is at ``path`` (``images/...``), or None."""

        def ask(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT job_id FROM images WHERE path = ?", (path,)).fetchone()
            return row[0] if row else None

        return self._ask(ask)

    def image_count(self) -> int:
        """Return the number of recorded image files, including those of jobs that left the plan."""
        return self._ask(lambda connection: int(connection.execute("SELECT COUNT(*) FROM images").fetchone()[0]))

    def usual_image_bytes(self) -> int:
        """Return the average size of the recorded images; 0 without any."""
        return self._ask(
            lambda connection: int(connection.execute("SELECT COALESCE(AVG(size_bytes), 0) FROM images").fetchone()[0])
        )

    def forget(self, job_id: str) -> None:
        """Remove an unplanned job with its attempts and images from the record (``prune``, after its files).

        Its cost stays in ``spent_nusd``. A job that is in the plan or has an open task is not removed.

        Raises:
            FolderError: the job is in the plan or has an open task.
        """
        self._write_aside(lambda connection: _forget(connection, job_id))

    def doubt_files(self, paths: Iterable[str]) -> None:
        """Make the next run check the files of these images, whatever their sizes and times are."""

        def change(connection: sqlite3.Connection) -> None:
            connection.executemany("UPDATE images SET modified_ns = -1 WHERE path = ?", [(path,) for path in paths])

        self._write_aside(change)

    def spent_nusd(self) -> int:
        """Return the cost of this folder so far, in nano-dollars, pruned jobs included."""
        return self._ask(read_spent_nusd)

    def held_nusd(self) -> int:
        """Return the most that may still be charged: tasks in flight, unknown or given up, in nano-dollars."""
        return self._ask(read_held_nusd)

    def cost_report(self) -> CostReport:
        """Return the amounts held, charged and refunded, next to catalog prices."""
        return self._ask(read_cost_report)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with self._reading, storage_border(self._path):
            return question(self._reader)

    def _stream(self, read: Callable[[sqlite3.Connection], Iterator[list[T]]]) -> Iterator[T]:
        with self._snapshot() as connection:
            pages = read(connection)
            while True:
                # Only reading is inside the border: the caller's own errors pass through.
                with storage_border(self._path):
                    page = next(pages, None)
                if page is None:
                    return
                yield from page

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        with closing(open_to_read(self._path)) as connection:
            connection.execute("BEGIN")
            yield connection

    def _write_aside(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Write what no line shows."""
        writer = self._writing()
        return writer.write_now(change if self._lines_id is None else self._lines_id.aside(change))

    def _writing(self) -> GroupWriter:
        if self._writer is None:
            raise StorageError(f"the ledger {self._path} is open to read only")
        return self._writer


def _looked_at(
    path: Path, reader: sqlite3.Connection, told: ToldCount | None, writer: GroupWriter | None = None
) -> tuple[sqlite3.Connection, GroupWriter | None, float | None]:
    """Return the parts of an opened ledger, and the time since when it may lack records."""
    try:
        with storage_border(path):
            return reader, writer, find_loss(reader, told)
    except BaseException:
        reader.close()
        raise


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
        raise FolderError(f"job {job_id} has an open task, which the next run collects")
    keep_money_of(connection, job_id)
    for table in ("images", "attempts", "decisions", "jobs"):
        connection.execute(f"DELETE FROM {table} WHERE job_id = ?", (job_id,))  # noqa: S608 - the names above
