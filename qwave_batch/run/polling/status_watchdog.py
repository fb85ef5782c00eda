"""Whether the API still tells how tasks stand: who can't learn of their ends should not make new ones. Pure."""

from dataclasses import dataclass, field

from qwave_batch.client.answers import Throttled

FEWEST_TASKS = 3
"""Fewer tasks without news may have trouble of their own."""
STALE_S = 30.0
"""So long without news of any of them, it is not a moment's trouble."""


@dataclass(slots=True)
class StatusWatchdog:
    """The questions since the last answer about a task; times are monotonic seconds."""

    silent_since: float | None = None
    """When the first of them was not answered; None while they are."""
    why: str = ""
    """What came of the last of them."""
    is_throttled: bool = False
    """Whether that was a 429."""
    is_forbidden: bool = False
    """Whether that was a 403."""
    final_throttle: Throttled | None = None
    """The 429 that asks to wait for longer than the run may: nothing is asked any more."""
    _without_status: set[str] = field(default_factory=set)

    def record_success(self) -> None:
        """Note that the API told how a task stands."""
        self.silent_since = None
        self._without_status.clear()

    def record_failure(
        self, task_id: str, now: float, why: str, *, is_throttled: bool = False, is_forbidden: bool = False
    ) -> None:
        """Note that it did not."""
        self.silent_since = now if self.silent_since is None else self.silent_since
        self.why, self.is_throttled, self.is_forbidden = why, is_throttled, is_forbidden
        self._without_status.add(task_id)

    def silent_s(self, now: float) -> float:
        """Return for how long no task was heard of; 0 while the API tells."""
        return 0.0 if self.silent_since is None else now - self.silent_since

    def is_stale(self, now: float) -> bool:
        """Whether none of several tasks is heard of, and not for a moment only."""
        return len(self._without_status) >= FEWEST_TASKS and self.silent_s(now) >= STALE_S

    def is_given_up(self, now: float, patience_s: float) -> bool:
        """Whether there is no use in asking on: a 429 is meant for every question, and other trouble for many.

        A 403 is an answer, and none that mends itself, however few tasks are asked for.
        """
        is_meant = self.is_throttled or self.is_forbidden
        return self.silent_s(now) > patience_s and (is_meant or self.is_stale(now))
