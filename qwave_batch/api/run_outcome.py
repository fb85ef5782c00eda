"""The values that a run gives its caller: an estimate before anything is sent, a summary at the end."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.model.cost_range import NOTHING
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import InUsd, usd_words
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.run_ends import EXIT_STATUS, EndKind
from qwave_batch.model.stop_reason import StopReason
from qwave_batch.run.schedule.job_actions import action_for, is_to_submit
from qwave_batch.run.schedule.parent_readiness import ParentReadiness, Readiness
from qwave_batch.run.state.context import WHOLE_PLAN, JobScope
from qwave_batch.run.state.run_end import JobCounts, reason_of_end
from qwave_batch.run.state.run_request import RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """The jobs that are missing from a folder, with the most images they can bring and the most they can cost."""

    jobs: int
    """Jobs that will be submitted."""
    images: int
    estimated_nusd: int
    """The most that they should cost, in nano-dollars."""
    typical_nusd: int
    """The cost to expect, in nano-dollars."""
    warnings: tuple[RunWarning, ...] = ()
    """Warnings to read before that is paid."""
    estimated_usd = InUsd()
    typical_usd = InUsd()


def estimate(snapshots: Iterable[JobSnapshot], options: RunOptions, scope: JobScope = WHOLE_PLAN) -> CostEstimate:
    """Return what a run with these options would submit.

    Args:
        snapshots: The jobs that the run is about (``run.work_list.jobs_in_scope``).
        options: The options of the run.
        scope: The scope of those jobs.

    Raises:
        UsageError: ``only`` takes no line at all.
    """
    jobs = images = taken = 0
    readiness = ParentReadiness(deciding=scope.deciding, is_whole=scope.is_whole)
    cost = NOTHING
    for snapshot in snapshots:
        taken += snapshot.is_planned
        can_be_made = readiness.judge(snapshot, action_for(snapshot, options)) in {Readiness.READY, Readiness.WAITS}
        if can_be_made and is_to_submit(snapshot, options):
            jobs += 1
            images += snapshot.line.job.max_images
            cost += snapshot.line.job.estimate
    if options.only is not None and not taken:
        raise UsageError("no job of the plan meets the condition, so there is nothing to do")
    return CostEstimate(jobs=jobs, images=images, estimated_nusd=cost.most_nusd, typical_nusd=cost.typical_nusd)


_LONGEST = 200
"""How much of a reason stands in a repr."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """How a run ended, and what its folder now holds."""

    folder: Path
    store: str | None = None
    """The address of the object store that has its images; None when the folder has them itself."""
    kind: EndKind
    """How it ended; see "How a run ends" in docs/run-folder.md."""
    counts: JobCounts
    """The jobs that this run was asked for."""
    cost_nusd: int
    """The cost of this run, in nano-dollars."""
    folder_cost_nusd: int
    """The cost of the folder over all its runs, in nano-dollars."""
    seconds: float
    warnings: tuple[RunWarning, ...]
    stop: StopReason | None = None
    """Why it stopped before all was done; None when it went through."""
    report: Path | None = None
    """The page of the report that the run was to keep; None where there is none."""
    reused: int = 0
    """Jobs whose images this run has taken from other folders."""
    books: CostReport = field(default_factory=CostReport)
    """The cost of all tasks of the folder, beside what was set aside for them and what the catalog says."""
    summary: JsonObject = field(repr=False)
    """The content of summary.json, which is about the whole folder."""
    cost_usd = InUsd()
    folder_cost_usd = InUsd()

    @property
    def exit_status(self) -> int:
        """The exit status that its kind has; 0 when all that was asked for is there."""
        return EXIT_STATUS[self.kind]

    @property
    def reason(self) -> str:
        """Why it ended early or short, a sentence without a full stop; empty when all is there."""
        return reason_of_end(self.stop, self.counts)

    def __repr__(self) -> str:
        """Return a summary on one line."""
        done = f"{self.counts.completed:,} of {self.counts.jobs:,} jobs done, {self.counts.images:,} images"
        cost = f"{usd_words(self.cost_nusd)} in {self.seconds:.1f} s"
        end = f", exit {self.exit_status}: {self.reason}"[:_LONGEST] if self.exit_status else ""
        return f"RunSummary({self.folder}: {done}, {cost}{end})"

    def as_json(self) -> JsonObject:
        """Return what ``run --json`` prints."""
        return self.summary
