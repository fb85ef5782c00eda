"""Whether the API still tells how tasks stand: a run that can't learn of their ends should not make new ones. Pure."""

from dataclasses import dataclass, field

FEWEST_TASKS = 3
"""Fewer tasks without a status may have trouble of their own."""
STALE_S = 30.0
"""After so long without the status of any of them, it is not a moment's trouble."""


@dataclass(slots=True)
class StatusWatchdog:
    """The polls since the last answer that told how a task stands; times are monotonic seconds."""

    stale_since: float | None = None
    """When the first of them failed; None while polls are answered."""
    why: str = ""
    """The reason that the last of them failed."""
    is_throttled: bool = False
    """Whether that was a 429."""
    is_forbidden: bool = False
    """Whether that was a 403."""
    _without_status: set[str] = field(default_factory=set)

    def record_success(self) -> None:
        """Record that the API told how a task stands."""
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
        """Return for how long no task's status was told; 0 while the API tells."""
        return 0.0 if self.stale_since is None else now - self.stale_since

    def is_stale(self, now: float) -> bool:
        """Whether the status of several tasks is not told, and not for a moment only."""
        return len(self._without_status) >= FEWEST_TASKS and self.stale_s(now) >= STALE_S

    def is_hopeless(self, now: float, longest_s: float) -> bool:
        """Whether polling on is useless: a 429 is meant for every poll, and other trouble for many.

        A 403 is an answer, and none that mends itself, however few tasks are polled.
        """
        is_meant = self.is_throttled or self.is_forbidden
        return self.stale_s(now) > longest_s and (is_meant or self.is_stale(now))
