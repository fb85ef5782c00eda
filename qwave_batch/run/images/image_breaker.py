"""A circuit breaker for image downloads: how many more jobs may be submitted while images cannot be fetched. Pure.

A paid job whose image has failed occupies a slot until an image arrives. After ``TRIPS_AT`` failures in a row nothing
is submitted, and one image at a time is retried; the first one that arrives closes the breaker. Times are monotonic
seconds.
"""

import math
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import takewhile

TRIPS_AT = 3
"""This many images that fail in a row are not a coincidence."""
UNREAD_STOPS_AT = 3
"""After this many unreadable results the run submits nothing more."""
GIVES_UP_S = 90.0
"""How long the run waits for an image while jobs are left to submit."""
TAIL_S = 40.0
"""How long the run waits for images when nothing else is left to do."""
LONE_S = 5.0
"""How long nothing else must be going on before an image without comparison is judged."""
GRACE_S = 0.2
"""How long a task that has ended keeps its slot at most until its image arrives: downloads that fail at once are known
before the slot is reused."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0


def pause_s(tries: int) -> float:
    """Return how long to wait after so many failed tries, from 1."""
    return float(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(tries - 1, 16)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFailure:
    """A failure to fetch an image."""

    model: str
    host: str
    """The host of the image; empty if there was none."""
    why: str
    is_unread: bool = False
    """Whether its address cannot be read from the result."""
    is_late: bool = False
    """Whether the API has just not listed it yet."""


@dataclass(slots=True)
class _Failing:
    """A job whose image failed."""

    failure: ImageFailure
    """The latest failure."""
    since: float
    tried_at: float
    tries: int = 1
    counts: bool = True
    """Whether no other image has arrived since."""


class ImageBreaker:
    """Tracks the image fetches of this run, by job."""

    def __init__(self, earlier: int = 0) -> None:
        """Start with the number of jobs of earlier runs whose images are to be fetched."""
        self._earlier = earlier
        self._unread = 0
        self._has_come = False
        self._idle_since: float | None = None
        self._held_since: float | None = None
        self._excused_until = 0.0
        """Until this time a host has asked for a pause, so a lack of images means nothing."""
        self._waiters: set[str] = set()
        self._failing: dict[str, _Failing] = {}
        """The oldest first."""
        self._ended: dict[str, tuple[str, float]] = {}
        """Jobs whose task has ended and whose image was not fully tried yet: model and time, the latest last."""
        self._came_from: dict[str, float] = {}
        self._probes = 0
        self._probed_at = -math.inf

    # Current state.

    @property
    def unread(self) -> int:
        """How many results could not be read."""
        return self._unread

    @property
    def waiters(self) -> AbstractSet[str]:
        """Jobs whose workers wait for an image."""
        return self._waiters

    @property
    def held_since(self) -> float | None:
        """Since when submits are held because no image arrives; None while they are not."""
        return self._held_since

    # Recording.

    def task_ended(self, job_id: str, model: str, now: float) -> None:
        """Record that a task has ended and its image is to be fetched."""
        self._failing.pop(job_id, None)
        self._ended.pop(job_id, None)
        self._ended[job_id] = (model, now)

    def image_came(self, job_id: str, host: str, now: float) -> None:
        """Record that an image was stored: images can be fetched, and waiting jobs retry at once."""
        self._has_come, self._probes = True, 0
        self._came_from[host] = now
        for failing in self._failing.values():
            if failing.counts:
                failing.counts = False
                failing.tried_at, failing.tries = -math.inf, min(failing.tries, 1)
        self.forget(job_id)

    def image_failed(self, job_id: str, now: float, failure: ImageFailure) -> None:
        """Record that an image failed this time."""
        self._ended.pop(job_id, None)
        if self.is_tripped:
            self._probes += 1
            self._probed_at = now
        known = self._failing.get(job_id)
        if known is None:
            is_first = not self.is_tripped
            self._failing[job_id] = _Failing(failure, now, now)
            if is_first and self.is_tripped:
                self._probes, self._probed_at = 1, now
        else:
            known.failure, known.tried_at = failure, now
            known.tries += 1
            known.counts = known.counts or known.since > self._came_from.get(failure.host, -math.inf)
        self._unread += failure.is_unread

    def record_earlier(self) -> None:
        """Record that the images of one job of an earlier run were tried."""
        self._earlier -= 1

    def record_pass(self, now: float, *, is_held: bool, is_idle: bool) -> None:
        """Record whether submits are held because no image arrives, and whether only images are waited for."""
        self._held_since = (self._held_since or now) if is_held else None
        self._idle_since = (self._idle_since or now) if is_idle else None

    def excuse_until(self, at: float) -> None:
        """Do not count failures before a host may be asked again."""
        self._excused_until = max(self._excused_until, at)

    def start_waiting(self, job_id: str) -> None:
        """Record that a job's worker waits for an image."""
        self._waiters.add(job_id)

    def stop_waiting(self, job_id: str) -> None:
        """Record that a job's worker no longer waits."""
        self._waiters.discard(job_id)

    def forget(self, job_id: str) -> None:
        """Forget a job that has its images, or will never have them."""
        self._failing.pop(job_id, None)
        self._ended.pop(job_id, None)

    # Decisions.

    @property
    def _counted(self) -> list[_Failing]:
        return [each for each in self._failing.values() if each.counts and not each.failure.is_late]

    @property
    def _late(self) -> list[_Failing]:
        return [each for each in self._failing.values() if each.counts and each.failure.is_late]

    @property
    def is_tripped(self) -> bool:
        """Whether the latest images have all failed, so that submits are held."""
        return len(self._counted) >= TRIPS_AT

    @property
    def waiting(self) -> int:
        """How many jobs are paid for but lack their images."""
        return len(self._failing)

    def taken(self, limit: int, now: float, model: str | None = None) -> int:
        """Return how many of so many slots are taken by jobs without their image.

        Args:
            limit: The number of slots.
            now: The current time.
            model: The model to count; None means all.
        """
        failing = [each for each in self._counted if model in {None, each.failure.model}]
        late = [each for each in self._late if model in {None, each.failure.model}]
        quick = sum(model in {None, of} for of, _ in self._just_ended(now))
        early = self._earlier if model is None and not self._has_come else 0
        if len(late) >= limit:  # they leave their slots to others, once
            return limit
        # with few slots single dead files would fill them, and stop everything that is well
        counted = len(failing) if limit >= TRIPS_AT or not self._has_come else min(len(failing), limit - 1)
        return counted + quick + early

    def _just_ended(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield the model and the time of the tasks that keep their slots, the latest first."""
        return takewhile(lambda ended: now < ended[1] + GRACE_S, reversed(self._ended.values()))

    def opens_at(self, now: float) -> float:
        """Return when a slot that is only kept briefly is released; infinity if there is none."""
        return min((at + GRACE_S for _, at in self._just_ended(now)), default=math.inf)

    def try_at(self, job_id: str) -> float | None:
        """Return when a job may retry: infinity while another one probes; None when none has failed."""
        failing = self._failing.get(job_id)
        if failing is None:
            return None
        if not self.is_tripped or not failing.counts:
            return failing.tried_at + pause_s(failing.tries)
        waiting = {key: each for key, each in self._failing.items() if key in self._waiters and each.counts}
        prober = min(waiting, key=lambda key: waiting[key].tried_at, default=None)
        return self._probed_at + pause_s(max(1, self._probes)) if prober == job_id else math.inf

    def judges(self, job_id: str, now: float) -> bool:
        """Whether a job's failure can be attributed to its image: others arrived, or there are no others."""
        failing = self._failing.get(job_id)
        if failing is None or self._came_from.get(failing.failure.host, -math.inf) > failing.since:
            return True
        if self.is_tripped or self._held_since is not None or self._idle_since is None:
            return False
        return now - self._idle_since >= LONE_S

    def is_over(self, now: float) -> bool:
        """Whether the run is to submit nothing more: the hold was long enough, or nothing is left that could arrive."""
        is_held = self._held_since is not None
        if is_held and now - max(self._held_since or 0.0, self._excused_until) >= GIVES_UP_S:
            return True
        if is_held and self._idle_since is not None and not self._waiters:
            return True
        return self.is_tripped and not self._has_come and self.is_tail_over(now)

    def is_tail_over(self, now: float) -> bool:
        """Whether the run has waited only for images for long enough."""
        return self._idle_since is not None and now - max(self._idle_since, self._excused_until) >= TAIL_S

    @property
    def why(self) -> str:
        """The latest failure of an image."""
        failing = self._counted or list(self._failing.values())
        return failing[-1].failure.why if failing else "they were not fetched yet"
