"""A task of the simulator: its whole fate is recorded from the start, so its state depends only on the time."""

from dataclasses import dataclass

from qwave_batch.model.task import TaskState

_LAST_PERCENT = 99  # a task that is not over never says 100%


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTask:
    """One accepted task. Times are Unix seconds, money is quota."""

    task_id: str
    account: str
    """Owner of the task: a hash of the key."""
    model: str
    action: str
    body_hash: str
    """The hash of the request without callback fields: equal for equal jobs."""
    sent_hash: str
    """The hash of the whole body, which an idempotency key stands for."""
    idempotency_key: str | None
    created_at: float
    starts_at: float
    """When it leaves the queue."""
    ends_at: float | None
    """None for a task that never ends."""
    images: int
    """The number of images it returns on success."""
    error_code: str | None
    error_message: str | None
    hold_quota: int
    """Amount held at submit."""
    price_quota: int
    """Cost of its images after success; 0 if it will fail or return no images."""
    cancelled_at: float | None = None
    design: str = "{}"
    """Content of its images, as JSON; see image_drawing.py."""

    def state(self, now: float) -> TaskState:
        """Return the state of the task at a given time."""
        if self.cancelled_at is not None:
            return TaskState.CANCELLED
        if self.ends_at is not None and now >= self.ends_at:
            return TaskState.FAILED if self.error_code else TaskState.COMPLETED
        return TaskState.PROCESSING if now >= self.starts_at else TaskState.QUEUED

    def has_completed(self, now: float) -> bool:
        """Return whether it has ended well at a given time."""
        return self.state(now) is TaskState.COMPLETED

    def completed_at(self, now: float) -> float | None:
        """Return when the task ended, or None while it is running."""
        if self.cancelled_at is not None:
            return self.cancelled_at
        return self.ends_at if self.ends_at is not None and now >= self.ends_at else None

    def cost_quota(self, now: float) -> int:
        """Return the amount charged at a given time: the hold until the task ends, then the cost of its images."""
        match self.state(now):
            case TaskState.QUEUED | TaskState.PROCESSING:
                return self.hold_quota
            case TaskState.COMPLETED:
                return self.price_quota
            case TaskState.FAILED | TaskState.CANCELLED | TaskState.ENDED:
                return 0

    def percent(self, now: float) -> int:
        """Return the progress, 0 to 100; it only grows."""
        match self.state(now):
            case TaskState.COMPLETED:
                return 100
            case TaskState.PROCESSING:
                whole_s = self.ends_at - self.starts_at if self.ends_at is not None else 60.0
                share = (now - self.starts_at) / whole_s if whole_s > 0 else 1.0
                return min(_LAST_PERCENT, int(100 * share))
            case TaskState.QUEUED | TaskState.FAILED | TaskState.CANCELLED | TaskState.ENDED:
                return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCharge:
    """Cost of one task to its account at a given time: the amount held, or the final charge."""

    task_id: str
    account: str
    model: str
    body_hash: str
    idempotency_key: str | None
    state: TaskState
    hold_quota: int
    cost_quota: int
    """0 for failed and cancelled tasks and those without images; the hold while the task is alive."""
    images: int
    """The number of images returned so far."""


def charge_of(task: SimulatedTask, now: float) -> SimulatedCharge:
    """Return the cost of a task at a given time."""
    state = task.state(now)
    return SimulatedCharge(
        task_id=task.task_id,
        account=task.account,
        model=task.model,
        body_hash=task.body_hash,
        idempotency_key=task.idempotency_key,
        state=state,
        hold_quota=task.hold_quota,
        cost_quota=task.cost_quota(now),
        images=task.images if state is TaskState.COMPLETED else 0,
    )
