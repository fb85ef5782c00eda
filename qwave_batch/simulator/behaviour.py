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
    """The task completes with so many images; none at all is possible."""

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
    """All that will happen to a task, known when it is accepted."""

    queue_s: float
    """How long it is queued, and can be cancelled; part of ``latency_s``."""
    latency_s: float
    """From acceptance to the end."""
    ending: Ending


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """A seeded script. Two simulators with one behaviour do the same to the same requests."""

    seed: int = 0
    latency: Latency = _QUICK
    """Seconds from acceptance to the end of a task, waiting in the queue included."""
    queue_share: float = 0.2
    """The part of that time in which a task is queued; 1 keeps it queued to its end."""
    short_group_chance: float = 0.25
    """How often a group, where the model itself chooses how many images it makes, brings fewer than it may."""
    faults: Sequence[Fault] = field(default=())

    @cached_property
    def _faults_at(self) -> dict[FaultPlace, tuple[Fault, ...]]:
        order = list(KINDS)
        ordered = sorted(self.faults, key=lambda fault: order.index(fault.name))
        return {place: tuple(fault for fault in ordered if place in fault.places) for place in FaultPlace}

    def has_faults(self, place: FaultPlace) -> bool:
        """Return whether anything can go wrong at a place, so that nobody counts in vain."""
        return bool(self._faults_at[place])

    def striking(self, moment: Arrival) -> tuple[Fault, ...]:
        """Return the faults that strike: at most one that replaces the answer, then those that change its shape."""
        hits = [fault for fault in self._faults_at[moment.place] if fault.strikes(self.seed, moment)]
        replacing = [fault for fault in hits if not KINDS[fault.name].is_shape]
        return (*replacing[:1], *(fault for fault in hits if KINDS[fault.name].is_shape))

    def fate(self, moment: Arrival, *, images: int, is_group: bool) -> Fate:
        """Return what will happen to a task that may bring up to ``images``.

        Args:
            moment: At the place ``task``: the hash of the request, and the how many-eth task of this request it is.
            images: The most it may bring.
            is_group: Whether the model itself chooses how many it makes.
        """
        latency_s = self.latency.draw(fraction(self.seed, "latency", moment.key, moment.attempt))
        return Fate(
            queue_s=latency_s * self.queue_share,
            latency_s=latency_s,
            ending=self._ending(moment, images=images, is_group=is_group),
        )

    def _ending(self, moment: Arrival, *, images: int, is_group: bool) -> Ending:
        hits = self.striking(moment)
        name = hits[0].name if hits else None
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
        """Count a request and return the faults that strike it."""
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
