"""Until when the owner of a lock in a store may submit. Pure.

A process that can't renew its lock must stop to submit before anybody may take the lock from it. Why it does:

1. The owner notes the time *before* it sends a renewal. The store stamps the renewal when it arrives, which is later.
   So the lock lasts at least until that note and ``ttl_s``, counted in true seconds from true moments.
2. The owner submits only for three quarters of ``ttl_s`` from the note on (``STOPS_AT``), which is 60 of 80 seconds.
3. A finder takes it only when the store's own stamps are ``ttl_s`` and a sixteenth apart, 85 seconds, which is later
   than the end of 1.

Between the last submit and the first moment of a takeover lie 25 seconds. They are for
what is not exact: a submit that has passed the gate and is still connecting (15 s at most), stamps that are cut to
seconds, machines of a store that differ by a second or two, and clocks that run fast or slow (1 in 1,000 at worst).

Seconds are counted by two clocks, and the longer count is believed: the monotonic one stops on some systems while the
machine sleeps, and the wall clock may be set. A wall clock that was set forward ends the lease too soon, and then it is
renewed at once. One that was set back is not believed.

One case is left: a process that is stopped for long between the gate and the socket (SIGSTOP, a suspended machine): no
lock on another machine can stop that. Its request carries the key that the new owner sends for the same job, so that
the API answers both with one task (docs/stores.md).
"""

from dataclasses import dataclass

from qwave_batch.folder.stores.lock_record import TTL_S
from qwave_batch.model.clock import Clock

STOPS_AT = 0.75
"""The part of its lock's life after which a process stops to submit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitLease:
    """The right to submit, from one renewal of the lock on."""

    noted_at: float
    """Unix seconds, before the renewal was sent."""
    monotonic: float
    """Monotonic seconds at the same moment."""
    ttl_s: float = TTL_S

    @classmethod
    def note(cls, clock: Clock, ttl_s: float = TTL_S) -> "SubmitLease":
        """Return the lease that a renewal will give that is sent after this, if the store accepts it."""
        return cls(noted_at=clock.now(), monotonic=clock.monotonic(), ttl_s=ttl_s)

    def left_s(self, clock: Clock) -> float:
        """Return for how long one may still submit; 0 or less: no longer."""
        by_wall, by_monotonic = clock.now() - self.noted_at, clock.monotonic() - self.monotonic
        return self.ttl_s * STOPS_AT - max(by_wall, by_monotonic)

    def is_run_out(self, clock: Clock) -> bool:
        """Whether the lock has run out although the machine was awake all the time: the store did not answer."""
        return clock.monotonic() - self.monotonic >= self.ttl_s
