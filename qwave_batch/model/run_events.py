"""Events of a run, one frozen type each. All times are Unix seconds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from qwave_batch.model.job import JobError
from qwave_batch.model.progress import Throttle, WaitKind
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.model.run_ends import EndKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run has taken a folder into use, and its plan is on record."""

    time: float
    name: str
    """The spec's."""
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimated:
    """The missing jobs are known and confirmed; nothing was submitted yet."""

    time: float
    reused: int
    """Jobs whose images were taken from other folders."""
    to_submit: int
    """Jobs that are to be submitted."""
    estimated_usd: float
    """The most that they should cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitBegun:
    """The intent to submit a job is on record, and its request is about to leave."""

    time: float
    job_id: str
    attempt: int
    """Which of the job's attempts it is, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAccepted:
    """The API has made a task, and its id is on record."""

    time: float
    job_id: str
    attempt: int
    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded:
    """A task is over, and what it cost is on record; the images of a completed one are still to be fetched.

    One that ended as failed, and shows images when it is asked again, ends a second time, as completed.
    """

    time: float
    job_id: str
    attempt: int
    task_id: str | None
    status: Literal["completed", "failed", "cancelled"]
    cost_usd: float
    seconds: float | None
    """From submit to its end."""
    error: JobError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesStored:
    """Every image of a job is in place, checked, and on record: the job is completed."""

    time: float
    job_id: str
    attempt: int
    images: tuple[ImageFile, ...]
    reused_from: ReusedFrom | None
    """The folder that they were taken from; None when they were downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSetBack:
    """A job has come no further, for now or for good: refused, parked, given up, unknown, lost, or without image."""

    time: float
    job_id: str
    attempt: int
    status: JobStatus
    """How the job stands now."""
    error: JobError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWaiting:
    """Nothing can be submitted for a while."""

    time: float
    note: str
    """The wait, in words."""
    kind: WaitKind
    model: str | None
    """The model that the wait is about; None where it is about the whole account."""
    until: float | None
    """When it should be over; None where nobody can tell."""
    throttles: tuple[Throttle, ...] = ()
    """All that the API, or a host of images, has asked not to be called for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The run is over; manifest and summary are written."""

    time: float
    kind: EndKind
    exit_status: int
    """The one of its kind."""
    reason: str
    completed: int
    """Jobs, of those that the run was asked for."""
    cost_usd: float
    """Cost of this run."""


Event: TypeAlias = (
    RunStarted
    | RunEstimated
    | SubmitBegun
    | TaskAccepted
    | TaskEnded
    | ImagesStored
    | JobSetBack
    | RunWaiting
    | RunEnded
)
"""All events. An event reports what is on record already; the ledger stays the source of truth."""

OnEvent: TypeAlias = Callable[[Event], None]
