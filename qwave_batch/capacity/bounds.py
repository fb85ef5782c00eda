"""The bounds of a run, each by itself: how long it would take if there were no other.

Rates are sliding windows: at most so many calls leave in any minute. Slots follow Little's law: tasks alive over the
seconds that a task takes are the tasks a second. Line, processors and coordinator are amounts over what goes through.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.capacity.known_figure import FigureSource, KnownFigure, stated
from qwave_batch.capacity.workload import ModelWork, SlotLimit, Workload
from qwave_batch.model.jsontypes import Json

_WINDOW_S = 60.0
_BITS_PER_MEGABIT = 1e6
_MOST_ENDS = 30.0
"""Tasks that end in a second beyond which slots do not grow within any run."""
_FRACTION = 1e-9
"""The error of floats: 3.0000000001 rounds are 3."""


class BoundKind(StrEnum):
    """A reason for which a run takes as long as it does."""

    TASK = "task"
    """A single task takes so long, and nothing else holds it up."""
    RATE = "rate"
    SLOTS = "slots"
    DOWNLOAD = "download"
    IMAGE_CPU = "image_cpu"
    COORDINATOR = "coordinator"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityBound:
    """How long a run takes at least for one reason."""

    kind: BoundKind
    model: str | None = None
    """The model that it is about; None for the whole run."""
    seconds: float
    """With the begin and the end of a run, in which not all of it is in use."""
    busy_s: float = 0.0
    """With all of it in use the whole time: what doubles with twice the jobs."""
    limit: KnownFigure | None = None
    """The limit behind it, in the unit of its kind."""
    tasks: int = 1
    """For ``task``: so many of them one after the other, where stages wait for each other."""

    def as_json(self) -> dict[str, Json]:
        """Return the bound with its units."""
        unit = _UNITS.get(self.kind)
        return {
            "kind": self.kind.value,
            "model": self.model,
            "seconds": round(self.seconds, 3),
            "busy_seconds": round(self.busy_s, 3),
            "limit": self.limit.as_json(unit) if self.limit and unit else None,
            **({"tasks": self.tasks} if self.tasks > 1 else {}),
        }


_UNITS = {
    BoundKind.TASK: "seconds",
    BoundKind.RATE: "requests_per_minute",
    BoundKind.SLOTS: "tasks",
    BoundKind.DOWNLOAD: "mbit_per_second",
    BoundKind.IMAGE_CPU: "processors",
    BoundKind.COORDINATOR: "seconds_per_job",
}


def bounds_of(load: Workload) -> tuple[CapacityBound, ...]:
    """Return every bound of a run, the longest first; of equal ones the simplest."""
    works = [work for work in load.models if work.jobs]
    if not works:
        return (CapacityBound(kind=BoundKind.TASK, seconds=0.0),)
    order = list(BoundKind)
    return tuple(sorted(_all_bounds(load, works), key=lambda bound: (-bound.seconds, order.index(bound.kind))))


def _all_bounds(load: Workload, works: Sequence[ModelWork]) -> Iterator[CapacityBound]:
    means = load.means
    slowest = max(works, key=lambda work: work.latency.value)
    latency = slowest.latency
    yield CapacityBound(
        kind=BoundKind.TASK,
        model=slowest.model,
        seconds=latency.value * load.chain,
        limit=latency,
        tasks=load.chain,
    )
    yield _by_slots(works, means.slots, None)
    yield from (_by_slots([work], work.slots, work.model) for work in works if work.slots)
    if means.calls_per_minute:
        yield _by_rate(works, means.calls_per_minute, None)
    yield from (_by_rate([work], work.calls_per_minute, work.model) for work in works if work.calls_per_minute)
    if means.line:
        seconds = load.bytes * 8 / (means.line.value * _BITS_PER_MEGABIT)
        yield CapacityBound(kind=BoundKind.DOWNLOAD, seconds=seconds, busy_s=seconds, limit=means.line)
    yield from _by_processors(load)


def _by_processors(load: Workload) -> Iterator[CapacityBound]:
    """Yield the bounds of processors: those of workers do images only, those of this machine everything."""
    means = load.means
    if means.processors is None:
        return
    coordinator_s = load.coordinator_s
    if means.workers is None:
        limit, seconds = means.processors, (load.cpu_s + coordinator_s) / means.processors.value
    else:
        limit = stated(means.workers, FigureSource.OPTION)
        seconds = load.cpu_s / means.workers
    yield CapacityBound(kind=BoundKind.IMAGE_CPU, seconds=seconds, busy_s=seconds, limit=limit)
    if means.job_cpu:
        yield CapacityBound(
            kind=BoundKind.COORDINATOR, seconds=coordinator_s, busy_s=coordinator_s, limit=means.job_cpu
        )


def _by_rate(works: Sequence[ModelWork], limit: KnownFigure, model: str | None) -> CapacityBound:
    """Return the bound of a window: its calls leave in groups of as many as it holds, a minute apart."""
    calls = sum(work.calls for work in works)
    windows = max(0, math.ceil(calls / limit.value - _FRACTION) - 1)
    seconds = windows * _WINDOW_S + _mean_latency_s(works)
    busy_s = calls * _WINDOW_S / limit.value
    return CapacityBound(kind=BoundKind.RATE, model=model, seconds=seconds, busy_s=busy_s, limit=limit)


def _by_slots(works: Sequence[ModelWork], limit: SlotLimit, model: str | None) -> CapacityBound:
    """Return the bound of slots: the tasks run in rounds of as many as there are slots."""
    slots, mean_s = limit.most.value, _mean_latency_s(works)
    jobs, slot_s = sum(work.jobs for work in works), sum(work.slot_s for work in works)
    if limit.first is None:
        seconds = mean_s * math.ceil(jobs / slots - _FRACTION)
    else:
        in_rounds_s = mean_s * math.ceil(jobs / limit.first - _FRACTION)
        seconds = min(in_rounds_s, _while_growing_s(slot_s, limit.first, slots, mean_s) + mean_s)
    return CapacityBound(kind=BoundKind.SLOTS, model=model, seconds=seconds, busy_s=slot_s / slots, limit=limit.most)


def _while_growing_s(slot_s: float, first: int, most: float, mean_s: float) -> float:
    """Return when some work is done by slots of which there are ``first``, and more as a run finds out that it may."""
    seconds, slots, done_s = mean_s, first, first * mean_s  # nothing grows before the first answers
    while slots < most and done_s < slot_s:
        step_s = _growth_s(slots / mean_s)
        if done_s + slots * step_s >= slot_s:
            break
        seconds, slots, done_s = seconds + step_s, slots + 1, done_s + slots * step_s
    return seconds + (slot_s - done_s) / slots


def _growth_s(ends_per_s: float) -> float:
    """Return how long it takes until there is one slot more: a second passes in which all are taken, and no task ends.

    So quick tasks, or many, hold the growth up: it is the mean wait for a gap of a second between random ends.
    """
    return math.expm1(min(ends_per_s, _MOST_ENDS)) / ends_per_s


def _mean_latency_s(works: Sequence[ModelWork]) -> float:
    return sum(work.slot_s for work in works) / sum(work.jobs for work in works)
