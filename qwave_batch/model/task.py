"""A task of the API as any of its dialects reports it, read into one shape."""

from dataclasses import dataclass, field
from enum import StrEnum

INLINE = "data:"
"""Placeholder address of an image whose bytes came in the answer itself."""


class TaskState(StrEnum):
    """The states of a task; the last four are terminal."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ENDED = "ended"
    """It is over, in a word of the API that is not one of those above: only ``cost`` tells whether it was paid."""

    @property
    def is_terminal(self) -> bool:
        """Whether the task will never change again."""
        return self not in {TaskState.QUEUED, TaskState.PROCESSING}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultImage:
    """One image of a completed task, still at the API; without an address and bytes it is yet to be listed."""

    url: str
    masked_url: str | None = None
    """The address as it may be shown and written down, when the real one holds a secret, or is the image itself."""
    content: bytes | None = field(default=None, repr=False)
    """The image, when the answer held it and no address."""
    expires_at: float | None = None
    """Unix seconds after which the file is gone; None when the API does not say."""

    @property
    def is_listed(self) -> bool:
        """Whether it can be had: its address is known, or its bytes are."""
        return bool(self.url) or self.content is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskError:
    """Why a task failed, in the API's words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as one answer of the API describes it. Times are Unix seconds, money is nano-dollars."""

    task_id: str
    state: TaskState
    created_at: float | None = None
    completed_at: float | None = None
    hold_nusd: int | None = None
    """``pre_consumed_cost``: what the API set aside at submit."""
    cost_nusd: int | None = None
    """``cost``: what the API charged; None when it does not say."""
    images: tuple[ResultImage, ...] = ()
    """In the API's order; a place that it has left empty is an image that is not listed yet."""
    error: TaskError | None = None
    word: str = ""
    """The API's own word for the state, if it is unknown."""
    unread: str = ""
    """Why a part of the result can't be read, which may be images; empty when all of it can."""
    answer: bytes = field(default=b"", repr=False)
    """The whole answer of a task that ended without an image that can be had, without secrets."""

    @property
    def listed(self) -> int:
        """How many images can be had."""
        return sum(image.is_listed for image in self.images)

    @property
    def is_hollow(self) -> bool:
        """Whether it lists images and none of them can be had yet."""
        return bool(self.images) and not self.listed and not self.unread
