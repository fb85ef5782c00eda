"""When to poll the tasks of one model, learned while they run. Pure."""

import math
from dataclasses import dataclass

from qwave_batch.run.polling.latency_estimator import (
    BINS,
    EDGES_S,
    PRIOR,
    WIDTHS_S,
    LatencyEstimator,
    Stamp,
    edge_near,
    narrowed,
)
from qwave_batch.run.polling.poll_schedule import best_schedule

FREE_POLLS = 2.2
"""Target of polls per task if polls are free: beyond it, further polls gain little."""
FEWEST_POLLS = 1.0
"""The end of a task has to be noticed."""
FIRST = 0.02
CHEAPEST, DEAREST = 0.01, 0.06
"""Bounds of the price if polls are free: some latencies are worth three polls, others less than two."""
SCARCE = 1.0
"""The maximum if requests are the bottleneck."""
GAIN, LONGEST_STEP = 0.5, 1.5


class PollPrice:
    """The price of a poll, in median latencies of a slot."""

    def __init__(self) -> None:
        self.aim = FREE_POLLS
        """Polls per task."""
        self.medians = FIRST

    def follow(self, polls: float) -> None:
        """Move towards the aim, given the expected polls per task of a schedule."""
        dearest = DEAREST if self.aim >= FREE_POLLS else SCARCE
        step = min(LONGEST_STEP, max(1 / LONGEST_STEP, (polls / self.aim) ** GAIN))
        self.medians = min(dearest, max(CHEAPEST, self.medians * step))


def affordable_polls(requests_per_s: float, *, held_s: float, slots: int) -> float:
    """Return the polls per task at which all slots are busy and all requests are used.

    With fewer, tasks would wait to be noticed while requests are left; with more, slots would stay empty.

    Args:
        requests_per_s: The shared limit of submits and polls.
        held_s: How long a task occupies its slot.
        slots: Tasks alive at once.
    """
    return min(FREE_POLLS, max(FEWEST_POLLS, requests_per_s * held_s / slots - 1))


FIRST_S = 0.2
"""The minimum age of a poll; no image was ever made faster."""
DENSITY = 12.0
"""Polls over all tasks while their age grows by a factor of e."""
CLOSEST_GROWTH, WIDEST_GROWTH = 1.35, 150.0
"""Bounds of the growth of a task's age from one poll to the next."""
_GOLDEN = (math.sqrt(5) - 1) / 2


def opening_s(unfinished_s: float, *, is_polled: bool, own_share: float, alive: int) -> float:
    """Return the next age in a task's own rhythm, which is wider the more other tasks can be polled instead.

    Tasks created together would all be polled at once, again and again. So each has its own phase in the rhythm, and
    the first end that is seen reschedules the polls of all others.

    Args:
        unfinished_s: The age at which the task was last seen unfinished.
        is_polled: Whether it was polled at all.
        own_share: The task's phase in the rhythm, from 0 up to 1.
        alive: The number of open tasks.
    """
    growth = min(WIDEST_GROWTH, max(CLOSEST_GROWTH, math.exp(min(10.0, alive / DENSITY))))
    beats = math.log(max(unfinished_s, FIRST_S) / FIRST_S) / math.log(growth)
    # An answer arrives a little after its beat, and the phase may have moved: almost a beat counts as one.
    beat = max(0, math.floor(beats - own_share + 0.1) + is_polled)
    return FIRST_S * float(growth ** (own_share + beat))


def own_share(number: int) -> float:
    """Return a share of 1 for each number, spread evenly over any range of numbers."""
    return number * _GOLDEN % 1.0


SETTLED = 30
"""Number of ends after which the price follows the aim."""
KNOWN = 4
"""Number of ends after which the opening is over."""
CALM, RECHECKS = 100, 0.1
"""Number of ends after which a task sleeps until it is due; before, it sleeps for this share of its age at a time."""
PROBE_EVERY = 16
"""One task in this many is polled early, to notice when a model has become faster."""
SPREAD = 0.1
"""The distance of a poll from its best age, in steps of the schedule: it costs little, keeps polls apart, and shows
where in a step the tasks end."""
FIT_EVERY, FIT_SHARE, FIT_GROWTH = 48, 0.25, 6
"""Maximum number of ends between fits, or this share of the open tasks if that is more: a fit takes milliseconds, and
with hundreds of tasks 48 ends change little. Fewer while few are known."""
NOT_YET_WEIGHT = 0.5
"""Weight of an unfinished answer relative to an end."""
USUAL = 4
"""Tasks usually take less than this many medians."""
LEAST_GAP_S, LONGEST_GAP_S = 0.02, 60.0
"""Bounds of the time between two polls of one task."""


@dataclass(slots=True)
class TrackedTask:
    """An open task as its learner sees it; ages count from the task's creation."""

    number: int
    unfinished_s: float = 0.0
    """The greatest age at which it was certainly unfinished."""
    polls: int = 0
    teaches: bool = True
    """Whether its age is known well enough to learn from."""


