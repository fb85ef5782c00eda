"""How a run ended."""

from dataclasses import dataclass, replace

from qwave_batch.model.jsontypes import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    """Requests that left, by what they were for."""

    submit: int = 0
    poll: int = 0
    download: int = 0
    retried: int = 0
    """Those among them that were another try of the same thing."""

    def as_json(self) -> dict[str, Json]:
        """Return the ``requests`` object of summary.json."""
        return {"submit": self.submit, "poll": self.poll, "download": self.download, "retried": self.retried}

    def __add__(self, other: "RequestCounts") -> "RequestCounts":
        """Return the requests of both."""
        return RequestCounts(
            submit=self.submit + other.submit,
            poll=self.poll + other.poll,
            download=self.download + other.download,
            retried=self.retried + other.retried,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """The jobs that the run was asked for, by how they stand at its end."""

    jobs: int = 0
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    unknown: int = 0
    pending: int = 0
    short: int = 0
    """Completed with fewer images than the request may return."""
    damaged: int = 0
    """Completed, with an image on disk that is missing or not what is on record, and was not fetched again."""
    images: int = 0
    """Images of the completed jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended; the folder can go on whatever it says."""

    exit_status: int
    """See "How a run ends" in docs/run-folder.md."""
    reason: str
    """A sentence without a full stop for whoever asks why; empty when all that was asked for is there."""
    counts: JobCounts
    requests: RequestCounts
    seconds: float
    cost_nusd: int
    """What this run cost, in nano-dollars."""
    folder_cost_nusd: int
    """What the folder has cost over all runs."""
    warnings: tuple[str, ...] = ()
    """What deserves a look: unexpected holds, pictures that moved aside, tasks given up."""


def after(first: RunEnd | None, then: RunEnd) -> RunEnd:
    """Return how a run ended that went over the folder twice, or once."""
    if first is None:
        return then
    return replace(
        then,
        requests=first.requests + then.requests,
        seconds=first.seconds + then.seconds,
        cost_nusd=first.cost_nusd + then.cost_nusd,
        warnings=tuple(dict.fromkeys((*first.warnings, *then.warnings))),
    )
