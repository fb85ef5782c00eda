"""A task of the API as any of its dialects reports it, read into one shape."""

from dataclasses import dataclass
from enum import StrEnum


class TaskState(StrEnum):
    """The states of a task; the last three are terminal."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the task will never change again."""
        return self in {TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultImage:
    """One image of a completed task, still at the API."""

    url: str
    masked_url: str | None = None
    """The address as it may be shown and written down, when the real one holds a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskError:
    """Why a task failed, in the API's words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one answer of the API says of a task. Times are Unix seconds, money is quota."""

    task_id: str
    state: TaskState
    created_at: float | None = None
    completed_at: float | None = None
    hold_quota: int | None = None
    """``pre_consumed_cost``: what the API set aside at submit."""
    cost_quota: int | None = None
    """``cost``: what the API charged; None when it does not say."""
    images: tuple[ResultImage, ...] = ()
    error: TaskError | None = None
