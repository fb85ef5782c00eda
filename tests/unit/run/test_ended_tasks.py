"""Whole runs whose results come late, in part, in another shape or not at all: nothing is bought in vain."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.client.answers import (
    Answer,
    DownloadAnswer,
    Downloaded,
    DownloadFailed,
    Expired,
    NoAnswer,
    TaskAnswer,
)
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.task import INLINE, ResultImage, Task, TaskError, TaskState
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.images.image_breaker import TRIPS_AT
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.honest_api import HonestApi, image_of
from tests.unit.run.world import PRICE_NUSD, World, make_job

Tell = Callable[[Task, float], Task]
Fetch = Callable[[str, float], DownloadAnswer | None]
DAY_S = 86_400.0


class OddApi(HonestApi):
    """Tells of tasks that have ended, and serves their images, as a test says."""

    tell: Tell = staticmethod(lambda task, _: task)
    serve: Fetch = staticmethod(lambda _, __: None)
    said: JobError | None = None

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        answer = await super().submit(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)
        if self.said is not None:
            return NoAnswer(reason="HTTP 200, but no", sent=True, status=200, said=self.said)
        return answer

    async def status(self, task_id: str) -> Answer:
        answer = await super().status(task_id)
        if isinstance(answer, TaskAnswer) and answer.task.state.is_terminal:
            return replace(answer, task=self.tell(answer.task, self.clock.passed - self.tasks[task_id].ends_at))
        return answer

    async def download(
        self, url: str, into: Path, *, max_bytes: int = 1 << 28, timeout_s: float = 120.0
    ) -> DownloadAnswer:
        odd = self.serve(url, self.clock.passed)
        if odd is not None:
            self.calls["download"] += 1
            return odd
        return await super().download(url, into, max_bytes=max_bytes, timeout_s=timeout_s)


@pytest.fixture
def odd(world: World) -> World:
    world.api = OddApi(clock=world.clock)
    world.terms = Terms(limits=Limits(concurrency=4))
    return world


def api(world: World) -> OddApi:
    assert isinstance(world.api, OddApi)
    return world.api


def bare(task: Task, _: float = 0) -> Task:
    return replace(task, images=())


def paid_nusd(world: World) -> int:
    with world.read() as ledger:
        return ledger.spent_nusd()


def held_nusd(world: World) -> int:
    with world.read() as ledger:
        return ledger.held_nusd()


def error_of(world: World, index: int = 0) -> JobError:
    with world.read() as ledger:
        error = list(ledger.lines())[index].record.error
    assert error is not None
    return error


FAILURES: dict[str, DownloadAnswer] = {
    "403": Expired(status=403, reason="cdn answered HTTP 403"),
    "404": Expired(status=404, reason="cdn answered HTTP 404"),
    "401": DownloadFailed(reason="cdn answered HTTP 401", retryable=False, status=401),
    "500": DownloadFailed(reason="cdn answered HTTP 500", retryable=True, status=500),
    "cut": DownloadFailed(reason="cdn: the answer is cut off", retryable=True),
    "own network": DownloadFailed(reason="cdn: an address of the own network", retryable=False),
    "page": Downloaded(size_bytes=6, content=b"<html>"),
}


@pytest.mark.parametrize("what", FAILURES)
@pytest.mark.parametrize("slots", [1, 2, 4, 16])
def test_while_no_image_can_be_fetched_no_more_is_bought_than_there_are_slots(
    odd: World, what: str, slots: int
) -> None:
    odd.terms = Terms(limits=Limits(concurrency=slots))
    odd.plan(make_job(index) for index in range(60))
    api(odd).serve = lambda _, __: FAILURES[what]
    end = odd.run_to_end()
    assert end.exit_status == 1
    assert "no image can be fetched" in end.reason
    assert "cdn" in end.reason
    bought = len(odd.api.tasks)
    assert bought <= slots
    assert end.counts.pending == 60
    assert end.seconds < 240
    api(odd).serve = lambda _, __: None
    end = odd.run_to_end()
    assert (end.exit_status, len(odd.api.tasks), len(odd.images())) == (0, 60, 60)


def test_after_good_ones_the_same(odd: World) -> None:
    odd.plan(make_job(index) for index in range(60))
    api(odd).serve = lambda _, __: FAILURES["403"] if len(odd.images()) >= 10 else None
    end = odd.run_to_end()
    assert (end.exit_status, end.counts.failed) == (1, 0)
    assert len(odd.api.tasks) <= len(odd.images()) + 2 * 4


@pytest.mark.parametrize("slots", [1, 2, 3, 4])
def test_with_few_slots_after_good_ones_three_failures_are_the_most(odd: World, slots: int) -> None:
    """Failed images leave one slot free, so that a dead file does not stop the rest, and no more than that."""
    odd.terms = Terms(limits=Limits(concurrency=slots))
    odd.plan(make_job(index) for index in range(60))
    api(odd).serve = lambda _, __: FAILURES["403"] if len(odd.images()) >= 10 else None
    end = odd.run_to_end()
    assert end.exit_status == 1
    assert len(odd.api.tasks) - len(odd.images()) <= max(slots, TRIPS_AT)


def test_the_first_image_that_comes_lets_all_go_on(odd: World) -> None:
    odd.plan(make_job(index) for index in range(60))
    api(odd).serve = lambda _, now: FAILURES["404"] if now < 30 else None
    end = odd.run_to_end()
    assert (end.exit_status, len(odd.api.tasks), len(odd.images())) == (0, 60, 60)


def test_single_dead_files_stop_nothing(odd: World) -> None:
    odd.plan(make_job(index) for index in range(40))
    dead = {"task-3", "task-9", "task-10", "task-30"}
    api(odd).serve = lambda url, _: FAILURES["404"] if url.split("/")[3] in dead else None
    end = odd.run_to_end()
    assert (len(odd.api.tasks), len(odd.images())) == (40, 36)
    assert (end.exit_status, end.counts.pending + end.counts.failed) == (1, 4)
    odd.clock.passed += DAY_S
    end = odd.run_to_end()
    assert (end.counts.failed, end.requests.submit) == (4, 0)
    with odd.read() as ledger:
        errors = [line.record.error for line in ledger.lines() if line.record.error]
    assert [(error.code, error.retryable) for error in errors] == [("result_gone", False)] * 4


@pytest.mark.parametrize("late_s", [0.6, 3.0, 20.0])
@pytest.mark.parametrize("what", ["403", "404", "500"])
def test_a_file_that_is_not_there_yet_is_waited_for(odd: World, what: str, late_s: float) -> None:
    odd.plan(make_job(index) for index in range(3))

    def ends(url: str) -> float:
        return odd.api.tasks[url.split("/")[3]].ends_at

    api(odd).serve = lambda url, now: FAILURES[what] if now < ends(url) + late_s else None
    end = odd.run_to_end()
    assert (end.exit_status, len(odd.api.tasks), len(odd.images())) == (0, 3, 3)


def test_a_file_that_never_comes_leaves_its_job_pending_and_the_run_ends_soon(odd: World) -> None:
    odd.plan(make_job(index) for index in range(2))
    api(odd).serve = lambda _, __: FAILURES["404"]
    end = odd.run_to_end()
    assert (end.exit_status, end.counts.pending) == (1, 2)
    assert end.seconds < 90


@pytest.mark.parametrize("says_cost", [True, False])
@pytest.mark.parametrize("late_s", [0.5, 1.5, 40.0])
def test_an_image_that_is_listed_late_is_asked_for(odd: World, late_s: float, says_cost: bool) -> None:  # noqa: FBT001
    odd.plan(make_job(index) for index in range(2))
    odd.api.says_cost = says_cost
    api(odd).tell = lambda task, age_s: bare(task) if age_s < late_s else task
    end = odd.run_to_end()
    assert (end.exit_status, len(odd.api.tasks), len(odd.images())) == (0, 2, 2)


@pytest.mark.parametrize("says_cost", [True, False])
def test_one_that_is_not_listed_in_a_minute_is_asked_for_first_in_the_next_run(odd: World, says_cost: bool) -> None:  # noqa: FBT001
    odd.plan(make_job(index) for index in range(2))
    odd.api.says_cost = says_cost
    api(odd).tell = bare
    end = odd.run_to_end()
    assert (end.exit_status, end.counts.pending, len(odd.api.tasks)) == (1, 2, 2)
    assert paid_nusd(odd) + held_nusd(odd) == 2 * PRICE_NUSD
    odd.clock.passed += 600
    end = odd.run_to_end()
    assert (end.counts.failed, len(odd.api.tasks)) == (2, 2)
    assert paid_nusd(odd) + held_nusd(odd) == 2 * PRICE_NUSD
    api(odd).tell = lambda task, _: task
    odd.options = RunOptions(fetch_only=True)
    assert (odd.run_to_end().exit_status, len(odd.api.tasks), len(odd.images())) == (0, 2, 2)
    assert paid_nusd(odd) + held_nusd(odd) == 2 * PRICE_NUSD


def test_empty_for_good_and_free_is_tried_once_more_without_a_long_wait(odd: World) -> None:
    odd.plan([make_job(0)])
    api(odd).tell = lambda task, _: replace(task, images=(), cost_nusd=0)
    end = odd.run_to_end()
    assert (end.exit_status, end.counts.failed, len(odd.api.tasks)) == (1, 1, 2)
    assert end.seconds < 40


@pytest.mark.parametrize("crash_at", [3, 4, 5])
def test_a_kill_while_the_list_is_empty_pays_once(odd: World, crash_at: int) -> None:
    odd.plan([make_job(0)])
    api(odd).tell = lambda task, age_s: bare(task) if age_s < 30 else task
    odd.run(crash_at_write=crash_at, is_written=True)
    odd.run_to_end()
    odd.clock.passed += 60
    assert (odd.run_to_end().exit_status, len(odd.api.tasks), len(odd.images())) == (0, 1, 1)


def test_a_result_that_nobody_can_read_is_kept_shown_and_not_bought_again(odd: World) -> None:
    odd.plan(make_job(index) for index in range(2))
    api(odd).tell = lambda task, _: replace(
        task, images=(), cost_nusd=None, unread="no images in a known place", answer=b'{"picture": 1}'
    )
    for _ in range(3):
        end = odd.run_to_end()
        assert (end.exit_status, end.counts.pending, len(odd.api.tasks)) == (1, 2, 2)
        assert '{"picture": 1}' in "".join(map(str, end.warnings))
    assert held_nusd(odd) == 2 * PRICE_NUSD
    assert len(list((odd.layout.workspace.private / "evidence").iterdir())) == 2
    api(odd).tell = lambda task, _: task
    assert (odd.run_to_end().exit_status, len(odd.api.tasks), len(odd.images())) == (0, 2, 2)


def test_after_three_of_those_nothing_more_is_bought(odd: World) -> None:
    odd.plan(make_job(index) for index in range(60))
    api(odd).tell = lambda task, _: replace(task, images=(), unread="no images in a known place", answer=b"{}")
    for _ in range(2):
        end = odd.run_to_end()
        assert end.exit_status == 1
        assert "can't be read" in end.reason
        assert len(odd.api.tasks) <= 4


def test_an_image_in_the_answer_is_placed_like_a_download(odd: World) -> None:
    odd.plan([make_job(0, n=2)])

    def tell(task: Task, _: float) -> Task:
        request = odd.api.tasks[task.task_id].request
        images = [ResultImage(url="", masked_url=INLINE, content=image_of(request, place)) for place in range(2)]
        return replace(task, images=tuple(images))

    api(odd).tell = tell
    end = odd.run_to_end()
    assert (end.exit_status, len(odd.images()), end.requests.download) == (0, 2, 0)
    with odd.read() as ledger:
        (line,) = ledger.lines()
    assert {image.source_url for image in line.record.images} == {INLINE}


@pytest.mark.parametrize("says_cost", [True, False])
def test_fewer_images_at_first_are_waited_for(odd: World, says_cost: bool) -> None:  # noqa: FBT001
    odd.plan([make_job(0, n=3)])
    odd.api.says_cost = says_cost

    def tell(task: Task, age_s: float) -> Task:
        first, _, last = task.images
        hole = ResultImage(url="")
        return replace(task, images=(first,) if age_s < 1 else (first, hole, last) if age_s < 10 else task.images)

    api(odd).tell = tell
    end = odd.run_to_end()
    assert (end.exit_status, len(odd.api.tasks), len(odd.images())) == (0, 1, 3)
    assert paid_nusd(odd) == 3 * PRICE_NUSD


def test_fewer_at_the_price_of_those_are_all_there_is(odd: World) -> None:
    odd.plan([make_job(0, n=4)])
    api(odd).tell = lambda task, _: replace(task, images=task.images[:2], cost_nusd=(task.cost_nusd or 0) // 2)
    end = odd.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.short) == (0, 1, 1)
    assert end.seconds < 40


def test_a_short_job_that_was_paid_in_full_is_completed_and_stays_open_to_refetch(odd: World) -> None:
    odd.plan([make_job(0, n=3)])
    api(odd).tell = lambda task, _: replace(task, images=task.images[:1])
    end = odd.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.short) == (0, 1, 1)
    api(odd).tell = lambda task, _: task
    odd.options = RunOptions(fetch_only=True)
    assert (odd.run_to_end().exit_status, len(odd.images()), len(odd.api.tasks)) == (0, 3, 1)


@pytest.mark.parametrize("cost_nusd", [None, 0, 11_000_000])
def test_an_end_in_an_unknown_word_fails_in_the_apis_words(odd: World, cost_nusd: int | None) -> None:
    odd.plan([make_job(0)])
    odd.terms = Terms(retry_attempts=0)
    error = TaskError(code="moderated", message="not this")
    api(odd).tell = lambda task, _: replace(
        task, state=TaskState.ENDED, word="moderated", images=(), cost_nusd=cost_nusd, error=error
    )
    end = odd.run_to_end()
    assert (end.counts.failed, error_of(odd).code, error_of(odd).message) == (1, "moderated", "not this")
    assert held_nusd(odd) == (PRICE_NUSD if cost_nusd is None else 0)
    asked = odd.api.calls["status"]
    odd.run_to_end()
    assert odd.api.calls["status"] - asked == (1 if cost_nusd is None else 0)
    assert len(odd.api.tasks) == 1


def test_an_error_inside_a_success_is_not_sent_for_ever(odd: World) -> None:
    odd.plan([make_job(0)])
    api(odd).said = JobError(code="invalid_prompt", message="not this")
    end = odd.run_to_end()
    assert (end.exit_status, end.counts.failed, end.requests.submit) == (1, 1, 2)
    assert (error_of(odd).code, "not this" in error_of(odd).message) == ("invalid_prompt", True)
    assert held_nusd(odd) == PRICE_NUSD
    assert odd.run_to_end().requests.submit == 0
    api(odd).said = None
    odd.options = RunOptions(retry_failed=True)
    assert (odd.run_to_end().exit_status, len(odd.api.tasks)) == (0, 1)
