"""What time it is at the API, by the dates of its own answers. Pure."""

from dataclasses import dataclass

KEY_MARGIN_HOURS = 1.0
"""A key is trusted for so much less than the API promises: 23 of 24 hours."""
DISAGREEMENT_S = 60.0
"""Clocks that differ by less are taken for the same."""


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

    def latest(self, *, now: float, monotonic: float) -> float:
        """Return the API's time, the later one where our clocks differ: for judging how old a stamp is at most.

        Before any answer had a date it is our own.
        """
        return now if self._served_at is None else self._served_at + max(self._passed(now, monotonic))

    def earliest(self, *, now: float, monotonic: float) -> float:
        """Return the API's time, the earlier one where our clocks differ: a stamp for what must not look young."""
        return now if self._served_at is None else self._served_at + min(self._passed(now, monotonic))

    def is_sure(self, *, now: float, monotonic: float) -> bool:
        """Whether there was a date, and our clocks agree on how long ago that was."""
        by_wall, by_monotonic = self._passed(now, monotonic)
        return self._served_at is not None and abs(by_wall - by_monotonic) < DISAGREEMENT_S

    def _passed(self, now: float, monotonic: float) -> tuple[float, float]:
        """Return the seconds since the last date, by either clock."""
        return now - self._now, monotonic - self._monotonic


def is_key_kept(first_sent_at: float | None, api_now: float, idempotency_hours: float | None) -> bool:
    """Whether the API surely still knows a key that was first sent at ``first_sent_at``.

    One that is yet to be sent by its stamp was stamped by a wrong clock, and nothing is sure.
    """
    if idempotency_hours is None or first_sent_at is None:
        return False
    return -DISAGREEMENT_S < api_now - first_sent_at < (idempotency_hours - KEY_MARGIN_HOURS) * 3600
