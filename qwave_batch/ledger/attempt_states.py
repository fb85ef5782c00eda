"""The states of an attempt and the allowed transitions between them; drawn in docs/architecture.md."""

from enum import StrEnum


class AttemptState(StrEnum):
    """The state of one attempt at a job, as far as it is known."""

    SUBMITTING = "intended"
    """Its key is recorded and may have been sent; the same key may be sent again while the API remembers it."""
    NOT_SUBMITTED = "parked"
    """As far as is known, nothing was created under its key; the same key is used for the next submit."""
    ACCEPTED = "accepted"
    """The API created a task, whose id is recorded."""
    COMPLETED = "completed"
    """The task ended with images that are not on disk yet; cost and addresses are recorded."""
    STORED = "stored"
    """Every image is on disk, checked and under its final name."""
    UNRECOVERABLE = "spoiled"
    """The task was paid for but its images are broken or gone at the source; ``refetch`` still asks for them."""
    FAILED = "failed"
    """The task failed; if it was or may have been paid for, it is still checked for images that appear later."""
    CANCELLED = "cancelled"
    """The task was cancelled."""
    REFUSED = "refused"
    """The API rejected the submit for good; no task exists."""
    UNKNOWN = "unknown"
    """It may have been paid for and cannot be looked up; only ``--resubmit-unknown`` sends it again."""
    NOT_FOUND = "lost"
    """The API created a task and no longer knows it."""


_S = AttemptState

TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    _S.SUBMITTING: frozenset({_S.ACCEPTED, _S.REFUSED, _S.NOT_SUBMITTED, _S.UNKNOWN}),
    _S.NOT_SUBMITTED: frozenset({_S.SUBMITTING}),
    _S.ACCEPTED: frozenset({_S.COMPLETED, _S.FAILED, _S.CANCELLED, _S.NOT_FOUND}),
    _S.COMPLETED: frozenset({_S.STORED, _S.UNRECOVERABLE}),
    _S.STORED: frozenset({_S.STORED, _S.UNRECOVERABLE}),
    _S.UNRECOVERABLE: frozenset({_S.STORED}),
    _S.FAILED: frozenset({_S.COMPLETED}),
    _S.CANCELLED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.UNKNOWN: frozenset({_S.SUBMITTING}),
    _S.NOT_FOUND: frozenset({_S.ACCEPTED, _S.SUBMITTING}),
}
"""From each state, the states that may follow it in the same attempt."""

BEGINNINGS = frozenset({_S.SUBMITTING, _S.STORED})
"""Initial states of an attempt: stored means that its images were reused from another folder, and nothing is sent."""

NEW_ROUNDS: frozenset[tuple[AttemptState, AttemptState]] = frozenset(
    {
        (_S.NOT_SUBMITTED, _S.SUBMITTING),
        (_S.UNKNOWN, _S.SUBMITTING),
        (_S.NOT_FOUND, _S.SUBMITTING),
        (_S.NOT_FOUND, _S.ACCEPTED),
        (_S.UNRECOVERABLE, _S.STORED),
        (_S.FAILED, _S.COMPLETED),
    }
)
"""Transitions that begin a new round of the same attempt: the same key again, or a task or its images found again.

Within a round states only move forward, so (attempt, round, ``RANK``) never decreases.
"""

RANK: dict[AttemptState, int] = {
    _S.SUBMITTING: 0,
    _S.NOT_SUBMITTED: 1,
    _S.ACCEPTED: 1,
    _S.REFUSED: 2,
    _S.UNKNOWN: 2,
    _S.COMPLETED: 2,
    _S.FAILED: 2,
    _S.CANCELLED: 2,
    _S.NOT_FOUND: 2,
    _S.STORED: 3,
    _S.UNRECOVERABLE: 4,
}
"""How far along an attempt is; equal ranks exclude each other."""

OPEN = frozenset({_S.SUBMITTING, _S.ACCEPTED, _S.COMPLETED})
"""Something of this attempt is still at the API, and the account of this key can look it up."""

HOLDS_MONEY = frozenset({_S.SUBMITTING, _S.ACCEPTED, _S.UNKNOWN, _S.NOT_FOUND})
"""The attempt may still cost the amount it has reserved."""

ENDED_UNPAID = frozenset({_S.FAILED, _S.CANCELLED, _S.REFUSED})
"""A new attempt may follow, provided that this one cost nothing."""

NOTHING_OUT = ENDED_UNPAID | {_S.NOT_SUBMITTED, _S.UNRECOVERABLE}
"""Nothing of the attempt can still arrive, so an attempt that begins as stored may follow: nothing is sent for it."""


class IllegalTransition(RuntimeError):
    """A bug in this program: an attempt was given a transition that is not allowed. Nothing was written."""

    def __init__(self, job_id: str, number: int, before: AttemptState | None, after: AttemptState) -> None:
        super().__init__(f"attempt {number} of job {job_id} is {before or 'not there'} and can't become {after}")


def check_transition(job_id: str, number: int, before: AttemptState | None, after: AttemptState) -> None:
    """Check that ``after`` may follow ``before``.

    A new attempt (None) begins as intended, or as stored when its images were reused from another folder.

    Raises:
        IllegalTransition: it may not.
    """
    allowed = after in BEGINNINGS if before is None else after in TRANSITIONS[before]
    if not allowed:
        raise IllegalTransition(job_id, number, before, after)
