"""The bounds of a run together: which rules, how long it takes, and how many workers are worth having for it."""

import math
from dataclasses import dataclass, field
from functools import cached_property

from qwave_batch.capacity.bounds import BoundKind, CapacityBound, bounds_of
from qwave_batch.capacity.folder_measures import FolderMeasures
from qwave_batch.capacity.workload import MoneyLeft, Workload
from qwave_batch.model.jsontypes import Json

_BITS_PER_MEGABIT = 1e6
_FRACTION = 1e-9


def bounded_by(load: Workload) -> CapacityBound:
    """Return the bound that rules a run: the longest."""
    return bounds_of(load)[0]


@dataclass(frozen=True, slots=True)
class WithWorkers:
    """A run with some number of workers."""

    workers: int
    seconds: float
    bound: BoundKind

    def as_json(self) -> dict[str, Json]:
        """Return it with its units."""
        return {"workers": self.workers, "seconds": round(self.seconds, 3), "bound": self.bound.value}


@dataclass(frozen=True)
class Capacity:
    """The bounds of a run, and what follows from them."""

    load: Workload
    measures: FolderMeasures = field(default_factory=FolderMeasures)
    """The measures of the folder of the run."""
    money: MoneyLeft | None = None
    """None without a budget."""
    planned_jobs: int = 0
    """Jobs of the whole plan, of which those of ``load`` are left."""

    @cached_property
    def bounds(self) -> tuple[CapacityBound, ...]:
        """All bounds, the longest first."""
        return bounds_of(self.load)

    @property
    def ruling(self) -> CapacityBound:
        """The bound that rules."""
        return self.bounds[0]

    @property
    def seconds(self) -> float:
        """About how long the run takes."""
        return self.ruling.seconds

    @property
    def next_bound(self) -> CapacityBound | None:
        """The bound that would rule if the ruling one were gone; None where there is no other."""
        others = [bound for bound in self.bounds if bound.kind is not self.ruling.kind]
        return others[0] if others else None

    @cached_property
    def rest(self) -> CapacityBound:
        """The bound that rules if the image work takes no time: what no number of workers changes."""
        elsewhere = bounds_of(self.load.with_workers(1))
        return next(bound for bound in elsewhere if bound.kind is not BoundKind.IMAGE_CPU)

    @cached_property
    def workers_worth(self) -> int:
        """The fewest workers with which another bound rules: more of them shorten nothing. 0 where there is no work."""
        cpu_s, rest_s = self.load.cpu_s, self.rest.seconds
        if not cpu_s or not rest_s:
            return 0
        return min(max(1, math.ceil(cpu_s / rest_s - _FRACTION)), max(1, self.load.images))

    @property
    def seconds_here(self) -> float:
        """About how long it takes without workers, on the processors of this machine."""
        return bounded_by(self.load.with_workers(None)).seconds

    @property
    def needs_workers(self) -> bool:
        """Whether the processors of this machine hold the run up."""
        return bounded_by(self.load.with_workers(None)).kind is BoundKind.IMAGE_CPU

    @property
    def mbit_per_s(self) -> float:
        """Megabits a second that the images come to, if the run takes as long as it says."""
        return self.load.bytes * 8 / _BITS_PER_MEGABIT / self.seconds if self.seconds else 0.0

    @property
    def paid_jobs(self) -> int:
        """Jobs that the budget pays for."""
        return self.load.jobs if self.money is None else self.paid_part.jobs

    @property
    def paid_part(self) -> Workload:
        """The work until the money is used up."""
        return self.load if self.money is None else self.load.shared(self.money.share)

    @property
    def paid_seconds(self) -> float:
        """About how long the run takes until the money is used up."""
        return bounded_by(self.paid_part).seconds

    def by_workers(self) -> list[WithWorkers]:
        """Return the run with 1, 2, 4 and so on workers, up to those worth having, and with those asked for."""
        worth, asked = self.workers_worth, self.load.means.workers
        if not worth:
            return []
        numbers = {1 << power for power in range(worth.bit_length())} | {worth} | ({asked} if asked else set())
        return [self._with(number) for number in sorted(numbers)]

    def as_json(self) -> dict[str, Json]:
        """Return everything, with units in the names; what ``plan --capacity --json`` prints."""
        load, following = self.load, self.next_bound
        return {
            "jobs": load.jobs,
            "planned_jobs": self.planned_jobs or load.jobs,
            "images": load.images,
            "bytes": round(load.bytes),
            "image_cpu_seconds": round(load.cpu_s, 3),
            "coordinator_cpu_seconds": round(load.coordinator_s, 3),
            "seconds": round(self.seconds, 3),
            "bound": self.ruling.as_json(),
            "next_bound": following.as_json() if following else None,
            "bounds": [bound.as_json() for bound in self.bounds],
            "needed_mbit_per_second": round(self.mbit_per_s, 3),
            "seconds_on_this_machine": round(self.seconds_here, 3),
            "workers_worth_having": self.workers_worth,
            "needs_workers": self.needs_workers,
            "by_workers": [each.as_json() for each in self.by_workers()],
            "budget": self._money_as_json(),
            "means": load.means.as_json(),
            "by_model": {work.model: work.as_json() for work in load.models},
            "folder": self.measures.as_json(),
        }

    def _money_as_json(self) -> Json:
        if self.money is None:
            return None
        return {**self.money.as_json(), "paid_jobs": self.paid_jobs, "paid_seconds": round(self.paid_seconds, 3)}

    def _with(self, workers: int) -> WithWorkers:
        bound = bounded_by(self.load.with_workers(workers))
        return WithWorkers(workers, bound.seconds, bound.kind)
