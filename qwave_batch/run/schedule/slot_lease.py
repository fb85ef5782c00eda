"""What a job holds while a worker has it in hand: a slot, and room for one submit."""

from collections.abc import Callable

from qwave_batch.run.limits.sliding_window import Reservation
from qwave_batch.run.schedule.model_queue import ModelQueue


class SlotLease:
    """A slot and a place in the send windows, each let go of once, as soon as it is not needed."""

    def __init__(
        self,
        lane: ModelQueue,
        *,
        reservation: Reservation | None,
        ring: Callable[[], None],
        takes_over: bool = False,
    ) -> None:
        """Take what a job needs.

        Args:
            lane: The job's model.
            reservation: Room for its submit; None for a task on record, which is only asked for.
            ring: Tells the scheduler that something has become free.
            takes_over: Whether the job holds a slot already.
        """
        self.lane = lane
        self._reservation = reservation
        self._ring = ring
        self._has_slot = True
        self._is_submitting = self.is_asked = reservation is not None
        """``is_asked``: whether the task on record was asked once; new tasks wait for that."""
        lane.alive += not takes_over
        lane.submitting += self._is_submitting

    def spend(self, now: float) -> None:
        """Count the submit that leaves now."""
        if self._reservation is not None:
            self._reservation.spend(now)

    def answered(self) -> None:
        """Note that the submit, or the first question, was answered."""
        if self._is_submitting:
            self._is_submitting = False
            self.lane.submitting -= 1
            self._ring()
        elif not self.is_asked:
            self._ring()
        self.is_asked = True

    def free_slot(self) -> None:
        """Give the slot to another job: the task is over."""
        if self._has_slot:
            self._has_slot = False
            self.lane.alive -= 1
            self._ring()

    def settled(self) -> None:
        """Tell that what was reserved for the task, and it has not cost, is free."""
        self._ring()

    def leave_slot(self) -> None:
        """Leave the slot with the job, which waits for another try while a task of it may be alive."""
        self._has_slot = False

    def close(self) -> None:
        """Let go of all that is left."""
        if self._reservation is not None:
            self._reservation.give_back()
        self.answered()
        self.free_slot()
