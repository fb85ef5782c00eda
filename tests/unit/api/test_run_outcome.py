"""Confirmation, comparison and run agree on what a run is about to submit."""

from pathlib import Path

import pytest

from qwave_batch.api.folder_jobs import FolderJobs
from qwave_batch.api.line_selection import scope_of
from qwave_batch.api.run_outcome import CostEstimate, estimate
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.errors import UsageError
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.output.line_counts import LineCounter
from qwave_batch.plan.comparison import Standing
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.work_list import jobs_in_scope
from tests.unit.run.world import PRICE_NUSD, World, make_child, make_job


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.terms = Terms(limits=Limits(concurrency=1))
    return world


def expected(world: World, options: RunOptions | None = None) -> CostEstimate:
    with world.read() as ledger:
        scope = scope_of(options or RunOptions())
        return estimate(jobs_in_scope(ledger, scope), options or RunOptions(), scope)


def stages(world: World) -> list[Standing]:
    return [known.standing for known in FolderJobs.of(world.layout.root, open_catalog("2026-05")).jobs()]


def in_flight(world: World) -> int:
    counters = LineCounter()
    with world.read() as ledger:
        for line in ledger.lines():
            counters.add_plan_line(line)
    return counters.counts().in_flight


def test_a_try_after_a_failed_task_is_counted_although_an_earlier_task_is_on_record(world: World) -> None:
    world.plan([make_job(0)])
    world.api.ending = lambda _, earlier: "completed" if earlier else "upstream_unavailable"
    world.api.fault = lambda place, number: "402" if place == "submit" and number > 1 else None
    world.run()
    assert world.statuses() == [JobStatus.PENDING]
    assert expected(world) == CostEstimate(jobs=1, images=1, estimated_nusd=PRICE_NUSD, typical_nusd=PRICE_NUSD)
    assert stages(world) == [Standing.PLANNED]
    assert in_flight(world) == 0
    world.api.fault = lambda _, __: None
    assert world.run_to_end().requests.submit == 1


def test_a_task_at_the_api_is_held_and_not_submitted(world: World) -> None:
    world.terms = Terms(timeout_s=1.0)
    world.api.latency = lambda _, __: 50.0
    world.plan([make_job(0)])
    world.run()
    assert (expected(world).jobs, stages(world), in_flight(world)) == (0, [Standing.HELD], 1)


def test_an_image_that_is_paid_and_not_fetched_is_not_submitted(world: World) -> None:
    world.terms = Terms(retry_attempts=0)
    world.api.fault = lambda place, _: "drop_before" if place == "download" else None
    world.plan([make_job(0)])
    world.run()
    assert (expected(world).jobs, stages(world), in_flight(world)) == (0, [Standing.HELD], 0)


def test_a_submit_without_an_answer_goes_out_again_and_holds_its_money(world: World) -> None:
    world.terms = Terms(retry_attempts=0)
    world.api.fault = lambda place, _: "drop_after" if place == "submit" else None
    world.plan([make_job(0)])
    world.run()
    assert (expected(world).jobs, stages(world), in_flight(world)) == (1, [Standing.HELD], 0)


def test_a_lost_task_is_submitted_only_where_it_was_asked_for(world: World) -> None:
    world.terms = Terms(timeout_s=1.0)
    world.api.latency = lambda _, __: 50.0
    world.plan([make_job(0)])
    world.run()
    world.api.tasks.clear()
    world.run()
    assert world.statuses() == [JobStatus.UNKNOWN]
    assert (expected(world).jobs, stages(world)) == (0, [Standing.HELD])
    assert expected(world, RunOptions(resubmit_unknown=True)).jobs == 1


def test_what_is_made_is_not_submitted(world: World) -> None:
    world.plan([make_job(0)])
    world.run()
    assert (expected(world).jobs, stages(world), in_flight(world)) == (0, [Standing.MADE], 0)


def test_a_refetch_submits_nothing(world: World) -> None:
    world.plan([make_job(0)])
    assert expected(world).jobs == 1
    assert expected(world, RunOptions(fetch_only=True)).jobs == 0


def test_a_limit_and_a_choice_bound_what_is_submitted(world: World) -> None:
    world.plan(make_job(index) for index in range(4))
    assert expected(world, RunOptions(limit=2)).jobs == 2
    assert expected(world, RunOptions(only="index == 3")).jobs == 1
    with pytest.raises(UsageError, match="no job of the plan meets the condition"):
        expected(world, RunOptions(only="index < 0"))


def test_jobs_that_wait_for_others_are_counted_if_those_are_made(world: World) -> None:
    """Each of these estimates is of the submits that the run then makes."""
    world.plan([make_job(0), make_child(1, (0, 1)), make_child(2, (1, 1))])
    chosen = RunOptions(only="index > 0")
    assert (expected(world).jobs, expected(world, RunOptions(limit=2)).jobs, expected(world, chosen).jobs) == (3, 2, 0)
    world.api.ending = lambda _, __: "upstream_bad_request"
    assert world.run_to_end().requests.submit == 1
    assert (expected(world).jobs, expected(world, RunOptions(retry_failed=True)).jobs) == (0, 3)
    world.api.ending = lambda _, __: "completed"
    world.options = RunOptions(retry_failed=True)
    assert world.run_to_end().requests.submit == 3
