"""The facts about a job at one moment: its record, its line in the plan, and the snapshot that a run acts on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus

_STATUS = {
    AttemptState.SUBMITTING: JobStatus.PENDING,
    AttemptState.ACCEPTED: JobStatus.PENDING,
    AttemptState.COMPLETED: JobStatus.PENDING,  # its images are not on disk yet
    AttemptState.STORED: JobStatus.COMPLETED,
    AttemptState.UNRECOVERABLE: JobStatus.FAILED,
    AttemptState.FAILED: JobStatus.FAILED,
    AttemptState.REFUSED: JobStatus.FAILED,
    AttemptState.CANCELLED: JobStatus.CANCELLED,
    AttemptState.UNKNOWN: JobStatus.UNKNOWN,
    AttemptState.NOT_FOUND: JobStatus.UNKNOWN,
}


def derive_record(
    job_id: str, attempts: Sequence[Attempt], images: tuple[ImageFile, ...] = (), skip: JobError | None = None
) -> JobRecord:
    """Return the record of a job from all its attempts, oldest first, and the images of the last one."""
    if not attempts:
        return JobRecord(job_id=job_id, status=JobStatus.SKIPPED if skip else JobStatus.PENDING, error=skip)
    last = attempts[-1]
    with_task = cost_from = error = None
    tasks = cost_nusd = 0
    for attempt in attempts:
        with_task = with_task if attempt.task_id is None else attempt
        cost_from = attempt.cost_from or cost_from
        error = attempt.error or error  # it stays until an attempt succeeds
        tasks += attempt.tasks
        cost_nusd += attempt.cost_nusd
    if last.state is AttemptState.STORED:
        error = None
    return JobRecord(
        job_id=job_id,
        status=JobStatus.SKIPPED if skip else status_of(last),
        task_id=with_task.task_id if with_task else None,
        attempts=tasks,
        submitted_at=with_task.submitted_at if with_task else None,
        completed_at=with_task.ended_at if with_task else None,
        seconds=_seconds(with_task) if with_task else None,
        cost_nusd=cost_nusd,
        cost_from=cost_from,
        images=images,
        error=skip or error,
        reused_from=last.origin,
    )


def status_of(attempt: Attempt) -> JobStatus:
    """Return the status of a job from its newest attempt."""
    return status_in(attempt.state, has_error=attempt.error is not None)


def status_in(state: AttemptState | None, *, has_error: bool, is_skipped: bool = False) -> JobStatus:
    """Return the status of a job from the state of its newest attempt, None when there is none."""
    if is_skipped:
        return JobStatus.SKIPPED
    if state is None:
        return JobStatus.PENDING
    if state is AttemptState.NOT_SUBMITTED:
        return JobStatus.FAILED if has_error else JobStatus.PENDING
    return _STATUS[state]


def _seconds(attempt: Attempt) -> float | None:
    if attempt.submitted_at is None or attempt.ended_at is None:
        return None
    return round(max(0.0, attempt.ended_at - attempt.submitted_at), 3)


@dataclass(frozen=True, slots=True)
class JobDecision:
    """The decision on a job of a stage whose jobs are chosen by scores, checks or picks."""

    job_id: str
    error: JobError | None = None
    """Why it is not made; None where it is."""


@dataclass(frozen=True, slots=True)
class ParentState:
    """The state of a job that another one waits for."""

    row: int
    """As in a ``JobSnapshot``."""
    status: JobStatus
    images: int
    """How many it has in place."""
    has_failed: bool = False
    """Whether it has failed, or is skipped because one that it is made from has."""

    def meets(self, link: ParentLink) -> bool:
        """Whether it is made, with the image that is needed of it."""
        return self.status is JobStatus.COMPLETED and (link.image or 0) <= self.images


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A job of the plan, the entries that resolved to the same job, and its record."""

    job: Job
    also: tuple[Duplicate, ...] = ()
    record: JobRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSnapshot:
    """The facts about one job that a run needs before it acts on it."""

    row: int
    """The ledger's own small number for the job; it stays the same as long as the job is recorded."""
    position: int | None
    """Its place among the jobs of the plan; None when it has left the plan."""
    line: PlanLine
    attempt: Attempt | None
    """The newest one."""
    files: tuple[StoredFile, ...] = ()
    """The images of the newest attempt."""
    decision: JobDecision | None = None
    """As it was last taken, if the job needs one; a job of a stage that decides waits while there is none."""
    parents: Mapping[str, ParentState] = field(default_factory=dict)
    """Those on record by their ids; empty for a job whose images are in place."""

    @property
    def is_planned(self) -> bool:
        """Whether the plan holds the job."""
        return self.position is not None


@dataclass(frozen=True, slots=True)
class MadeJob:
    """A job as those need it that are made of its images: without its request."""

    attempt: Attempt
    """The newest one."""
    files: tuple[StoredFile, ...]

    def meets(self, link: ParentLink) -> bool:
        """Whether its images are in place, with the one that is needed."""
        return self.attempt.state is AttemptState.STORED and (link.image or 0) <= len(self.files)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The facts that cheaply reveal a later change of an image's file."""

    path: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob:
    """A job of the plan whose images were put in place, without its request."""

    row: int
    """As in a ``JobSnapshot``."""
    max_images: int
    is_skipped: bool
    files: tuple[FileFacts, ...]
