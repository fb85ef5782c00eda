"""Whole runs against an honest API on virtual time: speed, order and counts."""

import itertools
import random
from collections.abc import Callable

import pytest

from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.progress import Progress
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, ModelLimits, Terms
from qwave_batch.run.state.context import JobScope
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.world import PRICE_NUSD, World, make_job


def takes(seconds: float) -> Callable[[JsonObject, random.Random], float]:
    return lambda _request, _rng: seconds


def test_a_run_makes_every_image_once(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    end = world.run_to_end()
    assert (end.exit_status, end.reason) == (0, "")
    assert end.counts.completed == end.counts.images == 20
    assert end.cost_nusd == end.folder_cost_nusd == 20 * PRICE_NUSD
    assert len(world.images()) == 20
    assert len(world.api.tasks) == 20


def test_a_second_run_sends_nothing(world: World) -> None:
    world.plan(make_job(index) for index in range(5))
    world.run()
    calls = world.api.calls.total()
    end = world.run_to_end()
    assert end.exit_status == 0
    assert world.api.calls.total() == calls
    assert world.statuses() == [JobStatus.COMPLETED] * 5


def test_only_what_was_added_is_made(world: World) -> None:
    world.plan(make_job(index) for index in range(3))
    world.run()
    world.plan(make_job(index) for index in range(5))
    end = world.run_to_end()
    assert end.requests.submit == 2
    assert end.cost_nusd == 2 * PRICE_NUSD
    assert end.folder_cost_nusd == 5 * PRICE_NUSD


def test_a_plan_without_jobs_ends_at_once(world: World) -> None:
    world.plan([])
    assert world.run_to_end().exit_status == 0
    assert not world.api.calls


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_no_more_tasks_are_alive_than_slots(world: World, concurrency: int) -> None:
    world.terms = Terms(limits=Limits(concurrency=concurrency))
    world.plan(make_job(index) for index in range(40))
    world.run()
    assert world.api.alive_most == concurrency


def test_an_option_only_lowers_the_specs_concurrency(world: World) -> None:
    world.plan(make_job(index) for index in range(20))
    world.options = RunOptions(concurrency=2)
    world.run()
    assert world.api.alive_most == 2


def test_a_models_own_concurrency_holds(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=8, models={"slow": ModelLimits(concurrency=1)}))
    world.plan(make_job(index, model="slow" if index % 2 else "fast") for index in range(12))
    world.api.latency = takes(10.0)
    world.run()
    spans = sorted(
        (task.created_at, task.ends_at) for task in world.api.tasks.values() if task.request["model"] == "slow"
    )
    assert all(later[0] >= earlier[1] for earlier, later in itertools.pairwise(spans))


def test_order_within_a_model_is_plan_order(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=1))
    world.plan(make_job(index, model=f"m{index % 3}") for index in range(30))
    world.run()
    assert [task.request["prompt"] for task in world.api.tasks.values()] == [f"tea {index}" for index in range(30)]


def test_a_limited_model_holds_no_slot_that_another_could_use(world: World) -> None:
    """One model may send once a minute; the other's jobs are all done long before."""
    world.terms = Terms(limits=Limits(concurrency=2, models={"slow": ModelLimits(requests_per_minute=1)}))
    world.plan(make_job(index, model="slow" if index < 4 else "fast") for index in range(20))
    world.api.latency = takes(1.0)
    world.run()
    fast = [task.ends_at for task in world.api.tasks.values() if task.request["model"] == "fast"]
    assert max(fast) < 20
    assert world.clock.passed > 180


def test_a_model_that_is_down_holds_no_slot_that_another_could_use(world: World) -> None:
    world.plan(make_job(index, model="down" if index < 10 else "up") for index in range(20))
    world.api.latency = takes(1.0)
    submits = world.api

    def fault(place: str, _: int) -> str | None:
        return "http500" if place == "submit" and submits.log[-1][2] == "down" else None

    world.api.fault = fault
    end = world.run_to_end()
    assert max(task.ends_at for task in world.api.tasks.values()) < 12
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 10, 10)