class PollScheduleLearner:
    """The learned latency of one model, and the resulting ages to poll at."""

    def __init__(self) -> None:
        self._estimate = LatencyEstimator()
        self._schedule = best_schedule(PRIOR, FIRST)
        self._price = PollPrice()
        self._evidence = 0.0
        self.alive = 0
        """The number of open tasks."""

    @property
    def held_s(self) -> float | None:
        """Seconds for which a task occupies its slot, including the delay; None while unknown."""
        if self._estimate.ended < SETTLED:
            return None
        return self._schedule.mean_s + self._schedule.delay_s

    @property
    def usual_s(self) -> float | None:
        """Seconds within which tasks usually end; None while none has ended."""
        return USUAL * _median_s(self._estimate.shares) if self._estimate.ended else None

    def aim_at(self, polls: float) -> None:
        """Make the next schedules aim at so many polls per task, if possible."""
        self._price.aim = polls

    def begin(self) -> TrackedTask:
        """Begin to track a task that was created now."""
        self.alive += 1
        return TrackedTask(self._estimate.begin())

    def join(self, age_s: float) -> TrackedTask:
        """Begin to track a task of about this age: too little is known about it to learn from it."""
        self.alive += 1
        return TrackedTask(self._estimate.made, unfinished_s=max(0.0, age_s), polls=1, teaches=False)

    def due_s(self, tracked: TrackedTask) -> float:
        """Return the age at which to poll a task; it changes with the learned latency."""
        due_s = self._opening_s(tracked) if self._estimate.ended < KNOWN else math.inf
        if self._estimate.ended:
            due_s = min(due_s, self._probe_s(tracked) or self._planned_s(tracked))
        if not tracked.polls:
            return due_s
        return min(max(due_s, tracked.unfinished_s + LEAST_GAP_S), tracked.unfinished_s + LONGEST_GAP_S)

    def recheck_s(self, tracked: TrackedTask, age_s: float) -> float:
        """Return the age until which a task of this age may be left alone: then it is due, or ``due_s`` has changed.

        While little is known, the answers for other tasks change much, and a task checks again every few percent of its
        age.
        """
        due_s = self.due_s(tracked)
        if self._estimate.ended >= CALM:
            return due_s
        return min(due_s, age_s + max(LEAST_GAP_S, RECHECKS * age_s))

    def not_yet(self, tracked: TrackedTask, age_s: float) -> None:
        """Record that a task is unfinished at an age."""
        before_s, age_s = tracked.unfinished_s, max(age_s, tracked.unfinished_s)
        tracked.unfinished_s, tracked.polls = age_s, tracked.polls + 1
        if tracked.teaches:
            self._estimate.not_yet(tracked.number, before_s, age_s)
            self._learn(NOT_YET_WEIGHT)

    def done(self, tracked: TrackedTask, age_s: float, stamp: Stamp | None = None) -> None:
        """Record that a task polled at an age had ended."""
        after_s, by_s = narrowed(tracked.unfinished_s, max(age_s, tracked.unfinished_s), stamp)
        self.leave(tracked)
        if tracked.teaches:
            self._estimate.done(tracked.number, after_s, by_s)
            self._learn(1.0)

    def leave(self, tracked: TrackedTask) -> None:
        """Forget a task that is no longer waited for."""
        self.alive -= 1
        if tracked.teaches:
            self._estimate.leave(tracked.number, tracked.unfinished_s)

    def _opening_s(self, tracked: TrackedTask) -> float:
        return opening_s(
            tracked.unfinished_s, is_polled=tracked.polls > 0, own_share=own_share(tracked.number), alive=self.alive
        )

    def _probe_s(self, tracked: TrackedTask) -> float | None:
        if tracked.number % PROBE_EVERY or tracked.polls:
            return None
        return EDGES_S[self._schedule.following[0]] * (0.4 + 0.5 * own_share(tracked.number // PROBE_EVERY))

    def _planned_s(self, tracked: TrackedTask) -> float:
        following, last = self._schedule.following, edge_near(tracked.unfinished_s)
        if last == BINS:
            return tracked.unfinished_s * CLOSEST_GROWTH
        edge = following[last]
        step_s = min(EDGES_S[edge] - EDGES_S[last], EDGES_S[following[edge]] - EDGES_S[edge])
        own = own_share(tracked.number * 13 + tracked.polls * 7)
        return EDGES_S[edge] + (2 * own - 1) * max(SPREAD * step_s, WIDTHS_S[edge - 1] / 2)

    def _learn(self, evidence: float) -> None:
        self._evidence += evidence
        most = max(FIT_EVERY, FIT_SHARE * self.alive)
        if self._evidence >= min(most, 1 + self._estimate.ended / FIT_GROWTH):
            self._evidence = 0.0
            self._fit()

    def _fit(self) -> None:
        self._estimate.fit()
        if self._estimate.ended > SETTLED:
            self._price.follow(self._schedule.polls)
        shares = self._estimate.shares
        self._schedule = best_schedule(shares, self._price.medians * _median_s(shares))


def _median_s(shares: list[float]) -> float:
    half, seen = sum(shares) / 2, 0.0
    for number, share in enumerate(shares):
        seen += share
        if seen >= half:
            return EDGES_S[number + 1]
    return EDGES_S[BINS]
