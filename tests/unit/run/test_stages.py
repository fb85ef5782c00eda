"""Jobs that are made of the images of others: when they begin, what they are sent, and what becomes of them."""

import base64
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import cast

import pytest

from qwave_batch.errors import BudgetError
from qwave_batch.ledger.attempt import stored_text
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.progress import Progress
from qwave_batch.model.record import JobStatus, ReusedFrom
from qwave_batch.model.run_ends import EndKind
from qwave_batch.model.terms import Limits, ModelLimits, Terms
from qwave_batch.run.state.context import JobScope
from qwave_batch.run.state.run_end import RunEnd
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal
from tests.unit.run.world import PRICE_NUSD, World, make_child, make_job

CHAIN = (make_job(0), make_child(1, (0, 1), model="edit"), make_child(2, (1, 1), model="poster"))


def sent(world: World, index: int) -> list[JsonObject]:
    """Return the requests that a job was submitted with, one for each task that was made of it."""
    return [task.request for task in world.api.tasks.values() if task.request["prompt"] == f"tea {index}"]


def images_of(request: JsonObject) -> list[str]:
    return [str(each) for each in cast("list[Json]", request["image_urls"])]


def paid(world: World) -> Counter[str]:
    return Counter(str(task.request["prompt"]) for task in world.api.tasks.values() if task.is_paid)


def advice(end: RunEnd) -> dict[str, list[NextStep]]:
    return {str(each): [step.step for step in each.next_steps] for each in end.warnings}


def test_a_chain_is_made_in_one_run_and_each_gets_the_address_of_the_one_before(world: World) -> None:
    world.plan(CHAIN)
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert set(world.statuses()) == {JobStatus.COMPLETED}
    for index, parent in ((1, "task-1"), (2, "task-2")):
        ((address,),) = map(images_of, sent(world, index))
        assert address.startswith(f"https://cdn/{parent}/0/")
    assert paid(world) == Counter({"tea 0": 1, "tea 1": 1, "tea 2": 1})


def test_a_child_is_sent_once_the_images_of_its_parents_are_on_disk(world: World) -> None:
    many = [make_job(index) for index in range(6)]
    children = [make_child(6 + index, (index, 1), ((index + 1) % 6, 1), model="edit") for index in range(6)]
    world.plan([*many, *children])
    early: list[str] = []

    def look() -> None:
        *_, made = world.api.tasks.values()
        index = int(str(made.request["prompt"]).removeprefix("tea "))
        with Ledger.open(world.layout.workspace.ledger, read_only=True) as ledger:
            done = {line.job.index for line in ledger.lines() if line.record.status is JobStatus.COMPLETED}
        if index >= 6 and not {index - 6, (index - 5) % 6} <= done:
            early.append(str(made.request["prompt"]))

    world.api.on_made = look
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert not early
    order = [str(task.request["model"]) for task in world.api.tasks.values()]
    assert order.index("edit") < len(order) - 1 - order[::-1].index("m"), "stages overlap"


def test_a_child_has_the_number_of_the_image_and_the_task_that_it_names(world: World) -> None:
    world.plan([make_job(0, n=3), make_child(1, (0, 3), (0, 1), task_of=0)])
    world.run()
    (request,) = sent(world, 1)
    assert [each.split("/")[-2] for each in images_of(request)] == ["2", "0"]
    assert request["ref_task_id"] == "task-1"


def test_the_children_of_a_failed_job_are_skipped_and_come_back_with_it(world: World) -> None:
    world.plan([*CHAIN, make_job(3)])
    world.api.ending = lambda request, _: "upstream_bad_request" if request["prompt"] == "tea 0" else "completed"
    end = world.run_to_end()
    assert (end.counts.failed, end.counts.skipped, end.counts.completed, end.counts.pending) == (1, 2, 1, 0)
    assert world.run_to_end().counts == end.counts, "a plain run changes nothing"
    world.api.ending = lambda _, __: "completed"
    world.options = RunOptions(retry_failed=True)
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.skipped) == (4, 0)
    assert paid(world) == Counter({f"tea {index}": 1 for index in range(4)})


