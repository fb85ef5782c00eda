"""Places in line for polls that are due together, so that they never leave as a herd. Pure."""

PACE = 16.0
"""How many times faster than once a task and age polls may follow each other."""
OLDEST_S = 10.0
"""A task that takes very long does not hold up the polls of others."""


class Turns:
    """The polls of one model, one after the other; times are monotonic seconds."""

    def __init__(self) -> None:
        self._open_at = 0.0

    def take(self, now: float, *, age_s: float, alive: int) -> float:
        """Return when the poll of a task that is due now may leave, ``now`` or later.

        Args:
            now: The present.
            age_s: Of the task.
            alive: How many tasks of the model are waited for.
        """
        turn = max(now, self._open_at)
        self._open_at = turn + min(age_s, OLDEST_S) / (PACE * max(1, alive))
        return turn
