"""The action for a job in each state."""

from dataclasses import replace

import pytest

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import JobSnapshot, PlanLine, derive_record
from qwave_batch.model.job import JobError
from qwave_batch.run.schedule.job_actions import JobAction, action_for
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.world import make_job

S = AttemptState
PLAIN = RunOptions()
RETRY = RunOptions(retry_failed=True)
RESUBMIT = RunOptions(resubmit_unknown=True)
FINAL = JobError(code="x", message="y")
RETRYABLE = JobError(code="x", message="y", retryable=True)


def snapshot(
    state: AttemptState | None,
    error: JobError | None = None,
    *,
    planned: bool = True,
    skip: JobError | None = None,
    cost_nusd: int = 0,
) -> JobSnapshot:
    job = replace(make_job(0), skip=skip)
    attempt = None
    if state is not None:
        attempt = Attempt(
            job_id=job.job_id,
            number=1,
            round=0,
            state=state,
            key="k",
            first_sent_at=0.0,
            held_nusd=1,
            doubt_nusd=0,
            cost_nusd=cost_nusd,
            error=error,
        )
    record = derive_record(job.job_id, [attempt] if attempt else [], (), skip)
    return JobSnapshot(row=1, position=0 if planned else None, line=PlanLine(job=job, record=record), attempt=attempt)


@pytest.mark.parametrize(
    ("state", "error", "options", "work"),
    [
        (None, None, PLAIN, JobAction.SUBMIT),
        (S.SUBMITTING, None, PLAIN, JobAction.RESUBMIT),
        (S.NOT_SUBMITTED, None, PLAIN, JobAction.SUBMIT),
        (S.NOT_SUBMITTED, RETRYABLE, PLAIN, JobAction.SUBMIT),
        (S.NOT_SUBMITTED, FINAL, PLAIN, JobAction.NOTHING),
        (S.NOT_SUBMITTED, FINAL, RETRY, JobAction.SUBMIT),
        (S.ACCEPTED, None, PLAIN, JobAction.POLL),
        (S.COMPLETED, None, PLAIN, JobAction.FETCH),
        (S.STORED, None, PLAIN, JobAction.NOTHING),
        (S.STORED, None, RETRY, JobAction.NOTHING),
        (S.UNRECOVERABLE, FINAL, PLAIN, JobAction.NOTHING),
        (S.UNRECOVERABLE, FINAL, RETRY, JobAction.SUBMIT),
        (S.FAILED, RETRYABLE, PLAIN, JobAction.SUBMIT),
        (S.FAILED, FINAL, PLAIN, JobAction.NOTHING),
        (S.FAILED, FINAL, RETRY, JobAction.SUBMIT),
        (S.REFUSED, FINAL, PLAIN, JobAction.NOTHING),
        (S.REFUSED, FINAL, RETRY, JobAction.SUBMIT),
        (S.CANCELLED, RETRYABLE, PLAIN, JobAction.SUBMIT),
        (S.UNKNOWN, FINAL, PLAIN, JobAction.NOTHING),
        (S.UNKNOWN, FINAL, RETRY, JobAction.NOTHING),
        (S.UNKNOWN, FINAL, RESUBMIT, JobAction.SUBMIT),
        (S.NOT_FOUND, FINAL, PLAIN, JobAction.POLL),
        (S.NOT_FOUND, FINAL, RESUBMIT, JobAction.POLL),
    ],
)
def test_every_state_has_its_work(
    state: AttemptState | None, error: JobError | None, options: RunOptions, work: JobAction
) -> None:
    assert action_for(snapshot(state, error), options) is work


def test_a_damaged_image_is_fetched() -> None:
    assert action_for(snapshot(S.STORED), PLAIN, is_damaged=True) is JobAction.FETCH


@pytest.mark.parametrize(
    ("state", "work"),
    [
        (S.COMPLETED, JobAction.FETCH),
        (S.UNRECOVERABLE, JobAction.FETCH),
        (S.FAILED, JobAction.NOTHING),
        (None, JobAction.NOTHING),
    ],
)
def test_a_refetch_asks_for_all_that_was_paid_and_for_nothing_else(state: AttemptState | None, work: JobAction) -> None:
    assert action_for(snapshot(state, FINAL), RunOptions(fetch_only=True)) is work


def test_a_skipped_job_is_never_submitted() -> None:
    assert action_for(snapshot(None, skip=FINAL), RETRY) is JobAction.NOTHING
    assert action_for(snapshot(S.SUBMITTING, skip=FINAL), RETRY) is JobAction.NOTHING


@pytest.mark.parametrize(
    ("state", "work"),
    [
        (S.ACCEPTED, JobAction.POLL),
        (S.COMPLETED, JobAction.FETCH),
        (S.SUBMITTING, JobAction.NOTHING),
        (S.FAILED, JobAction.NOTHING),
    ],
)
def test_a_job_that_left_the_plan_is_collected_and_never_sent(state: AttemptState, work: JobAction) -> None:
    assert action_for(snapshot(state, RETRYABLE, planned=False), RETRY) is work


@pytest.mark.parametrize("state", [S.CANCELLED, S.FAILED])
def test_an_end_that_was_paid_is_paid_for_again_only_on_request(state: AttemptState) -> None:
    assert action_for(snapshot(state, RETRYABLE, cost_nusd=1), PLAIN) is JobAction.NOTHING
    assert action_for(snapshot(state, RETRYABLE, cost_nusd=1), RETRY) is JobAction.SUBMIT