def test_a_parent_that_fails_again_leaves_its_children_skipped(world: World) -> None:
    world.plan(CHAIN)
    world.api.ending = lambda request, _: "upstream_bad_request" if request["prompt"] == "tea 0" else "completed"
    world.run()
    world.options = RunOptions(retry_failed=True)
    end = world.run_to_end()
    assert (end.counts.failed, end.counts.skipped, end.counts.pending) == (1, 2, 0)


def test_too_few_images_skip_the_child_that_needs_more(world: World) -> None:
    world.plan([make_job(0), make_child(1, (0, 2)), make_child(2, (0, 1))])
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.skipped) == (2, 1)


def test_parents_that_the_run_leaves_out_leave_children_pending(world: World) -> None:
    world.plan(CHAIN)
    world.scope = JobScope(takes=lambda line: line.job.index > 0)
    end = world.run_to_end()
    assert (end.counts.pending, end.exit_status) == (2, 1)
    assert not world.api.tasks
    assert any("leaves out" in said for said in advice(end))
    assert [NextStep.RUN_PARENTS] in advice(end).values(), "the same run again would do nothing"
    world.scope = JobScope(limit=2)
    assert world.run_to_end().kind is EndKind.COMPLETE
    world.scope = JobScope(takes=lambda line: line.job.index > 0)
    assert world.run_to_end().kind is EndKind.COMPLETE, "the parent of the next one is made"


def test_children_of_a_failed_job_that_the_run_leaves_out_are_missing(world: World) -> None:
    """A run of the last stage alone does not end as if all that it was asked for were there."""
    world.plan(CHAIN)
    world.api.ending = lambda request, _: "upstream_bad_request" if request["prompt"] == "tea 0" else "completed"
    world.run()
    world.scope, world.options = JobScope(takes=lambda line: line.job.index == 2), RunOptions(retry_failed=True)
    end = world.run_to_end()
    assert (end.kind, end.counts.skipped, end.counts.parents_failed) == (EndKind.INCOMPLETE, 1, 1)
    assert list(advice(end).values()) == [[NextStep.RETRY_PARENTS]]
    world.scope, world.api.ending = JobScope(), lambda _, __: "completed"
    assert world.run_to_end().kind is EndKind.COMPLETE


def test_children_of_jobs_that_nobody_wants_are_not_missing(world: World) -> None:
    skip = JobError(code="not_supported", message="the model does not take it")
    world.plan([replace(CHAIN[0], skip=skip), *CHAIN[1:]])
    world.scope = JobScope(takes=lambda line: line.job.index == 2)
    assert world.run_to_end().kind is EndKind.COMPLETE


def test_undecided_jobs_wait_and_send_nothing(world: World) -> None:
    world.plan(CHAIN)
    world.scope = JobScope(deciding=frozenset({"later"}))
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending) == (1, 2)


def test_undecided_jobs_are_counted_as_their_parents_end(world: World) -> None:
    """They are skipped with a parent that fails, and so are those that follow; with the parent they come back."""
    world.plan([*CHAIN[:1], make_child(1, (0, 1)), replace(make_child(2, (1, 1)), stage="last"), make_job(3)])
    world.scope = JobScope(deciding=frozenset({"later"}))
    world.api.ending = lambda request, _: "upstream_bad_request" if request["prompt"] == "tea 0" else "completed"
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.failed, end.counts.skipped, end.counts.pending) == (1, 1, 2, 0)
    world.api.ending = lambda _, __: "completed"
    world.options = RunOptions(retry_failed=True)
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.failed, end.counts.skipped, end.counts.pending) == (2, 0, 0, 2)


