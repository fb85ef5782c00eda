"""How a run ended, for people: what was made, where, for how much, what failed and what to do next."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from qwave_batch.cli.drawing.amounts import count, draw_cost_report, duration, usd
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import pasted, wrap
from qwave_batch.cli.next_steps import step_words, warning_words
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.model.record import JobStatus
from qwave_batch.model.run_ends import EndKind

if TYPE_CHECKING:
    from qwave_batch.folders import ManifestLine
    from qwave_batch.runs import RunSummary

_REASONS_SHOWN = 8
_IDS_SHOWN = 3
_TROUBLE = {JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.CANCELLED, JobStatus.PENDING}
_Reasons: TypeAlias = dict[tuple[str, str, str, bool], list[str]]
"""Ids of jobs by status, code, message, and whether a plain run tries again."""
_LOST = "task_not_found"
_NO_IMAGE = "no_image"
_SPOILED = {"bad_image", "result_gone", _NO_IMAGE}
"""Codes of jobs that are paid, and whose images can't be had."""
_ASKED_FOR = {
    NextStep.SCORE,
    NextStep.CHECK_THEN_RUN,
    NextStep.IMPORT_PICKS,
    NextStep.NAME_PUBLIC_URL,
    NextStep.RUN_PARENTS,
}
"""Steps without which another run does no more than this one."""
_SHORT = "parent_short"
"""The code of jobs that are skipped, as what they are made from brought too few images."""
_HAD = "other_format"
"""The code of jobs that are paid, and whose results are had in a format that is not read."""


def draw_summary(summary: "RunSummary", lines: Iterable["ManifestLine"], terminal: Terminal) -> list[str]:
    """Return the closing lines of a run."""
    counts = summary.counts
    made = f"{counts.completed:,} of {count(counts.jobs - counts.skipped, 'job')} done"
    images = f"{count(counts.images, 'image')} in {terminal.shown(summary.store or str(summary.folder))}"
    cost = f"{usd(summary.cost_nusd)} in {duration(summary.seconds)}"
    if summary.folder_cost_nusd != summary.cost_nusd:
        cost += f" ({usd(summary.folder_cost_nusd)} over all runs)"
    painted = terminal.paint(made, "green" if summary.exit_status == 0 else "yellow")
    drawn = wrap(f"{made}: {images}, {cost}", terminal.width, hang="  ")
    drawn[0] = drawn[0].replace(made, painted, 1)
    drawn += wrap(_rest(summary), terminal.width, hang="  ") if _rest(summary) else []
    if summary.report is not None:
        drawn += wrap(f"to look at them, open {terminal.shown(str(summary.report))}", terminal.width, hang="  ")
    if summary.reused:
        drawn.append(f"{summary.reused:,} of them taken from other folders, for nothing")
    drawn += draw_cost_report(summary.books, terminal)
    is_short = counts.short and counts.skipped
    has_trouble = counts.failed or counts.unknown or counts.cancelled or counts.pending or is_short
    reasons = _reasons(lines) if has_trouble else {}
    drawn += _draw_trouble(reasons, terminal)
    drawn += draw_warnings(summary.warnings, terminal)
    is_explained = summary.stop is None and _awaits_steps(summary)  # by the notes
    if summary.reason and not is_explained and (counts.pending or summary.exit_status not in {0, 1}):
        drawn += wrap(f"ended early: {terminal.shown(summary.reason)}", terminal.width, hang="  ")
    for step in _steps(summary, reasons, terminal):
        drawn += wrap(step, terminal.width, hang="  ")
    return drawn


def draw_warnings(warnings: Sequence[RunWarning], terminal: Terminal) -> list[str]:
    """Return a note for each warning, wrapped."""
    return [
        line
        for warning in warnings
        for line in wrap(f"note: {terminal.shown(warning_words(warning))}", terminal.width, hang="      ")
    ]


def _rest(summary: "RunSummary") -> str:
    """Return how the jobs stand that are not completed, or whose images are fewer than asked for."""
    counts = summary.counts
    parts = [
        (counts.failed, "failed"),
        (counts.unknown, "unknown, perhaps paid"),
        (counts.cancelled, "cancelled"),
        (counts.pending, "still to do"),
        (counts.damaged, "with images that are missing or damaged"),
        (counts.short, "with fewer images than asked for"),
        (counts.skipped, "left out" if summary.summary.get("stages") else "left out, not supported"),
    ]
    return ", ".join(f"{number:,} {what}" for number, what in parts if number)


