"""Reuses images of another folder: from the same job, complete and intact, at no cost."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from qwave_batch.errors import RunStopped
from qwave_batch.folder.borrowing import borrow_image
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import ImageName, Placing
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.workspace import partial_path
from qwave_batch.imaging.image_inspection import ImageInfo
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.ledger.attempt_states import NOTHING_OUT
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.reused_jobs import ReusableJob, ReusedJob
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.job import Job
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus, ReusedFrom
from qwave_batch.run.state.context import JobScope
from qwave_batch.run.state.stop_reasons import StopSignal
from qwave_batch.run.work_list import jobs_in_scope

_AT_ONCE = 64
"""Jobs recorded in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseSource:
    """Another run folder, open for reading; its run may be live."""

    layout: RunLayout
    ledger: Ledger
    folder_id: str


class Reuser:
    """Fills a folder with images of identical jobs in other folders."""

    def __init__(self, layout: RunLayout, ledger: Ledger, journal: Journal, sources: Sequence[ReuseSource]) -> None:
        self._layout, self._ledger, self._journal, self._sources = layout, ledger, journal, sources
        self._placing = Placing(layout)
        self._placed: dict[str, str] = {}
        """Paths of jobs that are not recorded yet, with their owners."""
        self._damaged: Counter[RunLayout] = Counter()
        """Jobs that no folder could provide, by the folder that has them with damaged files."""

    @property
    def warnings(self) -> tuple[RunWarning, ...]:
        """The jobs that could not be reused although they are paid for there, and how to get them for free."""
        return tuple(
            RunWarning(
                f"{jobs:,} job{'' if jobs == 1 else 's'} of {layout.root} can't be taken, as files are missing or "
                "damaged there; to make them here costs them again",
                (Advice(NextStep.REFETCH, str(layout.root)),),
            )
            for layout, jobs in self._damaged.items()
        )

    def take(self, scope: JobScope, stop: StopSignal | None = None) -> int:
        """Reuse images for the jobs that a run covers; return the number of these jobs. It blocks.

        Raises:
            StorageError: this folder's disk refuses.
            RunStopped: told to end meanwhile; reused images are on record.
        """
        count = 0
        waiting: list[ReusedJob] = []
        try:
            for snapshot in jobs_in_scope(self._ledger, scope, stop):
                parents = {link.job_id for link in snapshot.line.job.parents}
                if any(each.reusable.attempt.job_id in parents for each in waiting):
                    self._record(waiting)
                taken = self._find(snapshot.line.job) if _may_take(snapshot, scope) else None
                if taken is not None:
                    waiting.append(taken)
                    count += 1
                if len(waiting) >= _AT_ONCE:
                    self._record(waiting)
        except RunStopped:
            self._record(waiting)
            raise
        self._record(waiting)
        return count

    def _find(self, job: Job) -> ReusedJob | None:
        damaged: ReuseSource | None = None
        for source in self._sources:
            if not self._has_same_parents(job, source):
                continue
            reusable = source.ledger.reusable_job(job.job_id)
            files = self._bring(job, source, reusable) if reusable is not None else None
            if reusable is not None and files is not None:
                return ReusedJob(reusable=reusable, origin=_origin(self._layout, source, reusable), files=files)
            if reusable is not None:
                damaged = damaged or source
        if damaged is not None:
            self._damaged[damaged.layout] += 1
        return None

    def _has_same_parents(self, job: Job, source: ReuseSource) -> bool:
        """Whether all that a job is made from is complete here, and the same to the byte as there."""
        return all(
            _is_same(link, self._ledger.record(link.job_id), source.ledger.record(link.job_id)) for link in job.parents
        )

    def _bring(self, job: Job, source: ReuseSource, reusable: ReusableJob) -> list[StoredFile] | None:
        """Return the files of a job, in place here; None if one of them is not intact there."""
        images = [file.image for file in reusable.files]
        found: list[ImageInfo] = []
        for number, image in enumerate(images, start=1):
            info = borrow_image(
                source.layout.artifacts,
                image.path,
                self._layout.tree,
                partial_path(job.job_id, number),
                size_bytes=image.size_bytes,
            )
            if info is None or not _is_on_record(info, image):
                return None
            found.append(info)
        return [
            self._place(job, number, info, image, len(images))
            for number, (info, image) in enumerate(zip(found, images, strict=True), start=1)
        ]

    def _place(self, job: Job, number: int, info: ImageInfo, image: ImageFile, images: int) -> StoredFile:
        of_many = job.max_images > 1 or images > 1
        name = ImageName(job_path=job.path, job_id=job.job_id, number=number, of_many=of_many)
        partial = partial_path(job.job_id, number)
        with storage_errors(self._layout.root, below=partial):
            self._layout.tree.sync(partial)
        placed = self._placing.place(partial, info, name, self._owner_of)
        self._placed[placed.path] = job.job_id
        return StoredFile(image=replace(image, path=placed.path), modified_ns=placed.modified_ns)

    def _owner_of(self, path: str) -> str | None:
        return self._placed.get(path) or self._ledger.owner_of(path)

    def _record(self, waiting: list[ReusedJob]) -> None:
        if waiting:
            self._journal.take(waiting)
            waiting.clear()
            self._placed.clear()


def _is_on_record(info: ImageInfo, image: ImageFile) -> bool:
    found = (info.sha256, info.format, info.width, info.height)
    return found == (image.sha256, image.format, image.width, image.height)


def _is_same(link: ParentLink, ours: JobRecord, theirs: JobRecord) -> bool:
    if ours.status is not JobStatus.COMPLETED or theirs.status is not JobStatus.COMPLETED:
        return False
    here, there = ([image.sha256 for image in record.images] for record in (ours, theirs))
    if link.image is None:
        return here == there if here else ours.task_id == theirs.task_id
    return link.image <= len(here) and here[link.image - 1 : link.image] == there[link.image - 1 : link.image]


def _may_take(snapshot: JobSnapshot, scope: JobScope) -> bool:
    """Whether a job needs images, can use those of another folder, and has no task of its own in progress.

    One that is to be chosen first is not taken before: it would count as made.
    """
    job, decision = snapshot.line.job, snapshot.decision
    if snapshot.attempt is None and job.stage in scope.deciding and (decision is None or decision.error is not None):
        return False
    is_open = snapshot.attempt is not None and snapshot.attempt.state not in NOTHING_OUT
    return snapshot.is_planned and job.skip is None and not job.random and not is_open


def _origin(layout: RunLayout, source: ReuseSource, reusable: ReusableJob) -> ReusedFrom:
    return ReusedFrom(
        folder=_relative(source.layout, layout),
        folder_id=source.folder_id,
        cost_usd=usd_from_nusd(reusable.cost_nusd),
    )


def _relative(theirs: RunLayout, ours: RunLayout) -> str:
    there, here = theirs.root.resolve(), ours.root.resolve()
    try:
        return PurePath(os.path.relpath(there, here)).as_posix()
    except ValueError:  # another drive
        return there.as_posix()