def test_the_estimate_covers_jobs_that_wait(world: World) -> None:
    world.plan(CHAIN)
    world.terms = Terms(limits=Limits(concurrency=4), max_usd=2.5 * PRICE_NUSD / 1e9)
    with pytest.raises(BudgetError, match="estimated"):
        world.run()
    world.options = RunOptions(until_budget=True)
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending) == (2, 1)
    assert end.kind is EndKind.BUDGET


def test_fail_fast_leaves_children_to_the_next_run(world: World) -> None:
    world.plan([*CHAIN, make_job(3, model="other")])
    world.api.ending = lambda request, _: "upstream_bad_request" if request["prompt"] == "tea 3" else "completed"
    world.api.latency = lambda request, _: 0.1 if request["prompt"] == "tea 3" else 5.0
    world.options = RunOptions(fail_fast=True)
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending, end.counts.failed) == (1, 2, 1)


def test_a_stopped_run_goes_on_where_it_was(world: World) -> None:
    world.plan(CHAIN)
    world.stop = StopSignal()
    world.api.on_made = world.stop.request
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending, end.exit_status) == (1, 2, 130)
    world.stop, world.api.on_made = None, lambda: None
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert paid(world) == Counter({"tea 0": 1, "tea 1": 1, "tea 2": 1})


def make_parents(world: World) -> None:
    """Make the jobs without parents in a run of their own, so that the next run has their addresses to ask for."""
    world.scope = JobScope(takes=lambda line: not line.job.parents)
    world.run()
    world.scope = JobScope()


@pytest.mark.parametrize("fault", ["429", "http500", "drop_before"])
def test_an_api_that_does_not_tell_the_address_at_once_is_waited_for(world: World, fault: str) -> None:
    world.plan(CHAIN[:2])
    make_parents(world)
    asked = world.api.calls["status"]
    world.api.fault = lambda stage, number: fault if stage == "status" and number <= asked + 3 else None
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert paid(world) == Counter({"tea 0": 1, "tea 1": 1})


def test_an_address_is_asked_for_once_for_all_children(world: World) -> None:
    world.plan([make_job(0), *(make_child(index, (0, 1)) for index in range(1, 5))])
    make_parents(world)
    polled = world.api.tasks["task-1"].polls
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert world.api.tasks["task-1"].polls == polled + 1


def test_an_image_that_is_gone_is_asked_for_once_for_all_children(world: World) -> None:
    world.plan([make_job(0), *(make_child(index, (0, 1)) for index in range(1, 5))])
    make_parents(world)
    del world.api.tasks["task-1"]
    asked = world.api.calls["status"]
    end = world.run_to_end()
    assert (end.counts.pending, world.api.calls["status"] - asked) == (4, 1)


def test_an_image_that_the_api_has_no_more_is_sent_as_text_where_the_model_takes_it(world: World) -> None:
    world.plan(CHAIN[:2])
    make_parents(world)
    (image,) = world.images().values()
    del world.api.tasks["task-1"]
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending) == (1, 1)
    assert [NextStep.NAME_PUBLIC_URL] in advice(end).values()
    world.inline_fields = frozenset({"image_urls"})
    world.run()
    ((inline,),) = map(images_of, sent(world, 1))
    assert inline == "data:image/png;base64," + base64.b64encode(image).decode()


def test_of_a_task_that_the_api_does_not_know_it_asks_for_the_account(world: World) -> None:
    """Two children, of which only the first one asks: what is said is the same of both."""
    world.plan([CHAIN[0], *(make_child(index, (0, 1)) for index in (1, 2))])
    make_parents(world)
    del world.api.tasks["task-1"]
    (said,) = advice(world.run_to_end())
    assert said.startswith('2 jobs of stage "later" wait for images of tasks that the API does not know')


