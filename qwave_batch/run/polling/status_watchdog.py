"""Detects that the API no longer reports the status of tasks: then no new ones should be submitted. Pure."""

from dataclasses import dataclass, field

FEWEST_TASKS = 3
"""Fewer tasks without a status may have a problem of their own."""
STALE_S = 30.0
"""After this long without any status it is not a short failure."""


@dataclass(slots=True)
class StatusWatchdog:
    """The polls since the last answer with a task's status; times are monotonic seconds."""

    stale_since: float | None = None
    """When the first of them failed; None while polls succeed."""
    why: str = ""
    """The reason of the last failure."""
    is_throttled: bool = False
    """Whether that was a 429."""
    is_forbidden: bool = False
    """Whether that was a 403."""
    _without_status: set[str] = field(default_factory=set)

    def record_success(self) -> None:
        """Record that the API reported a task's status."""
        self.stale_since = None
        self._without_status.clear()

    def record_failure(
        self, task_id: str, now: float, why: str, *, is_throttled: bool = False, is_forbidden: bool = False
    ) -> None:
        """Record that it did not."""
        self.stale_since = now if self.stale_since is None else self.stale_since
        self.why, self.is_throttled, self.is_forbidden = why, is_throttled, is_forbidden
        self._without_status.add(task_id)

    def stale_s(self, now: float) -> float:
        """Return for how long no task's status was reported; 0 while polls succeed."""
        return 0.0 if self.stale_since is None else now - self.stale_since

    def is_stale(self, now: float) -> bool:
        """Whether the status of several tasks has been missing for some time."""
        return len(self._without_status) >= FEWEST_TASKS and self.stale_s(now) >= STALE_S

    def is_hopeless(self, now: float, longest_s: float) -> bool:
        """Whether further polls are useless: a 429 concerns every poll, other failures many.

        A 403 is an answer that does not change by itself, however few tasks are polled.
        """
        is_meant = self.is_throttled or self.is_forbidden
        return self.stale_s(now) > longest_s and (is_meant or self.is_stale(now))
