"""The work of a run: a small number per job and model, while the jobs themselves stay in the ledger."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from qwave_batch.errors import RunStopped
from qwave_batch.folder.artifacts import IMAGES
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.probing import StorageProbe
from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.snapshots import JobSnapshot, StoredJob, status_in
from qwave_batch.model.record import JobStatus
from qwave_batch.run.images.stored_files import check_files, unchanged_jobs
from qwave_batch.run.jobs.job_run import needed_nusd
from qwave_batch.run.jobs.waiting_children import WaitingChildren
from qwave_batch.run.schedule.job_actions import JobAction, action_for
from qwave_batch.run.schedule.parent_readiness import ParentReadiness, Readiness
from qwave_batch.run.state.context import WHOLE_PLAN, JobScope, RunContext
from qwave_batch.run.state.counters import is_short
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal

MOST_FOLDERS = 100
"""Maximum number of image folders that are tested for writing; a plan may have one for each job."""
TOUCHED_AT_ONCE = 1_000
"""In a copied folder every file has a new time: this many jobs share one sync of the disk."""
LOOKED_AT_ONCE = 200
"""Jobs whose files are looked at together."""
StageReadiness: TypeAlias = tuple[str, Readiness]
"""A stage, and why a run does not begin jobs of it."""


@dataclass(slots=True)
class WorkList:
    """The work of one run, by model and kind, each in plan order, and the status of its jobs before it."""

    work: dict[tuple[str, JobAction], "array[int]"] = field(default_factory=dict)
    """Rows of jobs, eight bytes each."""
    statuses: Counter[JobStatus] = field(default_factory=Counter)
    """All jobs that the run covers, including those with nothing to do."""
    images: int = 0
    short: int = 0
    damaged: int = 0
    """Completed jobs with files that differ from the record."""
    images_to_come: int = 0
    """The maximum number of images from the submits."""
    folders: set[str] = field(default_factory=set)
    """The first image folders of paid and missing images, relative to the run folder."""
    estimate_nusd: int = 0
    """The most that the submits can cost, in addition to the reservations of keys in flight."""
    waiting: WaitingChildren = field(default_factory=WaitingChildren)
    """Jobs that are submitted once the parents that this run makes are stored; they are part of the estimate."""
    left: Counter[StageReadiness] = field(default_factory=Counter)
    """Jobs that this run does not begin: pending, or skipped for the failure of jobs that it does not cover."""
    _readiness: ParentReadiness = field(default_factory=ParentReadiness, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.work

    def has(self, *kinds: JobAction) -> bool:
        """Whether there is work of one of these kinds."""
        return any(kind in kinds for _, kind in self.work)

    @property
    def parents_failed(self) -> int:
        """How many jobs are skipped for the failure of jobs that the run does not cover."""
        return sum(jobs for (_, readiness), jobs in self.left.items() if readiness is Readiness.PARENT_FAILED)

    @property
    def has_submits(self) -> bool:
        """Whether anything is to be submitted, now or once its parents are made."""
        return len(self.waiting) > 0 or self.has(JobAction.SUBMIT, JobAction.RESUBMIT)

    def rows(self, kind: JobAction) -> "array[int]":
        """Return the rows of all models of a kind."""
        joined = array("q")
        for (_, of_kind), rows in self.work.items():
            if of_kind is kind:
                joined.extend(rows)
        return joined

    def add(self, snapshot: JobSnapshot, work: JobAction) -> None:
        """Add one job of the run."""
        record = snapshot.line.record
        readiness = self._readiness.judge(snapshot, work)
        if snapshot.is_planned:
            # a parent that failed before is tried again, so that its children are to be made as others are
            is_back = readiness is Readiness.WAITS and record.status is JobStatus.SKIPPED
            status = JobStatus.PENDING if is_back else record.status
            self.statuses[status] += 1
            self.images += len(record.images)
            self.short += is_short(snapshot.line.job.max_images, len(record.images), record.status)
            self.damaged += work is JobAction.FETCH and record.status is JobStatus.COMPLETED
        if work is JobAction.NOTHING:
            return
        match readiness:
            case Readiness.READY:
                self.work.setdefault((snapshot.line.job.model, work), array("q")).append(snapshot.row)
            case Readiness.WAITS:
                self._wait(snapshot, work)
            case _:
                is_left = record.status is JobStatus.PENDING or readiness is Readiness.PARENT_FAILED
                self.left[snapshot.line.job.stage, readiness] += is_left
                if snapshot.is_planned and snapshot.attempt is None and snapshot.line.job.skip is None:
                    self.waiting.leave(snapshot.row, record.status)
                return
        if work in {JobAction.POLL, JobAction.FETCH}:
            self._expect(snapshot)
        if work in {JobAction.SUBMIT, JobAction.RESUBMIT}:
            self.images_to_come += snapshot.line.job.max_images
            self.estimate_nusd += needed_nusd(snapshot.line.job, snapshot.attempt)

    def _wait(self, snapshot: JobSnapshot, work: JobAction) -> None:
        self.waiting.add(
            snapshot.row,
            snapshot.line.job.model,
            self._readiness.awaited(snapshot),
            status=snapshot.line.record.status,
            has_begun=snapshot.attempt is not None,
            is_resubmit=work is JobAction.RESUBMIT,
        )

    def add_unchanged(self, job: StoredJob) -> None:
        """Add a job whose files are as recorded, so that there is nothing to do for it."""
        status = status_in(AttemptState.STORED, has_error=False, is_skipped=job.is_skipped)
        self.statuses[status] += 1
        self.images += len(job.files)
        self.short += is_short(job.max_images, len(job.files), status)

    def _expect(self, snapshot: JobSnapshot) -> None:
        paths = [file.image.path for file in snapshot.files] or [f"{IMAGES}/{snapshot.line.job.path}"]
        for path in paths:
            if len(self.folders) < MOST_FOLDERS:
                self.folders.add(path.rpartition("/")[0])


def make_work_list(
    ledger: Ledger,
    journal: Journal,
    layout: RunLayout,
    options: RunOptions,
    stop: StopSignal,
    scope: JobScope = WHOLE_PLAN,
) -> WorkList:
    """Return the work to do in a folder. It reads the whole plan and checks every file: call it in a thread.

    Raises:
        RunStopped: told to end meanwhile.
    """
    work_list = WorkList(_readiness=ParentReadiness(deciding=scope.deciding, is_whole=scope.is_whole))
    changed = None
    if scope.is_whole and not options.fetch_only:
        changed = _look_at_stored_jobs(ledger, layout, work_list, stop)
    touched: list[tuple[Attempt, Sequence[StoredFile]]] = []
    for snapshot in jobs_in_scope(ledger, scope, stop, stored=changed):
        check = check_files(layout, snapshot.files) if _is_complete(snapshot) else None
        if check is not None and check.touched and snapshot.attempt is not None:
            touched.append((snapshot.attempt, check.touched))
        if len(touched) == TOUCHED_AT_ONCE:
            journal.touch(touched)
            touched.clear()
        work_list.add(snapshot, action_for(snapshot, options, is_damaged=check is not None and bool(check.damaged)))
    if touched:
        journal.touch(touched)
    return work_list


def _look_at_stored_jobs(ledger: Ledger, layout: RunLayout, work_list: WorkList, stop: StopSignal) -> "array[int]":
    """Add the jobs whose files are as recorded, and return the rows of those that need a closer look."""
    changed = array("q")
    jobs = ledger.stored_jobs()
    while some := list(islice(jobs, LOOKED_AT_ONCE)):
        _check_goes_on(stop)
        for job, is_unchanged in zip(some, unchanged_jobs(layout, some), strict=True):
            if is_unchanged:
                work_list.add_unchanged(job)
            else:
                changed.append(job.row)
    return changed


def _is_complete(snapshot: JobSnapshot) -> bool:
    return snapshot.is_planned and snapshot.line.record.status is JobStatus.COMPLETED


def jobs_in_scope(
    ledger: Ledger, scope: JobScope, stop: StopSignal | None = None, *, stored: Sequence[int] | None = None
) -> Iterator[JobSnapshot]:
    """Stream the jobs that the run covers; jobs that left the plan belong to a run of the whole plan.

    Args:
        ledger: The ledger.
        scope: The jobs that the run covers.
        stop: Ends the stream.
        stored: In a run of the whole plan, the rows of those jobs with images in place that are wanted; None means all.

    Raises:
        RunStopped: told to end meanwhile.
    """
    taken = 0
    for snapshot in ledger.snapshots(stored=stored if scope.is_whole else None):
        _check_goes_on(stop)
        if not snapshot.is_planned:
            if scope.is_whole:
                yield snapshot
            continue
        if scope.takes is not None and not scope.takes(snapshot.line):
            continue
        if scope.limit is not None and taken >= scope.limit:
            return
        taken += 1
        yield snapshot


def _check_goes_on(stop: StopSignal | None) -> None:
    if stop is not None and stop.is_stopping:
        raise RunStopped("stopped before anything was sent")


_MB = 1_000_000


def check_storage(context: RunContext, work_list: WorkList) -> list[str]:
    """Return warnings about the folder's file system. It blocks.

    Raises:
        StorageError: images cannot be stored there.
    """
    place = StorageProbe(context.layout)
    notes = [place.try_out(), _disk_space_message(context, work_list)]
    for folder in sorted(work_list.folders):
        # otherwise a run would pay for another job for each such folder that it meets
        place.try_folder(folder)
    return [note for note in notes if note is not None]


def _disk_space_message(context: RunContext, work_list: WorkList) -> str | None:
    """Return a warning if the disk has less room than the expected images need, by the size of those received."""
    if context.layout.artifacts.is_remote:
        return None
    usual_bytes = context.ledger.usual_image_bytes()
    needed_bytes = work_list.images_to_come * usual_bytes
    try:
        free_bytes = context.layout.tree.free_bytes()
    except OSError:  # a file system that does not report it
        return None
    if needed_bytes <= free_bytes:
        return None
    return (
        f"the disk of {context.layout.root} has {free_bytes // _MB:,} MB left, and the {work_list.images_to_come:,} "
        f"images that are to come would take {needed_bytes // _MB:,} MB by the size of those that came"
    )
