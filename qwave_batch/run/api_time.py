"""What time it is at the API, by the dates of its own answers. Pure."""

from dataclasses import dataclass

KEY_MARGIN_HOURS = 1.0
"""A key is trusted for so much less than the API promises: 23 of 24 hours."""
DISAGREEMENT_S = 60.0


@dataclass(slots=True)
class ApiTime:
    """The API's clock, carried on by both of ours: one may jump, the other may stand still while the machine sleeps."""

    _served_at: float | None = None
    _now: float = 0.0
    _monotonic: float = 0.0

    def observe(self, served_at: float | None, *, now: float, monotonic: float) -> None:
        """Take in the date of an answer that has just come; None says nothing."""
        if served_at is not None:
            self._served_at, self._now, self._monotonic = served_at, now, monotonic

    def at(self, *, now: float, monotonic: float) -> float:
        """Return the API's time, the later one where our clocks differ; our own before any answer had a date."""
        if self._served_at is None:
            return now
        return self._served_at + max(now - self._now, monotonic - self._monotonic)

    def is_sure(self, *, now: float, monotonic: float) -> bool:
        """Whether there was a date, and our clocks agree on how long ago that was."""
        passed = monotonic - self._monotonic
        return self._served_at is not None and abs((now - self._now) - passed) < DISAGREEMENT_S


def is_key_kept(first_sent_at: float | None, api_now: float, idempotency_hours: float | None) -> bool:
    """Whether the API surely still knows a key that was first sent at ``first_sent_at``."""
    if idempotency_hours is None or first_sent_at is None:
        return False
    return api_now - first_sent_at < (idempotency_hours - KEY_MARGIN_HOURS) * 3600
