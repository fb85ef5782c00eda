"""What a run has to do: a small number per job and model, and the jobs themselves stay in the ledger."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from qwave_batch.errors import RunStopped
from qwave_batch.folder.layout import IMAGES, RunLayout
from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.reading import Standing
from qwave_batch.model.record import JobStatus
from qwave_batch.run.files import check_files
from qwave_batch.run.options import RunOptions
from qwave_batch.run.selection import Work, work_on
from qwave_batch.run.stop import StopSignal
from qwave_batch.run.tally import is_short
from qwave_batch.run.trial import needed_nusd

MOST_FOLDERS = 100
"""So many folders of images that are to be fetched are tried out; a plan may have one for each job."""
TOUCHED_AT_ONCE = 1_000
"""In a copied folder every file has a new time: so many jobs share one sync of the disk."""


@dataclass(slots=True)
class Agenda:
    """The work of one run, by model and kind, each in plan order, and how the jobs stand before it."""

    work: dict[tuple[str, Work], "array[int]"] = field(default_factory=dict)
    """Rows of jobs, eight bytes each."""
    statuses: Counter[JobStatus] = field(default_factory=Counter)
    """All jobs that the run is asked for, those with nothing to do too."""
    images: int = 0
    short: int = 0
    damaged: int = 0
    """Completed jobs whose files are not all as on record."""
    images_to_come: int = 0
    """The most that the submits can bring."""
    folders: set[str] = field(default_factory=set)
    """Of images that are paid and not in place, from the run folder; the first ones only."""
    estimate_nusd: int = 0
    """The most that the submits can cost, beside what keys that are still out hold already."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.work

    def has(self, *kinds: Work) -> bool:
        """Whether there is work of one of these kinds."""
        return any(kind in kinds for _, kind in self.work)

    def add(self, standing: Standing, work: Work) -> None:
        """Take in one job of the run."""
        record = standing.line.record
        if standing.is_planned:
            self.statuses[record.status] += 1
            self.images += len(record.images)
            self.short += is_short(standing.line.job, len(record.images), record.status)
            self.damaged += work is Work.FETCH and record.status is JobStatus.COMPLETED
        if work is Work.NOTHING:
            return
        self.work.setdefault((standing.line.job.model, work), array("q")).append(standing.row)
        if work in {Work.ASK, Work.FETCH}:
            self._expect(standing)
        if work in {Work.SUBMIT, Work.SEND_AGAIN}:
            self.images_to_come += standing.line.job.max_images
            self.estimate_nusd += needed_nusd(standing.line.job, standing.attempt)

    def _expect(self, standing: Standing) -> None:
        paths = [file.image.path for file in standing.files] or [f"{IMAGES}/{standing.line.job.path}"]
        for path in paths:
            if len(self.folders) < MOST_FOLDERS:
                self.folders.add(path.rpartition("/")[0])


def make_agenda(ledger: Ledger, journal: Journal, layout: RunLayout, options: RunOptions, stop: StopSignal) -> Agenda:
    """Return what there is to do in a folder. It reads the whole plan, and looks at every file: call it in a thread.

    Raises:
        RunStopped: told to end meanwhile.
    """
    agenda = Agenda()
    touched: list[tuple[Attempt, Sequence[StoredFile]]] = []
    for standing in jobs_in_scope(ledger, options, stop):
        check = check_files(layout, standing.files) if _is_complete(standing) else None
        if check is not None and check.touched and standing.attempt is not None:
            touched.append((standing.attempt, check.touched))
        if len(touched) == TOUCHED_AT_ONCE:
            journal.touch(touched)
            touched.clear()
        agenda.add(standing, work_on(standing, options, is_damaged=check is not None and bool(check.damaged)))
    if touched:
        journal.touch(touched)
    return agenda


def _is_complete(standing: Standing) -> bool:
    return standing.is_planned and standing.line.record.status is JobStatus.COMPLETED


def jobs_in_scope(ledger: Ledger, options: RunOptions, stop: StopSignal | None = None) -> Iterator[Standing]:
    """Stream the jobs that the run is about; what left the plan belongs to a run of the whole plan.

    Raises:
        RunStopped: told to end meanwhile.
    """
    is_whole = options.only is None and options.limit is None
    taken = 0
    for standing in ledger.standings():
        if stop is not None and stop.is_stopping:
            raise RunStopped("stopped before anything was sent")
        if not standing.is_planned:
            if is_whole:
                yield standing
            continue
        if options.only is not None and not options.only(standing.line):
            continue
        if options.limit is not None and taken >= options.limit:
            return
        taken += 1
        yield standing
