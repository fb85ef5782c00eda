"""How a run stands right now: what a progress callback is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of one moment of a run. Jobs that were done before the run are in ``done`` too."""

    jobs: int
    """Jobs this run is asked to have in the end, skipped ones left out."""
    done: int
    failed: int
    unknown: int
    in_flight: int
    """Tasks alive at the API."""
    images: int
    """Images this run has put in place."""
    spent_nusd: int
    """What this run has cost so far, in nano-dollars."""
    elapsed_s: float
    images_per_minute: float
    """Of the images that this run has put in place, over its time so far."""
    remaining_s: float | None
    """Seconds to the end, by how fast jobs have ended lately, and at least what limits that are known allow; None
    while nobody can tell, as when no job ends any more."""
    allowed: int | None = None
    """How many tasks may be alive at once now, where that is found out as the run goes; None where the spec says it,
    and the API takes as many."""
    note: str = ""
    """What the run is waiting for, when it waits: a rate limit with its end, a paused model."""
    cancelled: int = 0
    """Jobs whose task was cancelled at the API."""

    @property
    def settled(self) -> int:
        """Jobs that this run is through with, or need not touch."""
        return min(self.jobs, self.done + self.failed + self.cancelled + self.unknown)


OnProgress: TypeAlias = Callable[[Progress], None]
