"""Cost and time of the jobs that two runs made, then and now."""

from dataclasses import dataclass, field
from statistics import median

from qwave_batch.model.jsontypes import Json
from qwave_batch.reproducing.repeated_jobs import JobFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class EffortChange:
    """Cost and time of a model's jobs that both runs made, then and now."""

    jobs: int
    usd_before: float
    """A job, on average."""
    usd_after: float
    seconds_before: float | None
    """From submit to end, the median; None where no job says."""
    seconds_after: float | None

    def as_json(self) -> dict[str, Json]:
        """Return the object that is printed."""
        return {
            "jobs": self.jobs,
            "usd_per_job": {"before": round(self.usd_before, 9), "after": round(self.usd_after, 9)},
            "median_seconds": {"before": self.seconds_before, "after": self.seconds_after},
        }


@dataclass(slots=True)
class EffortTally:
    """Sums up jobs that both runs made."""

    usd_before: float = 0.0
    usd_after: float = 0.0
    seconds_before: list[float] = field(default_factory=list)
    seconds_after: list[float] = field(default_factory=list)
    jobs: int = 0

    def add(self, before: JobFacts, after: JobFacts) -> None:
        """Count a job."""
        self.jobs += 1
        self.usd_before += before.cost_usd
        self.usd_after += after.cost_usd
        self.seconds_before += [] if before.seconds is None else [before.seconds]
        self.seconds_after += [] if after.seconds is None else [after.seconds]

    def change(self) -> EffortChange:
        """Return the means and medians; there is one job at least."""
        return EffortChange(
            jobs=self.jobs,
            usd_before=self.usd_before / self.jobs,
            usd_after=self.usd_after / self.jobs,
            seconds_before=median(self.seconds_before) if self.seconds_before else None,
            seconds_after=median(self.seconds_after) if self.seconds_after else None,
        )
