"""One model's jobs: what waits for another try, with a slot or without, and what there is the money for."""

import math

from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.jobs.model_queue import ModelQueue
from qwave_batch.run.limits.adaptive_concurrency import AdaptiveConcurrency
from qwave_batch.run.limits.throttle_episode import ModelThrottle
from tests.unit.run.world import make_job


def queue_of(*fresh: JobRun) -> ModelQueue:
    model_queue = ModelQueue(ModelThrottle("m", concurrency=AdaptiveConcurrency.under(4), width=4))
    model_queue.new_jobs.page.extend(fresh)
    return model_queue


def job_run_of(index: int, *, is_sent: bool = False, holds_slot: bool = False) -> JobRun:
    job = make_job(index)
    attempt = Attempt(
        job_id=job.job_id,
        number=1,
        round=0,
        state=AttemptState.SUBMITTING,
        key="k",
        first_sent_at=None,
        held_nusd=1,
        doubt_nusd=0,
    )
    return JobRun(
        job=job,
        row=index,
        order=index,
        is_planned=True,
        status=JobStatus.PENDING,
        attempt=attempt if is_sent else None,
        files=(),
        record=JobRecord(job_id=job.job_id, status=JobStatus.PENDING),
        tries_left=3,
        is_maybe_submitted=holds_slot,
        holds_slot=holds_slot,
    )


def is_free(_: JobRun) -> bool:
    return True


def is_paid(job_run: JobRun) -> bool:
    return job_run.is_out


def test_all_that_wait_with_a_slot_give_it_up_in_the_end() -> None:
    model_queue = queue_of()
    waiting = [job_run_of(index, is_sent=True, holds_slot=True) for index in range(5)]
    for job_run in waiting:
        model_queue.alive += 1
        model_queue.delay(job_run, 10.0)
    assert model_queue.drain() == waiting
    assert (model_queue.alive, model_queue.delayed, any(job_run.holds_slot for job_run in waiting)) == (0, 0, False)


def test_retries_come_before_new_jobs_and_in_the_order_of_their_times() -> None:
    new, late, early = job_run_of(0), job_run_of(1, is_sent=True), job_run_of(2, is_sent=True)
    model_queue = queue_of(new)
    model_queue.delay(late, 20.0)
    model_queue.delay(early, 10.0)
    taken = []
    for now in (20.0, 20.0, 20.0):
        job_run, _ = model_queue.submit_head(now, is_free)
        assert job_run is not None
        model_queue.take(job_run)
        taken.append(job_run)
    assert taken == [early, late, new]
    assert model_queue.submit_head(20.0, is_free) == (None, math.inf)


def test_a_retry_without_money_is_neither_at_hand_nor_in_the_way() -> None:
    poor, paid = job_run_of(0), job_run_of(1, is_sent=True)
    model_queue = queue_of()
    model_queue.delay(poor, 1.0)
    model_queue.delay(paid, 30.0)
    assert model_queue.submit_head(5.0, is_paid) == (None, 30.0)
    assert model_queue.submit_head(30.0, is_paid) == (paid, 30.0)
    assert model_queue.skip_unaffordable(is_paid) == [poor]
    assert model_queue.delayed == 1


def test_a_model_wants_nothing_when_there_is_the_money_for_nothing() -> None:
    model_queue = queue_of(job_run_of(0))
    assert not model_queue.wants(is_paid)
    model_queue.delay(job_run_of(1, is_sent=True), 99.0)
    assert model_queue.wants(is_paid)
