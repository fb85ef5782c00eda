"""What a run does about each job. Pure: a standing in, a verdict out."""

from enum import Enum, auto

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.reading import Standing
from qwave_batch.ledger.states import AttemptState
from qwave_batch.run.options import RunOptions


class Work(Enum):
    """What is to be done about a job, in the order in which a run turns to it."""

    NOTHING = auto()
    ASK = auto()
    """A task is on record: ask how it stands."""
    SEND_AGAIN = auto()
    """A submit got no definite answer: send the same key again, if the API surely still knows it."""
    FETCH = auto()
    """A task is completed: fetch what is missing on disk."""
    SUBMIT = auto()
    """Make a task."""


_BEGUN = {
    AttemptState.ACCEPTED: Work.ASK,
    AttemptState.LOST: Work.ASK,  # asking is free, and the right account or host may be back
    AttemptState.INTENDED: Work.SEND_AGAIN,
    AttemptState.COMPLETED: Work.FETCH,
}
"""What is done about an attempt that is not over, whatever the run was asked."""


_UNFETCHED = frozenset({AttemptState.COMPLETED, AttemptState.SPOILED})
"""What was paid and is not on disk; a picture that was given up may be there again, and asking is free."""


def work_on(standing: Standing, options: RunOptions, *, is_damaged: bool = False) -> Work:
    """Return what a run does about a job.

    Args:
        standing: The job as it is on record.
        options: What the run was asked to do.
        is_damaged: Whether a file of a completed job is missing or not what is on record.
    """
    attempt = standing.attempt
    if attempt is not None and attempt.state is AttemptState.STORED:
        return Work.FETCH if is_damaged else Work.NOTHING
    if options.fetch_only:
        return Work.FETCH if attempt is not None and attempt.state in _UNFETCHED else Work.NOTHING
    work = Work.SUBMIT if attempt is None else _BEGUN.get(attempt.state, Work.SUBMIT)
    if work in {Work.ASK, Work.FETCH}:
        return work
    if not standing.is_planned or standing.line.job.skip is not None:
        return Work.NOTHING
    if work is Work.SUBMIT and attempt is not None and not _may_submit(attempt, options):
        return Work.NOTHING
    return work


def is_to_submit(standing: Standing, options: RunOptions) -> bool:
    """Whether a run that finds the API as expected submits a job: for the first time, again, or its old key."""
    work = work_on(standing, options)
    if work is Work.ASK and standing.attempt is not None and standing.attempt.state is AttemptState.LOST:
        return options.resubmit_unknown and standing.is_planned
    return work in {Work.SUBMIT, Work.SEND_AGAIN}


def _may_submit(attempt: Attempt, options: RunOptions) -> bool:
    """Whether an attempt that is over, as far as it goes, is followed by another sending."""
    if attempt.state is AttemptState.UNKNOWN:
        return options.resubmit_unknown
    if attempt.cost_nusd > 0:
        return options.retry_failed
    if attempt.state is AttemptState.CANCELLED or attempt.error is None:
        return True
    return attempt.error.retryable or options.retry_failed
