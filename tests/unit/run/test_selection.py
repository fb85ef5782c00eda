"""What a run does about a job in each state it can be found in."""

from dataclasses import replace

import pytest

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.lines import PlanLine
from qwave_batch.ledger.reading import Standing
from qwave_batch.ledger.records import derive_record
from qwave_batch.ledger.states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.run.options import RunOptions
from qwave_batch.run.selection import Work, work_on
from tests.unit.run.world import make_job

S = AttemptState
PLAIN = RunOptions()
RETRY = RunOptions(retry_failed=True)
RESUBMIT = RunOptions(resubmit_unknown=True)
FINAL = JobError(code="x", message="y")
RETRYABLE = JobError(code="x", message="y", retryable=True)


def standing(
    state: AttemptState | None,
    error: JobError | None = None,
    *,
    planned: bool = True,
    skip: JobError | None = None,
    cost_nusd: int = 0,
) -> Standing:
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
    return Standing(row=1, position=0 if planned else None, line=PlanLine(job=job, record=record), attempt=attempt)


@pytest.mark.parametrize(
    ("state", "error", "options", "work"),
    [
        (None, None, PLAIN, Work.SUBMIT),
        (S.INTENDED, None, PLAIN, Work.SEND_AGAIN),
        (S.PARKED, None, PLAIN, Work.SUBMIT),
        (S.PARKED, RETRYABLE, PLAIN, Work.SUBMIT),
        (S.PARKED, FINAL, PLAIN, Work.NOTHING),
        (S.PARKED, FINAL, RETRY, Work.SUBMIT),
        (S.ACCEPTED, None, PLAIN, Work.ASK),
        (S.COMPLETED, None, PLAIN, Work.FETCH),
        (S.STORED, None, PLAIN, Work.NOTHING),
        (S.STORED, None, RETRY, Work.NOTHING),
        (S.SPOILED, FINAL, PLAIN, Work.NOTHING),
        (S.SPOILED, FINAL, RETRY, Work.SUBMIT),
        (S.FAILED, RETRYABLE, PLAIN, Work.SUBMIT),
        (S.FAILED, FINAL, PLAIN, Work.NOTHING),
        (S.FAILED, FINAL, RETRY, Work.SUBMIT),
        (S.REFUSED, FINAL, PLAIN, Work.NOTHING),
        (S.REFUSED, FINAL, RETRY, Work.SUBMIT),
        (S.CANCELLED, RETRYABLE, PLAIN, Work.SUBMIT),
        (S.UNKNOWN, FINAL, PLAIN, Work.NOTHING),
        (S.UNKNOWN, FINAL, RETRY, Work.NOTHING),
        (S.UNKNOWN, FINAL, RESUBMIT, Work.SUBMIT),
        (S.LOST, FINAL, PLAIN, Work.ASK),
        (S.LOST, FINAL, RESUBMIT, Work.ASK),
    ],
)
def test_every_state_has_its_work(
    state: AttemptState | None, error: JobError | None, options: RunOptions, work: Work
) -> None:
    assert work_on(standing(state, error), options) is work


def test_a_damaged_picture_is_fetched() -> None:
    assert work_on(standing(S.STORED), PLAIN, is_damaged=True) is Work.FETCH


@pytest.mark.parametrize(
    ("state", "work"),
    [(S.COMPLETED, Work.FETCH), (S.SPOILED, Work.FETCH), (S.FAILED, Work.NOTHING), (None, Work.NOTHING)],
)
def test_a_refetch_asks_for_all_that_was_paid_and_for_nothing_else(state: AttemptState | None, work: Work) -> None:
    assert work_on(standing(state, FINAL), RunOptions(fetch_only=True)) is work


def test_a_skipped_job_is_never_submitted() -> None:
    assert work_on(standing(None, skip=FINAL), RETRY) is Work.NOTHING
    assert work_on(standing(S.INTENDED, skip=FINAL), RETRY) is Work.NOTHING


@pytest.mark.parametrize(
    ("state", "work"),
    [(S.ACCEPTED, Work.ASK), (S.COMPLETED, Work.FETCH), (S.INTENDED, Work.NOTHING), (S.FAILED, Work.NOTHING)],
)
def test_a_job_that_left_the_plan_is_collected_and_never_sent(state: AttemptState, work: Work) -> None:
    assert work_on(standing(state, RETRYABLE, planned=False), RETRY) is work


@pytest.mark.parametrize("state", [S.CANCELLED, S.FAILED])
def test_an_end_that_was_paid_is_paid_for_again_only_on_request(state: AttemptState) -> None:
    assert work_on(standing(state, RETRYABLE, cost_nusd=1), PLAIN) is Work.NOTHING
    assert work_on(standing(state, RETRYABLE, cost_nusd=1), RETRY) is Work.SUBMIT
