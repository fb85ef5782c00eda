"""What a run does about each job. Pure: a standing in, a verdict out."""

from enum import Enum, auto

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.reading import Standing
from qwave_batch.ledger.states import AttemptState
from qwave_batch.run.options import RunOptions
from qwave_batch.run.shortfall import owes_images


class Work(Enum):
    """What is to be done about a job, in the order in which a run turns to it."""

    NOTHING = auto()
    ASK = auto()
    """A task is on record: ask how it stands."""
    SEND_AGAIN = auto()
    """A submit got no definite answer: send the same key again, if the API surely still knows it."""
    FETCH = auto()
    """A task has ended and may have images that are not on disk: fetch them."""
    SUBMIT = auto()
    """Make a task."""


_BEGUN = {
    AttemptState.ACCEPTED: Work.ASK,
    AttemptState.LOST: Work.ASK,  # asking is free, and the right account or host may be back
    AttemptState.INTENDED: Work.SEND_AGAIN,
    AttemptState.COMPLETED: Work.FETCH,
}
"""What is done about an attempt that is not over, whatever the run was asked."""


def work_on(standing: Standing, options: RunOptions, *, is_damaged: bool = False) -> Work:  # noqa: PLR0911 - one a kind
    """Return what a run does about a job.

    Args:
        standing: The job as it is on record.
        options: What the run was asked to do.
        is_damaged: Whether a file of a completed job is missing or not what is on record.
    """
    attempt = standing.attempt
    if attempt is not None and attempt.state is AttemptState.STORED:
        is_open = is_damaged or (options.fetch_only and not options.given_up_only and is_owed(standing))
        return Work.FETCH if is_open and not options.given_up_only else Work.NOTHING
    if options.fetch_only:
        return Work.NOTHING if attempt is None else _fetch_of(standing, attempt, options)
    work = Work.SUBMIT if attempt is None else _BEGUN.get(attempt.state, Work.SUBMIT)
    if work in {Work.ASK, Work.FETCH}:
        return work
    if attempt is not None and is_asked_again(attempt) and not _is_paid_again(attempt, options):
        return Work.FETCH
    if not standing.is_planned or standing.line.job.skip is not None:
        return Work.NOTHING
    if work is Work.SUBMIT and attempt is not None and not _may_submit(attempt, options):
        return Work.NOTHING
    return work


def is_given_up(attempt: Attempt) -> bool:
    """Whether a task was paid, or perhaps paid, and its images were given up: asking again is free."""
    is_failed = attempt.state is AttemptState.FAILED and attempt.may_have_cost and attempt.task_id is not None
    return attempt.state is AttemptState.SPOILED or is_failed


def is_asked_again(attempt: Attempt) -> bool:
    """Whether a plain run asks for a task once more that has failed: the API has not said that it was free."""
    return attempt.state is AttemptState.FAILED and is_given_up(attempt) and attempt.cost_from is None


def is_owed(standing: Standing) -> bool:
    """Whether a completed job has fewer images than were paid for."""
    attempt = standing.attempt
    if attempt is None or attempt.state is not AttemptState.STORED or attempt.cost_from != "api":
        return False
    return owes_images(standing.line.job, attempt, len(standing.files))


def _fetch_of(standing: Standing, attempt: Attempt, options: RunOptions) -> Work:
    """Return what a run does that only fetches: what was given up too, and tasks that have ended without an image."""
    if is_given_up(attempt):
        return Work.FETCH if standing.is_planned else Work.NOTHING
    if options.given_up_only:
        return Work.NOTHING
    if attempt.state is AttemptState.ACCEPTED and attempt.ended_at is not None:
        return Work.ASK
    return Work.FETCH if attempt.state is AttemptState.COMPLETED else Work.NOTHING


def is_to_submit(standing: Standing, options: RunOptions) -> bool:
    """Whether a run that finds the API as expected submits a job: for the first time, again, or its old key."""
    work = work_on(standing, options)
    if work is Work.ASK and standing.attempt is not None and standing.attempt.state is AttemptState.LOST:
        return options.resubmit_unknown and standing.is_planned
    return work in {Work.SUBMIT, Work.SEND_AGAIN}


def _is_paid_again(attempt: Attempt, options: RunOptions) -> bool:
    """Whether a person asked for failed jobs, and this one was asked for in vain."""
    return options.retry_failed and attempt.job_id in (options.pay_again or ())


def _may_submit(attempt: Attempt, options: RunOptions) -> bool:
    """Whether an attempt that is over, as far as it goes, is followed by another sending."""
    if attempt.state is AttemptState.UNKNOWN:
        return options.resubmit_unknown
    if attempt.may_have_cost:
        return options.retry_failed if options.pay_again is None else _is_paid_again(attempt, options)
    if attempt.state is AttemptState.CANCELLED or attempt.error is None:
        return True
    return attempt.error.retryable or options.retry_failed
