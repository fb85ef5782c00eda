"""The behaviour of a simulator: latencies and faults that depend on a seed and on the request, never on the time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from qwave_batch.simulator.fault_language import Arrival, Fault
from qwave_batch.simulator.faults import KINDS, FaultName, FaultPlace
from qwave_batch.simulator.latency import Latency, Lognormal, fraction, pick

_QUICK = Lognormal(1.0, 0.35)  # a first try with a few jobs takes seconds

_FAILURES = {
    FaultName.TASK_FAILED: "the model could not make an image from this request",
    FaultName.UPSTREAM_UNAVAILABLE: "the vendor cannot be reached, try again later",
    FaultName.UPSTREAM_RATE_LIMITED: "the vendor is at its limit, try again later",
    FaultName.UPSTREAM_BAD_REQUEST: "the vendor refused the request",
}


@dataclass(frozen=True, slots=True)
class Delivers:
    """The task completes with this many images, possibly none."""

    images: int


@dataclass(frozen=True, slots=True)
class Fails:
    """The task fails."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NeverEnds:
    """The task stays in processing."""


Ending: TypeAlias = Delivers | Fails | NeverEnds


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Everything that will happen to a task, fixed when it is accepted."""

    queue_s: float
    """Time in the queue, during which it can be cancelled; part of ``latency_s``."""
    latency_s: float
    """Time from acceptance to the end."""
    cost_share: float
    """The place of the charge in the range of its price: 0 is the least, 0.5 the typical and 1 the most."""
    ending: Ending
    file_faults: frozenset[FaultName] = frozenset()
    """The faults by which its files differ from those of another task with the same request."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """A seeded script. Two simulators with the same behaviour treat the same requests alike."""

    seed: int = 0
    latency: Latency = _QUICK
    """Seconds from acceptance to the end of a task, including the time in the queue."""
    queue_share: float = 0.2
    """The part of that time in which a task is queued; 1 keeps it queued until its end."""
    short_group_chance: float = 0.25
    """Chance that a group task, whose model chooses the number of images, returns fewer than the maximum."""
    faults: Sequence[Fault] = field(default=())

    @cached_property
    def _faults_at(self) -> dict[FaultPlace, tuple[Fault, ...]]:
        order = list(KINDS)
        ordered = sorted(self.faults, key=lambda fault: order.index(fault.name))
        return {place: tuple(fault for fault in ordered if place in fault.places) for place in FaultPlace}

    def has_faults(self, place: FaultPlace) -> bool:
        """Return whether anything can go wrong at a place, so that counting is skipped otherwise."""
        return bool(self._faults_at[place])

    def striking(self, moment: Arrival) -> tuple[Fault, ...]:
        """Return the faults that apply: at most one that replaces the answer, then those that change its shape."""
        hits = [fault for fault in self._faults_at[moment.place] if fault.strikes(self.seed, moment)]
        replacing = [fault for fault in hits if not KINDS[fault.name].is_shape]
        return (*replacing[:1], *(fault for fault in hits if KINDS[fault.name].is_shape))

    def seconds_of(self, name: FaultName, model: str) -> float | None:
        """Return the seconds of a fault of tasks that a model always or never has; None for a model without it."""
        moment = Arrival(place=FaultPlace.TASK, key="", model=model)
        of_task = (fault for fault in self._faults_at[FaultPlace.TASK] if fault.name is name)
        return next((fault.seconds for fault in of_task if fault.strikes(self.seed, moment)), None)

    def fate(self, moment: Arrival, *, images: int, is_group: bool) -> Fate:
        """Return the fate of a task that may return up to ``images``.

        Args:
            moment: At the place ``task``: the hash of the request, and the number of tasks of this request so far.
            images: The most it may return.
            is_group: Whether the model itself chooses the number of images.
        """
        latency_s = self.latency.draw(fraction(self.seed, "latency", moment.key, moment.attempt))
        names = [fault.name for fault in self.striking(moment)]
        return Fate(
            queue_s=latency_s * self.queue_share,
            latency_s=latency_s,
            cost_share=fraction(self.seed, "cost", moment.key, moment.attempt),
            ending=self._ending(moment, names[0] if names else None, images=images, is_group=is_group),
            file_faults=frozenset(name for name in names if KINDS[name].is_shape),
        )

    def _ending(self, moment: Arrival, name: FaultName | None, *, images: int, is_group: bool) -> Ending:
        if name in _FAILURES:
            return Fails(name.value, _FAILURES[name])
        if name is FaultName.NEVER_ENDS:
            return NeverEnds()
        if name is FaultName.NO_IMAGES:
            return Delivers(0)
        facts = (self.seed, moment.key, moment.attempt)
        chosen_short = is_group and fraction("short", *facts) < self.short_group_chance
        if images > 1 and (chosen_short or name is FaultName.FEWER_IMAGES):
            return Delivers(1 + pick(images - 1, "images", *facts))
        return Delivers(images)


class FaultInjector:
    """The faults of one server process. Requests that cannot fail are not counted."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._arrivals: Counter[FaultPlace] = Counter()
        self._attempts: Counter[tuple[FaultPlace, str]] = Counter()

    def striking(self, place: FaultPlace, key: str, model: str = "") -> tuple[Fault, ...]:
        """Count a request and return the faults that apply to it."""
        if not self._behaviour.has_faults(place):
            return ()
        self._arrivals[place] += 1
        self._attempts[place, key] += 1
        return self._behaviour.striking(
            Arrival(
                place=place,
                key=key,
                attempt=self._attempts[place, key],
                arrival=self._arrivals[place],
                model=model,
            )
        )
