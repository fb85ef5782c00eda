"""The decisions of a fetch, as values: when an image is gone, when to retry, and how the fetch ends."""

from dataclasses import replace

import pytest

from qwave_batch.client.answers import DownloadFailed, Expired
from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import JobSnapshot, PlanLine
from qwave_batch.model.job import Job, JobError
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus
from qwave_batch.model.task import ResultImage
from qwave_batch.run.images.fetch_policy import (
    GONE_AFTER_S,
    PATIENCE_S,
    REFUSED_FOR_GOOD_S,
    UNLISTED,
    AllGone,
    Complete,
    FailedAsBefore,
    FetchState,
    GiveUp,
    LeftEarly,
    LostForGood,
    Moment,
    NotYetHere,
    TryAgain,
    conclude,
    decide,
)
from qwave_batch.run.images.image_store import BrokenImage
from qwave_batch.run.images.listed_images import LIST_S
from qwave_batch.run.jobs.job_run import JobRun

LATER = Moment(now=1.0, api_now=1_000.0, age_s=GONE_AFTER_S, may_judge=True)
ONE = (ResultImage(url="https://h/1"),)


def fetch_state(
    results: tuple[ResultImage, ...] = ONE, attempt_state: AttemptState = AttemptState.COMPLETED
) -> FetchState:
    """Return the fetch of a job whose task ended at 0, with addresses of this run."""
    job = Job(job_id="j", index=0, prompt_id="p", prompt="x", model="m", action="generate", request={}, path="p")
    attempt = Attempt(
        job_id="j", number=1, round=0, state=attempt_state, key="k", first_sent_at=0.0, held_nusd=0, doubt_nusd=0,
        task_id="t", ended_at=0.0, cost_from="api",
    )  # fmt: skip
    line = PlanLine(job=job, record=JobRecord(job_id="j", status=JobStatus.PENDING))
    job_run = JobRun.of(JobSnapshot(row=1, position=0, line=line, attempt=attempt), 0)
    return FetchState(job_run=job_run, attempt=attempt, task_id="t", results=results, is_fresh=True)


def stored() -> StoredFile:
    image = ImageFile(
        path="images/p.png", sha256="0", size_bytes=1, width=1, height=1, format="png", source_url="https://h/1"
    )
    return StoredFile(image=image, modified_ns=1)


def tried(outcome: BrokenImage | Expired | DownloadFailed, results: tuple[ResultImage, ...] = ONE) -> FetchState:
    state = fetch_state(results)
    state.note_trouble(0, outcome)
    return state


@pytest.mark.parametrize(("status", "age_s", "is_gone"), [
    (404, GONE_AFTER_S, True),
    (410, GONE_AFTER_S, True),
    (404, GONE_AFTER_S - 1, False),
    (403, GONE_AFTER_S, False),
    (403, REFUSED_FOR_GOOD_S, True),
])  # fmt: skip
def test_an_address_that_serves_nothing_is_gone_after_a_while(status: int, age_s: float, *, is_gone: bool) -> None:
    state = tried(Expired(status=status, reason="answered"))
    assert isinstance(decide(state, replace(LATER, age_s=age_s)), AllGone) is is_gone


def test_an_address_of_an_earlier_run_proves_nothing() -> None:
    state = tried(Expired(status=404, reason="answered"))
    state.is_fresh = False
    assert decide(state, LATER) == TryAgain()


def test_what_others_have_in_common_proves_nothing_for_a_day() -> None:
    state = tried(Expired(status=404, reason="answered"))
    together = replace(LATER, may_judge=False)
    assert decide(state, together) == TryAgain()
    assert isinstance(decide(state, replace(together, age_s=REFUSED_FOR_GOOD_S)), AllGone)


def test_an_image_past_the_apis_own_date_is_gone_at_once() -> None:
    results = (ResultImage(url="https://h/1", expires_at=999.0),)
    state = tried(Expired(status=404, reason="answered"), results=results)
    verdict = decide(state, replace(LATER, age_s=0.0, may_judge=False))
    assert isinstance(verdict, AllGone)
    assert "expired" in verdict.errors[0].message
    assert decide(state, replace(LATER, age_s=0.0, api_now=999.0)) == TryAgain()


def test_bytes_that_are_broken_twice_are_gone() -> None:
    state = tried(BrokenImage(reason="cut short"))
    assert decide(state, LATER) == TryAgain()
    state.note_trouble(0, BrokenImage(reason="cut short", evidence="e"))
    verdict = decide(state, LATER)
    assert isinstance(verdict, AllGone)
    assert verdict.errors[0].code == "bad_image"


def test_a_download_that_may_work_later_is_tried_for_minutes() -> None:
    state = tried(DownloadFailed(reason="cut", retryable=True))
    assert decide(state, replace(LATER, now=PATIENCE_S - 1)) == TryAgain()
    assert decide(state, replace(LATER, now=PATIENCE_S)) == GiveUp()


def test_a_download_that_never_works_is_given_up_at_once() -> None:
    assert decide(tried(DownloadFailed(reason="no name", retryable=False)), LATER) == GiveUp()


def test_one_image_that_may_come_keeps_the_others_from_being_given_up() -> None:
    state = tried(Expired(status=404, reason="answered"), results=(ResultImage(url="a"), ResultImage(url="b")))
    state.note_trouble(1, DownloadFailed(reason="cut", retryable=True))
    assert decide(state, LATER) == TryAgain()


def test_a_task_that_owes_images_is_asked_for_a_minute() -> None:
    state = fetch_state()
    state.is_owed = True
    assert decide(state, replace(LATER, now=LIST_S - 1)) == TryAgain()
    assert decide(state, replace(LATER, now=LIST_S)) == GiveUp()


# How it ends.


def test_all_in_place_is_complete() -> None:
    state = fetch_state()
    state.files[0] = stored()
    assert conclude(state, 0.0, is_leaving=False) == Complete()


def test_a_run_that_leaves_before_each_image_was_tried_changes_nothing() -> None:
    assert conclude(fetch_state(), 0.0, is_leaving=True) == LeftEarly()


def test_what_did_not_come_is_for_the_next_run() -> None:
    end = conclude(tried(DownloadFailed(reason="cut", retryable=True)), 0.0, is_leaving=True)
    assert isinstance(end, NotYetHere)
    assert end.error.code == "download_failed"


def test_what_is_gone_is_lost_unless_something_else_may_come() -> None:
    gone, missing = JobError(code="result_gone", message="gone"), JobError(code="download_failed", message="cut")
    state = fetch_state()
    state.gone = [gone]
    assert conclude(state, 0.0, is_leaving=False) == LostForGood(gone)
    state.missing = [missing]
    assert conclude(state, 0.0, is_leaving=False) == NotYetHere(missing)


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_failed_attempt_stays_failed(*, is_gone: bool) -> None:
    state = fetch_state(attempt_state=AttemptState.FAILED)
    error = JobError(code="x", message="x")
    state.gone, state.missing = ([error], []) if is_gone else ([], [error])
    assert conclude(state, 0.0, is_leaving=False) == FailedAsBefore(is_gone=is_gone)


def test_fewer_images_than_listed_are_short_once_the_list_is_final() -> None:
    """While the task may still list more, the job waits for the next run."""
    state = fetch_state(results=(ResultImage(url="a"), ResultImage(url="")))
    state.files[0], state.troubles[1] = stored(), UNLISTED
    assert isinstance(conclude(state, LIST_S - 1, is_leaving=False), NotYetHere)
    state.missing.clear()
    assert conclude(state, LIST_S, is_leaving=False) == Complete()
