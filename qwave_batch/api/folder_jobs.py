"""The jobs that a run folder holds, by its ledger, else by its manifest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.errors import FolderError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.ledger.folder_identity import FolderIdentity
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import number_of
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.planned_stage import ChildSkip
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.plan.comparison import ComparedJob, Standing, label_of
from qwave_batch.run.schedule.job_actions import JobAction, action_for
from qwave_batch.run.state.run_request import RunOptions

_NOT_CHOSEN = frozenset({ChildSkip.NOT_PICKED, ChildSkip.LEFT_OUT_BY_WHERE})
_WITHOUT_PARENT = frozenset({ChildSkip.PARENT_FAILED, ChildSkip.PARENT_SHORT})
"""Codes of errors for which a run skips a job of a stage, though the plan has it to make."""
_AT_REST = {JobStatus.COMPLETED: Standing.MADE, JobStatus.UNKNOWN: Standing.HELD}
"""By status, jobs that a plain run leaves as they are; the others have failed for good."""


@dataclass(frozen=True, slots=True)
class FolderJobs:
    """A run folder as one side of a comparison. Nothing in it is changed."""

    layout: RunLayout
    catalog: Catalog
    """The catalog whose prices apply to the plan of a folder without a ledger."""

    @classmethod
    def of(cls, folder: Path, catalog: Catalog) -> "FolderJobs":
        """Return the jobs of a run folder.

        Raises:
            FolderError: there is none, with the nearest one that is.
        """
        return cls(RunLayout.existing(folder), catalog)

    def jobs(self) -> Iterator[ComparedJob]:
        """Yield the jobs of its plan, then those that left it with their images still there."""
        if not self.layout.tree.is_file(LEDGER):
            lines = FolderReader(self.layout, None).lines()
            told = ((self._of_manifest(line), line) for line in lines if not _is_skipped(line))
            yield from with_descendants((job, _parents_if_skipped(line, line.parents)) for job, line in told)
            return
        with Ledger.open(self.layout.workspace.ledger, read_only=True) as ledger:
            yield from with_descendants(
                (_of_ledger(snapshot), _parents_if_skipped(snapshot.line.record, snapshot.line.job.parents))
                for snapshot in ledger.snapshots()
                if snapshot.is_planned and not _is_skipped(snapshot.line.record)
            )
            yield from (_of_record(record) for record in ledger.unplanned())

    def made(self) -> frozenset[int]:
        """Return the numbers of all jobs whose images are there, for another folder to take.

        Raises:
            FolderError: it came without its ledger, so that a run takes nothing from it.
        """
        if not self.layout.tree.is_file(LEDGER):
            raise FolderError(f"{self.layout.root} came without its ledger, so nothing can be taken from it")
        return frozenset(known.number for known in self.jobs() if known.standing is Standing.MADE)

    def money(self) -> tuple[int, int]:
        """Return what the folder has cost, and the most that may still come, in nano-dollars."""
        if not self.layout.tree.is_file(LEDGER):
            return 0, 0
        with Ledger.open(self.layout.workspace.ledger, read_only=True) as ledger:
            return ledger.spent_nusd(), ledger.held_nusd()

    def identity(self) -> FolderIdentity | None:
        """Return whose folder it is; None when it came without its ledger."""
        if not self.layout.tree.is_file(LEDGER):
            return None
        with Ledger.open(self.layout.workspace.ledger, read_only=True) as ledger:
            return ledger.identity()

    def _of_manifest(self, line: ManifestLine) -> ComparedJob:
        model = self.catalog.models.get(line.model)
        return ComparedJob(
            number=number_of(line.job_id),
            model=line.model,
            images=model.max_images(line.request) if model else 1,
            nusd=model.estimate_nusd(line.request) if model else 0,
            standing=_standing_told(line),
            stage=line.stage,
            label=partial(_label, line.stage, line.prompt_id, line.axes),
        )


def _of_ledger(snapshot: JobSnapshot) -> ComparedJob:
    job: Job = snapshot.line.job
    return ComparedJob(
        number=number_of(job.job_id),
        model=job.model,
        images=job.max_images,
        nusd=job.estimated_nusd,
        standing=_standing(snapshot),
        stage=job.stage,
        label=partial(label_of, job),
    )


def _of_record(record: JobRecord) -> ComparedJob:
    """Return a job that left the plan: only what has come of it matters."""
    return ComparedJob(
        number=number_of(record.job_id), model="", images=0, nusd=0, standing=_standing_told(record), is_planned=False
    )


def _parents_if_skipped(told: ManifestLine | JobRecord, parents: Sequence[ParentLink]) -> tuple[int, ...]:
    return tuple(number_of(link.job_id) for link in parents) if told.status is JobStatus.SKIPPED else ()


def with_descendants(jobs: Iterable[tuple[ComparedJob, tuple[int, ...]]]) -> Iterator[ComparedJob]:
    """Yield jobs, of which those that are skipped for a parent that is left out are left out too.

    Args:
        jobs: Jobs in the plan's order, each with the numbers of its parents if it is skipped.
    """
    left_out = set[int]()
    for job, parents in jobs:
        is_left_out = job.standing is Standing.LEFT_OUT or not left_out.isdisjoint(parents)
        if is_left_out:
            left_out.add(job.number)
        yield replace(job, standing=Standing.LEFT_OUT) if is_left_out else job


def _is_skipped(told: ManifestLine | JobRecord) -> bool:
    """Whether the plan itself leaves a job out."""
    return told.status is JobStatus.SKIPPED and _standing_of_child(told) is None


def _standing_of_child(told: ManifestLine | JobRecord) -> Standing | None:
    """Return the standing of a job that a run skips for the sake of its parents; None for any other."""
    code = told.error.code if told.status is JobStatus.SKIPPED and told.error is not None else ""
    if code in _NOT_CHOSEN:
        return Standing.LEFT_OUT
    return Standing.FAILED if code in _WITHOUT_PARENT else None


def _standing(snapshot: JobSnapshot) -> Standing:
    of_child = _standing_of_child(snapshot.line.record)
    if of_child is not None:
        return of_child
    match action_for(snapshot, RunOptions()):
        case JobAction.SUBMIT:
            return Standing.PLANNED
        case JobAction.POLL | JobAction.RESUBMIT | JobAction.FETCH:
            return Standing.HELD
        case JobAction.NOTHING:
            return _AT_REST.get(snapshot.line.record.status, Standing.FAILED)


def _standing_told(told: ManifestLine | JobRecord) -> Standing:
    """Return how far a job has come by its record, which knows less than its attempts."""
    of_child = _standing_of_child(told)
    if of_child is not None:
        return of_child
    match told.status:
        case JobStatus.PENDING:
            is_held = told.task_id is not None and not _is_over_unpaid(told)
            return Standing.HELD if is_held else Standing.PLANNED
        case JobStatus.FAILED:
            return Standing.PLANNED if told.error is not None and told.error.retryable else Standing.FAILED
        case JobStatus.CANCELLED | JobStatus.SKIPPED:
            return Standing.PLANNED
        case JobStatus.COMPLETED | JobStatus.UNKNOWN:
            return _AT_REST[told.status]


def _is_over_unpaid(told: ManifestLine | JobRecord) -> bool:
    """Whether the newest task ended and cost nothing: another try was begun since, and has no task yet."""
    return told.completed_at is not None and not told.cost_usd


def _label(stage: str, prompt_id: str, axes: JsonObject) -> str:
    return " ".join([*([stage] if stage else []), prompt_id, *map(_plain, axes.values())])


def _plain(label: Json) -> str:
    return "..." if isinstance(label, Mapping | list | tuple) else str(label)