def _reasons(lines: Iterable["ManifestLine"]) -> _Reasons:
    by_reason: _Reasons = defaultdict(list)
    for line in lines:
        if line.status in _TROUBLE and line.error is not None:
            by_reason[line.status, line.error.code, line.error.message, line.error.retryable].append(line.job_id)
        elif line.status is JobStatus.SKIPPED and line.error is not None and line.error.code == _SHORT:
            message = "what they are made from brought fewer images than they need"
            by_reason[line.status, _SHORT, message, False].append(line.job_id)
    return by_reason


def _draw_trouble(by_reason: _Reasons, terminal: Terminal) -> list[str]:
    """Return what keeps jobs from being done, by reason, with the first few jobs of each."""
    drawn: list[str] = []
    for (status, code, message, _), ids in sorted(by_reason.items(), key=lambda item: -len(item[1]))[:_REASONS_SHOWN]:
        more = f" and {len(ids) - _IDS_SHOWN:,} more" if len(ids) > _IDS_SHOWN else ""
        text = f"{len(ids):,} {status}: {code}: {message} ({', '.join(ids[:_IDS_SHOWN])}{more})"
        drawn += wrap(terminal.shown(text), terminal.width, indent="  ", hang="      ")
    if len(by_reason) > _REASONS_SHOWN:
        drawn.append(f"  and {count(len(by_reason) - _REASONS_SHOWN, 'more reason')}: see manifest.jsonl")
    return drawn


def _steps(summary: "RunSummary", reasons: _Reasons, terminal: Terminal) -> list[str]:
    """Return what to do next."""
    counts = summary.counts
    folder = terminal.shown(str(summary.folder))
    steps = []
    spoiled = sum(
        len(ids)
        for (status, code, _, may_pass), ids in reasons.items()
        if status is JobStatus.FAILED and code in _SPOILED and not may_pass
    )
    passing = sum(
        len(ids) for (status, *_, may_pass), ids in reasons.items() if status == JobStatus.FAILED and may_pass
    )
    is_ahead = counts.pending and (summary.stop is not None or not _awaits_steps(summary))
    is_plain_due = is_ahead or counts.cancelled or counts.damaged or passing
    if is_plain_due:
        steps.append(f"{_obstacle(summary)}run it again: it goes on where it stopped, and nothing is made twice")
    without = NextStep.RUN_WITHOUT_WORKERS
    if summary.stop is not None and without in summary.stop.next_steps:
        steps.append(f"if that does not help, {step_words(Advice(without))}")
    if spoiled:
        again = "ask for images that are paid and did not come whole"
        steps.append(
            f"qwave-batch refetch {pasted(folder)}, to {again}, for nothing: --retry-failed pays for them a second time"
        )
    had = _number(reasons, JobStatus.FAILED, {_HAD})
    if had:
        steps.append(
            "use the results that are kept in .qwave/evidence: they are paid, and --retry-failed pays for them again"
        )
    if counts.failed > spoiled + had + passing:
        too = "to do failed jobs again, too, add --retry-failed" if is_plain_due else "run it again with --retry-failed"
        steps.append(f"{too}, once the reason is gone")
    lost = _number(reasons, JobStatus.UNKNOWN, {_LOST})
    if lost:
        steps.append("run it again with the key and the host that these tasks were made with: they are asked for anew")
    if _number(reasons, JobStatus.PENDING, {_LOST}):
        steps.append("if this is that account and host, --resubmit-unknown takes images that were not found for gone")
    if counts.unknown > lost:
        steps.append("--resubmit-unknown sends unknown jobs again, and may pay for them twice")
    if not steps and summary.exit_status == 0:
        return [f"check it: qwave-batch verify {pasted(folder)}"]
    return [f"next: {step}" for step in steps]


def _awaits_steps(summary: "RunSummary") -> bool:
    """Whether jobs wait for scores, checks, picks, a public address or jobs left out: a note says what brings them."""
    return any(advice.step in _ASKED_FOR for warning in summary.warnings for advice in warning.next_steps)


def _obstacle(summary: "RunSummary") -> str:
    """Return what has to come first, before another run is of any use."""
    if summary.stop is not None and NextStep.WAIT_LONGER in summary.stop.next_steps:
        return "after that time, or with a longer --max-wait, "
    if summary.kind is EndKind.BUDGET:
        return "with a higher budget.max_usd or --max-usd, "
    return "once that is mended, " if summary.kind is EndKind.ACCOUNT else ""


def _number(reasons: _Reasons, status: JobStatus, codes: Container[str]) -> int:
    return sum(len(ids) for (each, code, *_), ids in reasons.items() if each is status and code in codes)
