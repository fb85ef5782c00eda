"""The counts of a run, while it is active and at its end. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.progress import Progress
from qwave_batch.model.record import JobStatus
from qwave_batch.run.jobs.passed_images import NotPassed
from qwave_batch.run.state.completion_history import FEWEST_S, CompletionHistory
from qwave_batch.run.state.limit_counts import LimitCounts
from qwave_batch.run.state.run_end import JobCounts, RequestCounts

StageReason: TypeAlias = tuple[str, NotPassed]
"""A stage, and why jobs of it could not be sent."""


@dataclass(slots=True)
class RunCounters:
    """The counts of an active run. Jobs that left the plan count only with their requests and cost."""

    statuses: Counter[JobStatus]
    images: int
    """Images of the jobs that the run covers."""
    short: int
    damaged: int
    """Completed jobs with files that differ from the record."""
    started_at: float
    """Monotonic seconds."""
    parents_failed: int = 0
    """Skipped for the failure of jobs that the run does not cover."""
    submits: int = 0
    polls: int = 0
    downloads: int = 0
    retries: int = 0
    new_images: int = 0
    limits: LimitCounts = field(default_factory=LimitCounts)
    resent: set[str] = field(default_factory=set)
    """Jobs whose key was sent again although it may have created a task."""
    still_gone: set[str] = field(default_factory=set)
    """Jobs given up earlier whose images are gone according to their tasks."""
    not_passed: Counter[StageReason] = field(default_factory=Counter)
    """Jobs that are left to the next run because what their parents give could not be passed."""
    warnings: list[RunWarning] = field(default_factory=list)
    history: CompletionHistory = field(init=False)
    """When jobs ended in this run."""

    def __post_init__(self) -> None:
        self.history = CompletionHistory(self.started_at)

    @property
    def pending(self) -> int:
        """Jobs still to do."""
        return self.statuses[JobStatus.PENDING]

    def count_submit(self, *, is_retry: bool) -> None:
        """Count a submit that is sent."""
        self.submits += 1
        self.retries += is_retry

    def count_poll(self, *, is_retry: bool) -> None:
        """Count a poll that is sent."""
        self.polls += 1
        self.retries += is_retry

    def count_download(self, *, is_retry: bool) -> None:
        """Count a download that starts."""
        self.downloads += 1
        self.retries += is_retry

    def settle(self, before: JobStatus, after: JobStatus, now: float) -> None:
        """Count a job that this run has finished with: it has a new status, or is left to the next run as pending."""
        self.statuses[before] -= 1
        self.statuses[after] += 1
        if after is not JobStatus.PENDING:
            self.history.add(now)

    def skip(self, jobs: int) -> None:
        """Count pending jobs as skipped; that says nothing about how fast the others end."""
        self.statuses[JobStatus.PENDING] -= jobs
        self.statuses[JobStatus.SKIPPED] += jobs

    def warn(self, message: str, *next_steps: NextStep) -> None:
        """Keep a warning, without repetitions."""
        self.add_warning(RunWarning(message, tuple(map(Advice, next_steps))))

    def add_warning(self, warning: RunWarning) -> None:
        """Keep a warning, without repetitions."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def closing_warnings(self) -> tuple[RunWarning, ...]:
        """Return the warnings that are only known at the end of the run."""
        if not self.resent:
            return tuple(self.warnings)
        jobs = f"{len(self.resent):,} job{'' if len(self.resent) == 1 else 's'}"
        resent = (
            f"{jobs} got no answer and went out again with the same Idempotency-Key: an API that heeds it makes each "
            "once. Whether yours does, the account's balance before and after the run shows"
        )
        return (*self.warnings, RunWarning(resent, (Advice(NextStep.CHECK_BALANCE),)))

    def progress(self, now: float, *, in_flight: int, spent_nusd: int) -> Progress:
        """Return the current counts, without the current wait and the time left."""
        elapsed_s = now - self.started_at
        jobs = self.statuses.total() - self.statuses[JobStatus.SKIPPED]
        return Progress(
            jobs=jobs,
            done=self.statuses[JobStatus.COMPLETED],
            failed=self.statuses[JobStatus.FAILED],
            cancelled=self.statuses[JobStatus.CANCELLED],
            unknown=self.statuses[JobStatus.UNKNOWN],
            in_flight=in_flight,
            images=self.new_images,
            spent_nusd=spent_nusd,
            elapsed_s=elapsed_s,
            images_per_minute=self.new_images * 60 / max(FEWEST_S, elapsed_s),
            remaining_s=None,
        )

    def job_counts(self) -> JobCounts:
        """Return the jobs that the run covers, by status."""
        return JobCounts(
            jobs=self.statuses.total(),
            **{status.value: self.statuses[status] for status in JobStatus},
            short=self.short,
            damaged=self.damaged,
            parents_failed=self.parents_failed,
            images=self.images,
        )

    def request_counts(self) -> RequestCounts:
        """Return the number of requests sent."""
        return RequestCounts(submit=self.submits, poll=self.polls, download=self.downloads, retried=self.retries)


def is_short(max_images: int, images: int, status: JobStatus) -> bool:
    """Whether a completed job has fewer images than its request may return."""
    return status is JobStatus.COMPLETED and images < max_images
