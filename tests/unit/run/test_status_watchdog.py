"""Runs to which the API does not tell how tasks stand: they make no more of them, and end in time."""

import pytest

from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.polling.status_watchdog import FEWEST_TASKS, STALE_S, StatusWatchdog
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.world import World, make_job

SLOTS = 4
NO_NEWS = {"429": 3, "http500": 1}
"""Failures of every poll, with the exit status of a run without other faults."""


@pytest.mark.parametrize("fault", NO_NEWS)
def test_a_run_that_hears_of_no_end_makes_no_more_tasks_and_ends_in_time(world: World, fault: str) -> None:
    world.plan(make_job(index) for index in range(40))
    world.api.fault = lambda place, _: fault if place == "status" else None
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.counts.pending) == (NO_NEWS[fault], SLOTS, 40)
    assert end.seconds < 1.1 * world.options.max_wait_s
    assert "has not told how any task stands" in end.reason
    world.api.fault = lambda _, __: None
    assert (world.run_to_end().exit_status, len(world.api.tasks)) == (0, 40)


def test_slots_that_are_free_stay_free_while_no_task_is_heard_of(world: World) -> None:
    world.plan(make_job(index) for index in range(40))
    world.terms = Terms(limits=Limits(concurrency=64, requests_per_minute=12))
    world.api.fault = lambda place, _: "http500" if place == "status" else None
    assert world.run_to_end().requests.submit <= 12


def test_tasks_are_made_again_as_soon_as_one_is_heard_of(world: World) -> None:
    world.plan(make_job(index) for index in range(40))
    world.api.fault = lambda place, _: "http500" if place == "status" and 5 < world.clock.passed < 500 else None
    end = world.run_to_end()
    assert end.exit_status == 0
    assert end.seconds < 600
    assert not [at for at in world.api.sends("submit") if 60 < at < 499]


def test_a_task_that_alone_is_never_told_of_does_not_stop_the_others(world: World) -> None:
    world.plan(make_job(index) for index in range(8))
    world.terms = Terms(limits=Limits(concurrency=1))
    world.api.hidden = {"task-2"}
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 7, 1)


def test_after_a_429_beyond_its_patience_a_run_asks_nothing_more(world: World) -> None:
    world.plan(make_job(index) for index in range(8))
    world.options = RunOptions(max_wait_s=100.0)
    world.api.wait_s = 5_000.0
    world.api.fault = lambda place, number: "429" if (place, number) == ("status", 3) else None
    end = world.run_to_end()
    told_at = world.api.sends("status")[2]
    assert end.exit_status == 3
    assert not [at for at in world.api.sends("status") if at > told_at + 1.0], "those under way can't be called back"
    assert end.seconds < 100
    assert JobStatus.PENDING in world.statuses()


def test_trouble_of_a_few_tasks_is_not_the_apis() -> None:
    watchdog = StatusWatchdog()
    for task in range(FEWEST_TASKS - 1):
        watchdog.record_failure(f"task {task}", 0.0, "HTTP 500")
    assert not watchdog.is_stale(STALE_S)
    watchdog.record_failure("another", STALE_S, "HTTP 500")
    assert watchdog.is_stale(STALE_S)
    assert not watchdog.is_stale(STALE_S - 1.0), "a moment's trouble is not either"
    watchdog.record_success()
    assert not watchdog.is_stale(STALE_S)
