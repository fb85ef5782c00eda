"""Selects the action of a run for a job, from its record and the run's options. Pure."""

from enum import Enum, auto

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import JobSnapshot
from qwave_batch.run.images.listed_images import owes_images
from qwave_batch.run.state.run_request import RunOptions


class JobAction(Enum):
    """An action for a job; actions are taken in this order."""

    NOTHING = auto()
    POLL = auto()
    """A task is on record: poll it."""
    RESUBMIT = auto()
    """A submit got no definite answer: send the same key again, if the API certainly still knows it."""
    FETCH = auto()
    """A task has ended and may have images that are not on disk: fetch them."""
    SUBMIT = auto()
    """Create a task."""


_BEGUN = {
    AttemptState.ACCEPTED: JobAction.POLL,
    AttemptState.NOT_FOUND: JobAction.POLL,  # polling is free, and the right account or host may be back
    AttemptState.SUBMITTING: JobAction.RESUBMIT,
    AttemptState.COMPLETED: JobAction.FETCH,
}
"""The action for an attempt that is not over, whatever the options are."""


def action_for(snapshot: JobSnapshot, options: RunOptions, *, is_damaged: bool = False) -> JobAction:  # noqa: PLR0911 - one a kind
    """Return the action of a run for a job.

    Args:
        snapshot: The recorded job.
        options: The options of the run.
        is_damaged: Whether a file of a completed job is missing or differs from the record.
    """
    attempt = snapshot.attempt
    if attempt is not None and attempt.state is AttemptState.STORED:
        is_open = is_damaged or (options.fetch_only and not options.given_up_only and is_owed(snapshot))
        return JobAction.FETCH if is_open and not options.given_up_only else JobAction.NOTHING
    if options.fetch_only:
        return JobAction.NOTHING if attempt is None else _fetch_of(snapshot, attempt, options)
    work = JobAction.SUBMIT if attempt is None else _BEGUN.get(attempt.state, JobAction.SUBMIT)
    if work in {JobAction.POLL, JobAction.FETCH}:
        return work
    if attempt is not None and is_asked_again(attempt) and not _is_paid_again(attempt, options):
        return JobAction.FETCH
    if not snapshot.is_planned or snapshot.line.job.skip is not None:
        return JobAction.NOTHING
    if work is JobAction.SUBMIT and attempt is not None and not _may_submit(attempt, options):
        return JobAction.NOTHING
    return work


def is_given_up(attempt: Attempt) -> bool:
    """Whether a task was or may have been paid for and its images were given up: polling again is free."""
    is_failed = attempt.state is AttemptState.FAILED and attempt.may_have_cost and attempt.task_id is not None
    return attempt.state is AttemptState.UNRECOVERABLE or is_failed


def is_asked_again(attempt: Attempt) -> bool:
    """Whether a plain run polls a failed task once more: the API has not said that it was free."""
    return attempt.state is AttemptState.FAILED and is_given_up(attempt) and attempt.cost_from is None


def is_owed(snapshot: JobSnapshot) -> bool:
    """Whether a completed job has fewer images than were paid for."""
    attempt = snapshot.attempt
    if attempt is None or attempt.state is not AttemptState.STORED or attempt.cost_from != "api":
        return False
    return owes_images(snapshot.line.job, attempt, len(snapshot.files))


def _fetch_of(snapshot: JobSnapshot, attempt: Attempt, options: RunOptions) -> JobAction:
    """Return the action of a fetch-only run, which also covers given-up tasks and tasks that ended without an image."""
    if is_given_up(attempt):
        return JobAction.FETCH if snapshot.is_planned else JobAction.NOTHING
    if options.given_up_only:
        return JobAction.NOTHING
    if attempt.state is AttemptState.ACCEPTED and attempt.ended_at is not None:
        return JobAction.POLL
    return JobAction.FETCH if attempt.state is AttemptState.COMPLETED else JobAction.NOTHING


def is_to_submit(snapshot: JobSnapshot, options: RunOptions) -> bool:
    """Whether a run that finds the API as expected submits a job: for the first time, again, or with its old key."""
    work = action_for(snapshot, options)
    if work is JobAction.POLL and snapshot.attempt is not None and snapshot.attempt.state is AttemptState.NOT_FOUND:
        return options.resubmit_unknown and snapshot.is_planned
    return work in {JobAction.SUBMIT, JobAction.RESUBMIT}


def _is_paid_again(attempt: Attempt, options: RunOptions) -> bool:
    """Whether a user asked for failed jobs to be paid for again, and polling this one was in vain."""
    return options.retry_failed and attempt.job_id in (options.pay_again or ())


def _may_submit(attempt: Attempt, options: RunOptions) -> bool:
    """Whether an attempt that is over so far is followed by another submit."""
    if attempt.state is AttemptState.UNKNOWN:
        return options.resubmit_unknown
    if attempt.may_have_cost:
        return options.retry_failed if options.pay_again is None else _is_paid_again(attempt, options)
    if attempt.state is AttemptState.CANCELLED or attempt.error is None:
        return True
    return attempt.error.retryable or options.retry_failed