def test_a_damaged_file_is_never_sent(world: World) -> None:
    world.plan(CHAIN[:2])
    make_parents(world)
    (path,) = world.layout.images.rglob("*.png")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    del world.api.tasks["task-1"]
    world.inline_fields = frozenset({"image_urls"})
    world.run()
    assert not sent(world, 1)


def test_a_store_that_serves_the_images_gives_their_addresses(world: World) -> None:
    world.plan([replace(make_job(0), path="m/a b#c"), make_child(1, (0, 1))])
    make_parents(world)
    del world.api.tasks["task-1"]
    world.options = RunOptions(public_url="https://pictures.example.com/run")
    world.run()
    ((address,),) = map(images_of, sent(world, 1))
    assert address == "https://pictures.example.com/run/images/m/a%20b%23c.png"


def test_a_child_waits_until_the_damaged_file_of_its_parent_is_fetched_again(world: World) -> None:
    world.plan(CHAIN[:2])
    make_parents(world)
    (path,) = world.layout.images.rglob("*.png")
    path.unlink()
    is_back: list[bool] = []
    world.api.on_made = lambda: is_back.append(path.exists())
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert is_back == [True]


def test_nothing_is_paid_twice_wherever_the_power_goes(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """At each change of an attempt, before and after it is committed; the next run makes the rest."""
    for is_written in (False, True):
        for at in range(1, 40):
            each = World(tmp_path_factory.mktemp("cut"))
            each.plan([*CHAIN, make_child(3, (0, 1), (1, 1), task_of=1, model="edit")])
            if each.run(crash_at_write=at, is_written=is_written) is not None:
                break
            assert each.run_to_end().kind is EndKind.COMPLETE
            assert paid(each) == Counter({f"tea {index}": 1 for index in range(4)})
        assert at > 12, "each of the four jobs is intended, accepted, completed and stored"


def test_no_address_of_a_parent_is_written_down_with_its_child(world: World) -> None:
    world.plan(CHAIN[:2])
    world.run()
    ((address,),) = map(images_of, sent(world, 1))
    with closing(sqlite3.connect(world.layout.workspace.ledger)) as ledger:
        rows = ledger.execute("SELECT * FROM attempts WHERE job_id = ?", (CHAIN[1].job_id,)).fetchall()
        rows += ledger.execute("SELECT * FROM jobs").fetchall()
    assert address not in str(rows)


def test_an_address_with_a_secret_in_it_is_not_passed_on(world: World) -> None:
    world.plan(CHAIN[:2])
    world.api.masked_url = "https://cdn/***"
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending) == (1, 1)
    assert not sent(world, 1)
    assert any("hold the API key" in said for said in advice(end))
    world.inline_fields = frozenset({"image_urls"})
    assert world.run_to_end().kind is EndKind.COMPLETE


def test_a_key_that_may_be_out_is_sent_with_the_address_that_it_went_out_with(world: World) -> None:
    world.api.signs_anew = True
    world.plan(CHAIN[:2])
    assert world.run(crash_at_write=5, is_written=True) is None, "after the intent of the child"
    assert not sent(world, 1)
    with world.read() as ledger:
        parent, child = ledger.snapshots()
    assert child.attempt is not None
    assert parent.attempt is not None
    assert world.run_to_end().kind is EndKind.COMPLETE
    ((address,),) = map(images_of, sent(world, 1))
    assert address == parent.attempt.results[0].url


def test_a_cancelled_parent_leaves_its_children_to_the_next_run(world: World) -> None:
    world.plan(CHAIN)
    world.api.ending = lambda _, earlier: "completed" if earlier else "cancelled"
    end = world.run_to_end()
    assert (end.counts.cancelled, end.counts.pending, end.exit_status) == (1, 2, 1)
    assert advice(end)["2 jobs wait for others that are not made yet"] == [NextStep.RUN_AGAIN]
    world.api.ending = lambda _, __: "completed"
    assert world.run_to_end().kind is EndKind.COMPLETE