@pytest.mark.parametrize("rpm", [1, 7, 30])
def test_in_any_minute_at_most_so_many_submits_leave(world: World, rpm: int) -> None:
    world.terms = Terms(limits=Limits(concurrency=20, requests_per_minute=rpm))
    world.plan(make_job(index) for index in range(rpm * 3 + 1))
    world.run()
    sends = world.api.sends("submit")
    assert len(sends) == rpm * 3 + 1
    assert all(later - earlier >= 60 for earlier, later in zip(sends, sends[rpm:], strict=False))
    assert sends[-1] < 60 * 3 + 10, "and they leave as soon as they may"


def test_polls_count_where_the_spec_says_so(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=4, requests_per_minute=12, count_polls=True))
    world.plan(make_job(index) for index in range(20))
    end = world.run_to_end()
    sends = sorted(world.api.sends("submit") + world.api.sends("status"))
    assert end.exit_status == 0
    assert all(later - earlier >= 60 for earlier, later in zip(sends, sends[12:], strict=False))


def test_polling_is_learned(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=8))
    world.plan(make_job(index) for index in range(300))
    world.api.latency = lambda _, rng: rng.normalvariate(8.0, 0.4)
    end = world.run_to_end()
    assert end.requests.poll / 300 < 3
    assert end.seconds < 1.2 * sum(task.ends_at - task.created_at for task in world.api.tasks.values()) / 8


def test_only_and_limit_choose_lines_of_the_plan(world: World) -> None:
    world.plan(make_job(index, model=f"m{index % 2}") for index in range(20))
    world.scope = JobScope(takes=lambda line: line.job.model == "m1", limit=3)
    end = world.run_to_end()
    assert (end.exit_status, end.counts.jobs, end.counts.completed) == (0, 3, 3)
    assert {task.request["prompt"] for task in world.api.tasks.values()} == {"tea 1", "tea 3", "tea 5"}


def test_a_request_that_brings_fewer_images_is_short(world: World) -> None:
    world.plan([make_job(0, n=3), make_job(1, n=2)])
    original = world.api._make

    def fewer(request: JsonObject, key: str | None) -> object:
        made = original(request, key)
        made.images = 2
        return made

    world.api._make = fewer  # type: ignore[method-assign, assignment]
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.short, end.counts.images) == (2, 1, 4)
    assert end.cost_nusd == 4 * PRICE_NUSD
    assert set(world.images()) == {f"images/m/p{job}_{number}.png" for job in (0, 1) for number in (1, 2)}


def test_where_the_api_does_not_say_what_a_task_cost_the_catalog_does(world: World) -> None:
    world.api.says_cost = False
    world.plan([make_job(0)])
    world.run()
    with world.read() as ledger:
        record = next(ledger.lines()).record
    assert (record.cost_nusd, record.cost_from) == (PRICE_NUSD, "catalog")


def test_progress_is_shown_at_most_ten_times_a_second_and_at_the_end(world: World) -> None:
    shown: list[tuple[float, Progress]] = []
    world.on_progress = lambda progress: shown.append((world.clock.passed, progress))
    world.plan(make_job(index) for index in range(50))
    world.run()
    times = [at for at, _ in shown]
    last = shown[-1][1]
    assert all(later - earlier >= 0.099 for earlier, later in itertools.pairwise(times[:-1]))
    assert (last.jobs, last.done, last.in_flight, last.images) == (50, 50, 0, 50)
    assert last.spent_nusd == 50 * PRICE_NUSD
    assert max(progress.in_flight for _, progress in shown) == 4


def test_the_manifest_is_written_every_half_minute(world: World) -> None:
    world.api.latency = takes(95.0)
    world.plan([make_job(0)])
    world.run()
    assert world.manifests == 3


def test_a_manifest_that_takes_long_is_written_more_seldom(world: World) -> None:
    """Of a large plan it would else take a processor for a third of the time."""
    takes_s, written_at = 10.0, list[float]()

    def write() -> None:
        world.clock.passed += takes_s
        written_at.append(world.clock.passed)

    world.on_manifest = write
    world.plan([make_job(0)])
    world.terms = Terms(timeout_s=2_000.0)
    world.api.latency = lambda _, __: 1_500.0
    assert world.run_to_end().exit_status == 0
    assert len(written_at) > 2
    assert all(later - earlier >= 20 * takes_s for earlier, later in itertools.pairwise(written_at))
