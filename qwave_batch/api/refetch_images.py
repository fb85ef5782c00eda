"""Fetching again what was deleted or damaged in a folder, from the tasks that made it."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.api.event_feed import EventFeed
from qwave_batch.api.folder_session import FolderSession, folder_session
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.client.connection import AnyConnection, connection_of
from qwave_batch.ledger.attempt import AttemptChange
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.codec import LEFT_OUT, Codec, Key
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.model.run_events import OnEvent
from qwave_batch.model.terms import Terms
from qwave_batch.run.engine import run_plan
from qwave_batch.run.images.stored_files import check_files
from qwave_batch.run.jobs.job_errors import OTHER_FORMAT
from qwave_batch.run.schedule.job_actions import JobAction, action_for, is_owed
from qwave_batch.run.state.context import RunContext
from qwave_batch.run.state.run_end import RunEnd
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal

FETCH_ONLY = RunOptions(fetch_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfetchedJob:
    """A job whose images are not all there."""

    job_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefetchReport:
    """The images that ``refetch`` found missing, and what became of them."""

    folder: Path
    jobs: int
    """Jobs that had images missing or damaged."""
    images: int
    """Those images; of a job that was paid and never fetched, all of them."""
    fetched: int
    """Images that are in place again."""
    gone: tuple[UnfetchedJob, ...]
    """Jobs whose images are gone, by all that is known: only a new task, paid anew, can make others."""
    kept: tuple[UnfetchedJob, ...]
    """Jobs whose results are had in a format that is not read: their messages say where they are."""
    left: tuple[UnfetchedJob, ...]
    """Jobs whose images could not be fetched now; another try may."""
    exit_status: int
    """0 when all images of completed jobs are there, else 1; 130, 3 and 4 as for a run."""
    reason: str
    """Why it ended early; empty when it did not."""
    warnings: tuple[RunWarning, ...] = ()
    """Names the catalog, where it need not be the one that the folder was made with."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        told = (
            f"{self.fetched:,} of {self.images:,} images fetched, {len(self.gone):,} jobs gone, {len(self.left):,} left"
        )
        return f"RefetchReport({self.folder}: {told})"

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``refetch --json`` prints."""
        return _REPORT.encode(self)


_REPORT = Codec(
    {
        RefetchReport: {
            "folder": Key(write=str),
            "exit_status": Key(name="exit"),
            "reason": Key(write=lambda reason: reason or None),
            "warnings": LEFT_OUT,
        }
    }
)


async def refetch_images(
    folder: str | Path,
    *,
    connection: AnyConnection,
    catalogs: CatalogSource = SHIPPED,
    on_progress: OnProgress | None = None,
    on_event: OnEvent | None = None,
    stop: StopSignal | None = None,
) -> RefetchReport:
    """Download what was deleted or damaged again, from its tasks while the API keeps them. Nothing is submitted.

    Args:
        folder: A run folder that no other process works on.
        connection: The API that it was made with.
        catalogs: The catalogs to look in for the one that it was made with.
        on_progress: Called in the event loop with the newest counts.
        on_event: Called in the event loop with what happens.
        stop: Lets another task end it early.

    Raises:
        FolderError: it is not a run folder, or belongs to another API or key.
        StorageError: a run is at work (``FolderBusy``), or the disk failed.
    """
    stop = stop or StopSignal()
    feed = EventFeed(on_event, SystemClock())
    async with folder_session(folder, connection_of(connection, os.environ), catalogs, stop) as session:
        search = await asyncio.to_thread(_search, session)

        def hear(change: AttemptChange) -> None:
            search.take(change)
            feed.emit_change(change)

        end = await run_plan(_context(session, hear, feed.guarded(on_progress), stop))
        unfetched = await asyncio.to_thread(search.unfetched, session.ledger)
    feed.close()
    return _report(session, search, unfetched, end)


@dataclass(slots=True)
class _Search:
    """The images that were missing, and what became of them so far."""

    missing: dict[str, int] = field(default_factory=dict)
    """Images that are missing, by job."""
    restored: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)
    """Why images of a job on record as complete were not fetched."""

    def take(self, change: AttemptChange) -> None:
        """Take in a change that the fetching has made."""
        attempt = change.attempt
        if attempt.state is AttemptState.STORED and change.files:
            self.restored.add(attempt.job_id)
        elif attempt.state is AttemptState.STORED and attempt.error is not None:
            self.reasons[attempt.job_id] = attempt.error.message

    def unfetched(self, ledger: Ledger) -> "_Unfetched":
        """Return what is not in place. It blocks."""
        found = _Unfetched()
        for job_id in self.missing:
            if job_id not in self.restored:
                record = ledger.record(job_id)
                message = self.reasons.get(job_id, "the API did not send it")
                job = UnfetchedJob(job_id=job_id, message=record.error.message if record.error else message)
                found.add(job, record)
        return found


@dataclass(slots=True)
class _Unfetched:
    gone: list[UnfetchedJob] = field(default_factory=list)
    kept: list[UnfetchedJob] = field(default_factory=list)
    left: list[UnfetchedJob] = field(default_factory=list)

    def add(self, job: UnfetchedJob, record: JobRecord) -> None:
        if record.status is not JobStatus.FAILED:
            self.left.append(job)
        elif record.error is not None and record.error.code == OTHER_FORMAT:
            self.kept.append(job)
        else:
            self.gone.append(job)


def _search(session: FolderSession) -> _Search:
    """Look at every file that should be there."""
    search = _Search()
    for snapshot in session.ledger.snapshots():
        attempt = snapshot.attempt
        if attempt is None or not snapshot.is_planned:
            continue
        if attempt.state is AttemptState.STORED:
            missing = len(check_files(session.layout, snapshot.files).damaged)
            if not missing and is_owed(snapshot):
                missing = snapshot.line.job.max_images - len(snapshot.files)
        elif action_for(snapshot, FETCH_ONLY) is not JobAction.NOTHING:
            missing = max(1, len(attempt.results) - len(snapshot.files))
        else:
            missing = 0
        if missing:
            search.missing[attempt.job_id] = missing
    return search


def _context(
    session: FolderSession, on_change: Callable[[AttemptChange], None], on_progress: OnProgress, stop: StopSignal
) -> RunContext:
    return RunContext(
        layout=session.layout,
        ledger=session.ledger,
        claim=session.claim,
        api=session.api,
        terms=Terms(),
        options=FETCH_ONLY,
        idempotency_hours=None,
        catalog=session.catalog,
        write_manifest=lambda: None,  # once, at the end
        on_change=on_change,
        on_progress=on_progress,
        stop=stop,
    )


def _report(session: FolderSession, search: _Search, unfetched: _Unfetched, end: RunEnd) -> RefetchReport:
    is_early = end.exit_status not in {0, 1}  # jobs that were never submitted do not matter here
    return RefetchReport(
        folder=session.layout.root,
        jobs=len(search.missing),
        images=sum(search.missing.values()),
        fetched=sum(search.missing.get(job_id, 0) for job_id in search.restored),
        gone=tuple(unfetched.gone),
        kept=tuple(unfetched.kept),
        left=tuple(unfetched.left),
        exit_status=end.exit_status if is_early else int(bool(unfetched.gone or unfetched.left)),
        reason=end.reason if is_early else "",
        warnings=session.warnings,
    )