def test_a_child_goes_on_from_the_task_of_a_reused_parent_only_if_the_account_has_it(world: World) -> None:
    world.plan([make_job(0), make_child(1, task_of=0)])
    make_parents(world)
    origin = stored_text(ReusedFrom(folder="../other", folder_id="f", cost_usd=0.0))
    with closing(sqlite3.connect(world.layout.workspace.ledger)) as ledger, ledger:
        ledger.execute("UPDATE attempts SET origin = ?", (origin,))
    task = world.api.tasks.pop("task-1")
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending) == (1, 1)
    assert any("tasks of others" in str(each) for each in end.warnings)
    world.api.tasks["task-1"] = task
    assert world.run_to_end().kind is EndKind.COMPLETE


def test_children_wait_in_no_slot_of_their_own(world: World) -> None:
    """With one slot a chain is made all the same, and never two tasks at once."""
    world.plan([*CHAIN, make_job(3)])
    world.terms = Terms(limits=Limits(concurrency=1))
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert world.api.alive_most == 1


def test_children_of_a_failed_job_that_was_not_tried_again_are_counted_as_skipped(world: World) -> None:
    """The run that tries failed jobs again ends before it comes to this one; its counts are those of the ledger."""
    world.plan([make_job(3, model="first"), *CHAIN])
    world.api.ending = lambda request, _: "upstream_bad_request" if request["prompt"] == "tea 0" else "completed"
    world.run()
    world.options = RunOptions(retry_failed=True)
    world.api.fault = lambda stage, _: "402" if stage == "balance" else None
    end = world.run_to_end()
    assert (end.counts.failed, end.counts.skipped, end.counts.pending) == (1, 2, 0)
    with world.read() as ledger:
        counted = ledger.line_counts()
    assert (counted.failed, counted.skipped, counted.pending) == (1, 2, 0)


def test_a_run_that_only_fetches_sends_no_child(world: World) -> None:
    world.plan(CHAIN)
    make_parents(world)
    world.options = RunOptions(fetch_only=True)
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending, len(world.api.tasks)) == (1, 2, 1)


def test_leaving_at_once_loses_no_child(world: World) -> None:
    """The second Ctrl-C comes while the child's task is under way."""
    world.plan(CHAIN)
    stop = world.stop = StopSignal()

    def leave() -> None:
        if len(world.api.tasks) == 2:
            stop.request()
            stop.request()

    world.api.on_made = leave
    assert world.run_to_end().exit_status == 130
    world.stop, world.api.on_made = None, lambda: None
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert paid(world) == Counter({"tea 0": 1, "tea 1": 1, "tea 2": 1})


def test_a_model_that_only_children_use_has_limits_of_its_own(world: World) -> None:
    world.plan([make_job(0), *(make_child(index, (0, 1), model="edit") for index in range(1, 5))])
    world.terms = Terms(limits=Limits(concurrency=4, models={"edit": ModelLimits(concurrency=1)}))
    assert world.run_to_end().kind is EndKind.COMPLETE
    assert world.api.alive_most == 1


def test_a_model_that_is_left_leaves_the_children_of_its_jobs(world: World) -> None:
    """A hold far above the estimate closes the model after its first job, whose child is made all the same."""
    parents = [make_job(index) for index in range(3)]
    world.plan([*parents, *(make_child(3 + index, (index, 1), model="edit", n=3) for index in range(3))])
    world.terms = Terms(limits=Limits(concurrency=1))
    world.api.hold_nusd = 3 * PRICE_NUSD
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending) == (2, 4)
    world.api.hold_nusd = None
    assert world.run_to_end().kind is EndKind.COMPLETE


def test_waiting_jobs_are_a_part_of_the_progress(world: World) -> None:
    told: list[Progress] = []
    world.on_progress = told.append
    world.plan(CHAIN)
    world.run()
    assert {each.jobs for each in told} == {3}
    assert told[-1].done == 3
