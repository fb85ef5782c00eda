"""A job at work in a run: its record, its tries so far, and the ways in which it can go on."""

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
        """Return an attempt with its task; None where no task is on record."""
        return None if attempt is None or attempt.task_id is None else cls(attempt, attempt.task_id)


@dataclass(frozen=True, slots=True)
class EndedTask:
    """A task in its end, and the attempt that made it."""

    attempt: Attempt
    task: Task


@dataclass(slots=True)
class JobRun:
    """One job on its way; only the worker that has it in hand changes it."""

    job: Job
    order: int
    """Smaller goes first."""
    is_planned: bool
    status: JobStatus
    """How the job was counted last."""
    attempt: Attempt | None
    files: tuple[StoredFile, ...]
    record: JobRecord
    tries_left: int
    """How often more it may be tried in this run."""
    is_maybe_submitted: bool
    """Whether a task may have been made under the present key without our knowing."""
    acceptance: Acceptance | None = None
    """How the API took the submit, until that is on record."""
    silences: int = 0
    """Submits in a row that nobody answered."""
    failed_before: int = 0
    """Tasks of this run that failed."""
    sends: int = 0
    """Submits of this run."""
    sent_at: float | None = None
    """Monotonic seconds of the last of them."""
    held_s: float = 0.0
    """For how long the API held the answer to it, and the task was still at work."""
    holds_slot: bool = False
    """Whether it keeps its slot while it waits for another try, because a task of it may be alive."""
    results: tuple[ResultImage, ...] = ()
    """The images as the task has just told of them: the ledger keeps no bytes and no secrets."""
    unread: JobError | None = None
    """Why a part of the result can't be read."""
    said: JobError | None = None
    """The error that the last success of a submit held in place of a task."""
    is_resubmit: bool = False
    """Whether a lost task's key goes out again, as a person asked."""

    @classmethod
    def of(cls, snapshot: JobSnapshot, retry_attempts: int) -> "JobRun":
        """Return the run of a job as it is on record."""
        attempt = snapshot.attempt
        return cls(
            job=snapshot.line.job,
            order=snapshot.row if snapshot.position is None else snapshot.position,
            is_planned=snapshot.is_planned,
            status=snapshot.line.record.status,
            attempt=attempt,
            files=snapshot.files,
            record=snapshot.line.record,
            tries_left=retry_attempts,
            is_maybe_submitted=attempt is not None and _may_be_submitted(attempt),
        )

    @property
    def state(self) -> AttemptState | None:
        """The state of the newest attempt."""
        return self.attempt.state if self.attempt else None

    @property
    def accepted(self) -> AcceptedAttempt | None:
        """The attempt whose task is polled, where the API has made one and a person does not ask for another."""
        is_made = self.state in {AttemptState.ACCEPTED, AttemptState.NOT_FOUND} and not self.is_resubmit
        return AcceptedAttempt.of(self.attempt) if is_made else None

    @property
    def is_out(self) -> bool:
        """Whether its key was perhaps sent and not answered."""
        return self.state is AttemptState.SUBMITTING

    @property
    def needed_nusd(self) -> int:
        """The money to reserve for a submit of it: a key that is still out holds its money already.

        It holds less than the estimate where prices have risen, or where a ledger was written to say so.
        """
        return needed_nusd(self.job, self.attempt)


def _may_be_submitted(attempt: Attempt) -> bool:
    """Whether a task may have been made under the key: it is out, or its last answer proved nothing."""
    is_doubted = attempt.state is AttemptState.NOT_SUBMITTED and attempt.doubt_nusd > 0
    return attempt.state is AttemptState.SUBMITTING or is_doubted


def needed_nusd(job: Job, attempt: Attempt | None) -> int:
    """Return what must be reserved for a submit of a job, given its newest attempt."""
    is_out = attempt is not None and attempt.state is AttemptState.SUBMITTING
    return max(0, job.estimated_nusd - (attempt.held_nusd if attempt is not None and is_out else 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """This run is through with the job; ``pending`` leaves it to the next one."""

    status: JobStatus
    is_final_failure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """The job is to be taken up again, not before ``at`` (monotonic seconds)."""

    at: float
    goes_last: bool = False
    """Whether all other jobs of its model come first."""


Step: TypeAlias = Finished | RetryAt
"""How far a job has come when its worker lets go of it."""
