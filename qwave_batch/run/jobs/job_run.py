"""A job in a run: its record, its tries so far, and its possible next steps."""

from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.ledger.attempt import Acceptance, Attempt, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.model.task import ResultImage, Task


@dataclass(frozen=True, slots=True)
class AcceptedAttempt:
    """An attempt whose task is known."""

    attempt: Attempt
    task_id: str

    @classmethod
    def of(cls, attempt: Attempt | None) -> "AcceptedAttempt | None":
        """Return an attempt with its task; None if no task is recorded."""
        return None if attempt is None or attempt.task_id is None else cls(attempt, attempt.task_id)


@dataclass(frozen=True, slots=True)
class EndedTask:
    """An ended task, and the attempt that created it."""

    attempt: Attempt
    task: Task


@dataclass(slots=True)
class JobRun:
    """The processing of one job; only its current worker changes it."""

    job: Job
    row: int
    """As in a ``JobSnapshot``."""
    order: int
    """Lower values go first."""
    is_planned: bool
    status: JobStatus
    """The status with which the job was counted last."""
    attempt: Attempt | None
    files: tuple[StoredFile, ...]
    record: JobRecord
    tries_left: int
    """The number of tries left in this run."""
    is_maybe_submitted: bool
    """Whether the current key may have created a task that we do not know."""
    acceptance: Acceptance | None = None
    """The API's acceptance of the submit, until it is recorded."""
    silences: int = 0
    """Consecutive submits without an answer."""
    failed_before: int = 0
    """Tasks of this run that failed."""
    sends: int = 0
    """Submits of this run."""
    sent_at: float | None = None
    """Monotonic seconds of the last of them."""
    held_s: float = 0.0
    """How long the API held the answer to it while the task was still running."""
    holds_slot: bool = False
    """Whether it keeps its slot while it waits for a retry, because a task of it may be alive."""
    results: tuple[ResultImage, ...] = ()
    """The images as the task has just listed them: the ledger keeps no bytes and no secrets."""
    unread: JobError | None = None
    """Why a part of the result cannot be read."""
    said: JobError | None = None
    """The error in the last success of a submit that had no task."""
    is_resubmit: bool = False
    """Whether a lost task's key is sent again at a user's request."""
    stored_images: int = 0
    """How many of its images are in place."""
    parent_tries: int = 0
    """How often the API did not say where the images of its parents are."""
    unanswered_since: float | None = None
    """Monotonic seconds of the first such time."""

    @classmethod
    def of(cls, snapshot: JobSnapshot, retry_attempts: int) -> "JobRun":
        """Return the run of a job from its record."""
        attempt = snapshot.attempt
        return cls(
            job=snapshot.line.job,
            row=snapshot.row,
            order=snapshot.row if snapshot.position is None else snapshot.position,
            is_planned=snapshot.is_planned,
            status=snapshot.line.record.status,
            attempt=attempt,
            files=snapshot.files,
            record=snapshot.line.record,
            tries_left=retry_attempts,
            is_maybe_submitted=attempt is not None and _may_be_submitted(attempt),
            stored_images=len(snapshot.files),
        )

    @property
    def state(self) -> AttemptState | None:
        """The state of the newest attempt."""
        return self.attempt.state if self.attempt else None

    @property
    def accepted(self) -> AcceptedAttempt | None:
        """The attempt whose task is polled, if the API created one and the user does not ask for another."""
        is_made = self.state in {AttemptState.ACCEPTED, AttemptState.NOT_FOUND} and not self.is_resubmit
        return AcceptedAttempt.of(self.attempt) if is_made else None

    @property
    def is_out(self) -> bool:
        """Whether its key may have been sent and was not answered."""
        return self.state is AttemptState.SUBMITTING

    @property
    def needed_nusd(self) -> int:
        """The money to reserve for a submit: a key in flight has its reservation already.

        That is less than the estimate if prices have risen, or if the ledger was edited.
        """
        return needed_nusd(self.job, self.attempt)


def _may_be_submitted(attempt: Attempt) -> bool:
    """Whether the key may have created a task: it is in flight, or its last answer proved nothing."""
    is_doubted = attempt.state is AttemptState.NOT_SUBMITTED and attempt.doubt_nusd > 0
    return attempt.state is AttemptState.SUBMITTING or is_doubted


def needed_nusd(job: Job, attempt: Attempt | None) -> int:
    """Return the money to reserve for a submit of a job, given its newest attempt."""
    is_out = attempt is not None and attempt.state is AttemptState.SUBMITTING
    return max(0, job.estimated_nusd - (attempt.held_nusd if attempt is not None and is_out else 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """This run has finished with the job; ``pending`` leaves it to the next one."""

    status: JobStatus
    is_final_failure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """The job is to be continued, not before ``at`` (monotonic seconds)."""

    at: float
    goes_last: bool = False
    """Whether all other jobs of its model go first."""


Step: TypeAlias = Finished | RetryAt
"""The result of a worker's step with a job."""
