"""The work of a run and what it has to do it with: the figures that its bounds are computed from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qwave_batch.capacity.known_figure import KnownFigure
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd
from qwave_batch.model.terms import DEFAULT_CONCURRENCY

MOST_SLOTS = 128
"""Tasks alive at once that a run comes to where nobody sets a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLimit:
    """How many tasks may be alive at once."""

    most: KnownFigure
    first: int | None = None
    """As many at the beginning, then more and more as the run finds out what the API takes; None for all at once."""

    def as_json(self) -> dict[str, Json]:
        """Return the limit with its unit."""
        return self.most.as_json("tasks") | ({} if self.first is None else {"first_tasks": self.first})


def found_out(most: KnownFigure) -> SlotLimit:
    """Return the slots of a run that finds out how many the API takes."""
    return SlotLimit(most=most, first=min(DEFAULT_CONCURRENCY, int(most.value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWork:
    """The jobs of one model that are left, what each takes, and the limits of the model alone."""

    model: str
    jobs: int
    images: int
    latency: KnownFigure
    """Seconds for which a task holds a slot, on average."""
    calls_per_job: KnownFigure
    """Requests of a job that count against ``requests_per_minute``."""
    image_bytes: KnownFigure | None
    """Bytes of an image, on average; None leaves out the line."""
    image_cpu: KnownFigure | None
    """Seconds of one processor for an image, on average; None leaves out the processors."""
    calls_per_minute: KnownFigure | None = None
    """None without a limit of its own."""
    slots: SlotLimit | None = None
    """None without a limit of its own."""

    @property
    def slot_s(self) -> float:
        """Seconds of a slot that all of it takes."""
        return self.jobs * self.latency.value

    @property
    def calls(self) -> float:
        """Requests that count."""
        return self.jobs * self.calls_per_job.value

    @property
    def bytes(self) -> float:
        """Bytes of all images."""
        return self.images * self.image_bytes.value if self.image_bytes else 0.0

    @property
    def cpu_s(self) -> float:
        """Seconds of one processor for all images."""
        return self.images * self.image_cpu.value if self.image_cpu else 0.0

    def as_json(self) -> dict[str, Json]:
        """Return all figures with their units."""
        return {
            "jobs": self.jobs,
            "images": self.images,
            "latency": self.latency.as_json("seconds"),
            "counted_requests": self.calls_per_job.as_json("per_job"),
            "image_size": self.image_bytes.as_json("bytes") if self.image_bytes else None,
            "image_cpu": self.image_cpu.as_json("seconds") if self.image_cpu else None,
            "rate": self.calls_per_minute.as_json("requests_per_minute") if self.calls_per_minute else None,
            "slots": self.slots.as_json() if self.slots else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The limits and machines that all models share."""

    slots: SlotLimit
    calls_per_minute: KnownFigure | None = None
    line: KnownFigure | None = None
    """Megabits a second for downloads, of all machines together; None leaves the line out."""
    workers: int | None = None
    """Workers elsewhere, a processor each; None does the image work beside the coordinator, on its own processors."""
    processors: KnownFigure | None = None
    """Of this machine; None leaves out the processors and the coordinator."""
    job_cpu: KnownFigure | None = None
    """Seconds of one processor that the coordinator takes for a job."""

    def as_json(self) -> dict[str, Json]:
        """Return all figures with their units."""
        return {
            "slots": self.slots.as_json(),
            "rate": self.calls_per_minute.as_json("requests_per_minute") if self.calls_per_minute else None,
            "bandwidth": self.line.as_json("mbit_per_second") if self.line else None,
            "workers": self.workers,
            "processors": self.processors.as_json("count") if self.processors else None,
            "coordinator_cpu": self.job_cpu.as_json("seconds_per_job") if self.job_cpu else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLeft:
    """The money that may still be spent, beside the cost of the jobs that are left. In nano-dollars."""

    left_nusd: int
    wanted_nusd: int
    """At most."""
    typical_nusd: int
    left_usd = InUsd()
    wanted_usd = InUsd()
    typical_usd = InUsd()

    @property
    def is_short(self) -> bool:
        """Whether a plain run sends nothing, since not all of it can be paid for sure."""
        return self.wanted_nusd > self.left_nusd

    @property
    def share(self) -> float:
        """The part of the jobs that is paid before the money is used up, at what they typically cost; 1 for all."""
        return min(1.0, self.left_nusd / self.typical_nusd) if self.typical_nusd else 1.0

    def as_json(self) -> dict[str, Json]:
        """Return the amounts in USD."""
        return {
            "left_usd": self.left_usd,
            "wanted_usd": self.wanted_usd,
            "typical_usd": self.typical_usd,
            "is_short": self.is_short,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A run: its work by model, and its means."""

    models: Sequence[ModelWork]
    means: Means
    chain: int = 1
    """Tasks of the longest chain of stages, each of which waits for the images of the one before."""

    @property
    def jobs(self) -> int:
        """Jobs that are left."""
        return sum(work.jobs for work in self.models)

    @property
    def images(self) -> int:
        """The most images that come of them."""
        return sum(work.images for work in self.models)

    @property
    def bytes(self) -> float:
        """Bytes of all images."""
        return sum(work.bytes for work in self.models)

    @property
    def cpu_s(self) -> float:
        """Seconds of one processor for all images."""
        return sum(work.cpu_s for work in self.models)

    @property
    def coordinator_s(self) -> float:
        """Seconds of one processor that the coordinator takes."""
        return self.jobs * self.means.job_cpu.value if self.means.job_cpu else 0.0

    def with_workers(self, workers: int | None) -> "Workload":
        """Return the same work with so many workers."""
        return replace(self, means=replace(self.means, workers=workers))

    def shared(self, share: float) -> "Workload":
        """Return a part of the work: of all jobs as many as there are whole ones, and of each model about the same."""
        parts, planned, taken = list[ModelWork](), 0, 0
        for work in self.models:
            planned += work.jobs
            jobs = int(planned * share) - taken
            taken += jobs
            parts.append(replace(work, jobs=jobs, images=work.images * jobs // work.jobs if work.jobs else 0))
        return replace(self, models=parts)

    def alone(self, model: str) -> "Workload":
        """Return the work of one model, with all means for itself."""
        return replace(self, models=[work for work in self.models if work.model == model], chain=1)
