"""The end of a run: its kind, its reason, and the counts of its jobs and requests."""

from dataclasses import dataclass, field, replace

from qwave_batch.model.codec import EXACT
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.run_ends import EXIT_STATUS, EndKind
from qwave_batch.model.stop_reason import StopReason
from qwave_batch.run.state.limit_counts import LimitCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCounts:
    """The requests sent, by purpose."""

    submit: int = 0
    poll: int = 0
    download: int = 0
    retried: int = 0
    """The number of retries among them."""

    def as_json(self) -> dict[str, Json]:
        """Return the ``requests`` object of summary.json."""
        return EXACT.encode(self)

    def __add__(self, other: "RequestCounts") -> "RequestCounts":
        """Return the sum of both."""
        return RequestCounts(
            submit=self.submit + other.submit,
            poll=self.poll + other.poll,
            download=self.download + other.download,
            retried=self.retried + other.retried,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """The jobs that the run covers, by status at its end."""

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
    """Completed, but an image on disk is missing or differs from the record, and was not fetched again."""
    parents_failed: int = 0
    """Skipped, as jobs have failed that they are made from and that the run does not cover."""
    images: int = 0
    """Images of the completed jobs."""

    @property
    def missing_message(self) -> str:
        """The jobs that are incomplete or lack images, in words; empty when there are none."""
        parts = (
            (self.failed, "failed"),
            (self.unknown, "unknown"),
            (self.cancelled, "cancelled"),
            (self.pending, "pending"),
            (self.damaged, "with damaged images"),
            (self.parents_failed, "without the jobs that they are made from"),
        )
        return ", ".join(f"{jobs:,} {what}" for jobs, what in parts if jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """The end of a run; the folder can be continued in any case."""

    kind: EndKind
    stop: StopReason | None
    """Why it stopped early; None when it completed."""
    counts: JobCounts
    requests: RequestCounts
    seconds: float
    cost_nusd: int
    """The cost of this run, in nano-dollars."""
    folder_cost_nusd: int
    """The cost of the folder over all runs."""
    limits: LimitCounts = field(default_factory=LimitCounts)
    """The limits that it met."""
    warnings: tuple[RunWarning, ...] = ()
    """Warnings: unexpected holds, images that were moved aside, tasks given up."""
    still_gone: frozenset[str] = frozenset()
    """Jobs given up earlier whose images are gone according to their tasks."""

    @property
    def exit_status(self) -> int:
        """The exit status of its kind."""
        return EXIT_STATUS[self.kind]

    @property
    def reason(self) -> str:
        """The reason as a sentence without a full stop; empty when everything requested is there."""
        return reason_of_end(self.stop, self.counts)


def reason_of_end(stop: StopReason | None, counts: JobCounts) -> str:
    """Return why a run ended early or short; empty when everything requested is there."""
    return counts.missing_message if stop is None else str(stop)


def after(first: RunEnd | None, then: RunEnd) -> RunEnd:
    """Return the combined end of two passes over a folder, or of a single one."""
    if first is None:
        return then
    return replace(
        then,
        requests=first.requests + then.requests,
        limits=first.limits + then.limits,
        seconds=first.seconds + then.seconds,
        cost_nusd=first.cost_nusd + then.cost_nusd,
        warnings=tuple(dict.fromkeys((*first.warnings, *then.warnings))),
    )
