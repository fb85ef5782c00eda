"""The jobs that a run folder holds, by its ledger, else by its manifest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.choosing.stage_choice import LEFT_OUT_BY_WHERE, NOT_PICKED
from qwave_batch.errors import FolderError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.ledger.folder_identity import FolderIdentity
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.parent_states import PARENT_FAILED, PARENT_SHORT
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import number_of
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.plan.comparison import ComparedJob, Stage, label_of
from qwave_batch.run.schedule.job_actions import JobAction, action_for
from qwave_batch.run.state.run_request import RunOptions

_AT_REST = {JobStatus.COMPLETED: Stage.MADE, JobStatus.UNKNOWN: Stage.HELD}
"""By status, jobs that a plain run leaves as they are; the others have failed for good, or a parent of theirs has."""
_LOST_PARENT = frozenset({PARENT_FAILED, PARENT_SHORT})
_NOT_CHOSEN = frozenset({NOT_PICKED, LEFT_OUT_BY_WHERE})
"""Codes of jobs that are skipped for their parents."""


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
            yield from (self._of_manifest(line) for line in lines if not _is_skipped(line))
            return
        with Ledger.open(self.layout.workspace.ledger, read_only=True) as ledger:
            yield from (
                _of_ledger(snapshot)
                for snapshot in ledger.snapshots()
                if snapshot.is_planned and snapshot.line.job.skip is None
            )
            yield from (_of_record(record) for record in ledger.unplanned())

    def made(self) -> frozenset[int]:
        """Return the numbers of all jobs whose images are there, for another folder to take.

        Raises:
            FolderError: it came without its ledger, so that a run takes nothing from it.
        """
        if not self.layout.tree.is_file(LEDGER):
            raise FolderError(f"{self.layout.root} came without its ledger, so nothing can be taken from it")
        return frozenset(known.number for known in self.jobs() if known.stage is Stage.MADE)

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
            stage=_stage_told(line),
            label=partial(_label, line.prompt_id, line.axes),
        )


def _of_ledger(snapshot: JobSnapshot) -> ComparedJob:
    job: Job = snapshot.line.job
    return ComparedJob(
        number=number_of(job.job_id),
        model=job.model,
        images=job.max_images,
        nusd=job.estimated_nusd,
        stage=_stage(snapshot),
        label=partial(label_of, job),
    )


def _of_record(record: JobRecord) -> ComparedJob:
    """Return a job that left the plan: only what has come of it matters."""
    return ComparedJob(
        number=number_of(record.job_id), model="", images=0, nusd=0, stage=_stage_told(record), is_planned=False
    )


def _is_skipped(line: ManifestLine) -> bool:
    """Whether the plan leaves a job out, and not what has become of its parents."""
    code = None if line.error is None else line.error.code
    return line.status is JobStatus.SKIPPED and code not in {*_LOST_PARENT, *_NOT_CHOSEN}


def _stage(snapshot: JobSnapshot) -> Stage:
    if snapshot.line.record.status is JobStatus.SKIPPED:
        return _stage_at_rest(snapshot.line.record)
    match action_for(snapshot, RunOptions()):
        case JobAction.SUBMIT:
            return Stage.PLANNED
        case JobAction.POLL | JobAction.RESUBMIT | JobAction.FETCH:
            return Stage.HELD
        case JobAction.NOTHING:
            return _stage_at_rest(snapshot.line.record)


def _stage_told(told: ManifestLine | JobRecord) -> Stage:
    """Return how far a job has come by its record, which knows less than its attempts."""
    match told.status:
        case JobStatus.PENDING:
            is_held = told.task_id is not None and not _is_over_unpaid(told)
            return Stage.HELD if is_held else Stage.PLANNED
        case JobStatus.FAILED:
            return Stage.PLANNED if told.error is not None and told.error.retryable else Stage.FAILED
        case JobStatus.CANCELLED:
            return Stage.PLANNED
        case JobStatus.COMPLETED | JobStatus.UNKNOWN | JobStatus.SKIPPED:
            return _stage_at_rest(told)


def _stage_at_rest(told: ManifestLine | JobRecord) -> Stage:
    """Return the stage of a job that a plain run leaves as it is; the next choice among parents may take another."""
    if told.status is JobStatus.SKIPPED and told.error is not None and told.error.code in _NOT_CHOSEN:
        return Stage.PLANNED
    return _AT_REST.get(told.status, Stage.FAILED)


def _is_over_unpaid(told: ManifestLine | JobRecord) -> bool:
    """Whether the newest task ended and cost nothing: another try was begun since, and has no task yet."""
    return told.completed_at is not None and not told.cost_usd


def _label(prompt_id: str, axes: JsonObject) -> str:
    return " ".join([prompt_id, *map(_plain, axes.values())])


def _plain(label: Json) -> str:
    return "..." if isinstance(label, Mapping | list | tuple) else str(label)
