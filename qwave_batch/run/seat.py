"""What a job holds while a worker has it in hand: a slot, and room for one submit."""

from collections.abc import Callable

from qwave_batch.run.lane import Lane
from qwave_batch.run.window import SendWindow


class Seat:
    """A slot and a place in the send windows, each let go of once, as soon as it is not needed."""

    def __init__(self, lane: Lane, account: SendWindow, *, submits: bool, ring: Callable[[], None]) -> None:
        self.lane = lane
        self._windows = (account, lane.window) if submits else ()
        self._ring = ring
        self._has_slot = True
        self._has_room = self._is_submitting = submits
        self.is_asked = submits
        """Whether the task on record was asked once; new tasks wait for that."""
        lane.alive += 1
        lane.submitting += submits
        for window in self._windows:
            window.reserve()

    def spend(self, now: float) -> None:
        """Count the submit that leaves now."""
        if self._has_room:
            self._has_room = False
            for window in self._windows:
                window.spend(now)

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

    def close(self) -> None:
        """Let go of all that is left."""
        if self._has_room:
            self._has_room = False
            for window in self._windows:
                window.give_back()
        self.answered()
        self.free_slot()
