"""The lease of a running job: a slot, and room for one submit."""

from collections.abc import Callable

from qwave_batch.run.jobs.model_queue import ModelQueue
from qwave_batch.run.limits.sliding_window import Reservation


class SlotLease:
    """A slot and a place in the send windows, each released once, as soon as it is not needed."""

    def __init__(self, model_queue: ModelQueue, *, reservation: Reservation | None, notify: Callable[[], None]) -> None:
        """Describe a lease; ``acquire`` takes it.

        Args:
            model_queue: The queue of the job's model.
            reservation: Room for its submit; None for a recorded task, which is only polled.
            notify: Tells the scheduler that something was released.
        """
        self.model_queue = model_queue
        self._reservation = reservation
        self._notify = notify
        self._has_slot = True
        self._is_submitting = self.is_polled = reservation is not None
        """``is_polled``: whether the recorded task was polled once; new tasks wait for that."""

    @classmethod
    def acquire(
        cls,
        model_queue: ModelQueue,
        *,
        reservation: Reservation | None,
        notify: Callable[[], None],
        takes_over: bool = False,
    ) -> "SlotLease":
        """Take a slot of a model, unless the job holds one already (``takes_over``), and count its submit."""
        lease = cls(model_queue, reservation=reservation, notify=notify)
        model_queue.alive += not takes_over
        model_queue.submitting += lease._is_submitting
        return lease

    def spend(self, now: float) -> None:
        """Count the submit that leaves now."""
        if self._reservation is not None:
            self._reservation.spend(now)

    def answered(self) -> None:
        """Note that the submit, or the first poll, was answered."""
        if self._is_submitting:
            self._is_submitting = False
            self.model_queue.submitting -= 1
            self._notify()
        elif not self.is_polled:
            self._notify()
        self.is_polled = True

    def free_slot(self) -> None:
        """Give the slot to another job: the task is over."""
        if self._has_slot:
            self._has_slot = False
            self.model_queue.alive -= 1
            self._notify()

    def settled(self) -> None:
        """Release the part of the reserved money that the task did not cost."""
        self._notify()

    def leave_slot(self) -> None:
        """Leave the slot with the job, which waits for a retry while a task of it may be alive."""
        self._has_slot = False

    def close(self) -> None:
        """Release everything that is left."""
        if self._reservation is not None:
            self._reservation.give_back()
        self.answered()
        self.free_slot()
