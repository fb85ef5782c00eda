"""Runs that the API calls when a task ends: once, twice, late, never, with garbage or in a flood."""

import asyncio
import random
from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.terms import Completion, Limits, Terms
from qwave_batch.run.polling.callback_inbox import MAX_EARLY, CallbackInbox
from tests.unit.run.honest_api import MadeTask
from tests.unit.run.virtual_time import VirtualClock, run_virtually
from tests.unit.run.world import World, make_job

URL = "http://127.0.0.1:9/secret"


class Calls:
    """Hands hints on to the run that listens."""

    url = URL

    def __init__(self) -> None:
        self.on_callback: Callable[[str], None] = lambda _: None

    def listen(self, on_callback: Callable[[str], None]) -> None:
        self.on_callback = on_callback


def called(world: World, delays_s: Callable[[MadeTask], list[float]] = lambda _: [0.0]) -> Calls:
    """Let the API call so many seconds after the end of each task that asks for it."""
    world.terms = Terms(limits=Limits(concurrency=8), completion=Completion.WEBHOOK)
    calls = world.callbacks = Calls()
    world.api.on_made = lambda: None
    original = world.api._make

    def make(request: JsonObject, key: str | None) -> MadeTask:
        made = original(request, key)
        if request.get("callback_url") == URL:
            for delay_s in delays_s(made):
                asyncio.ensure_future(call(made, delay_s))  # noqa: RUF006 - it ends with the loop
        return made

    async def call(made: MadeTask, delay_s: float) -> None:
        await world.clock.sleep(made.ends_at - world.clock.passed + delay_s)
        calls.on_callback(made.task_id)

    world.api._make = make  # type: ignore[method-assign]
    return calls


def test_a_call_is_followed_by_one_question(world: World) -> None:
    called(world)
    world.plan(make_job(index) for index in range(60))
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit, end.requests.poll) == (0, 60, 60)


def test_a_task_that_ends_before_its_submit_is_answered_is_asked_at_once(world: World) -> None:
    called(world)
    world.api.latency = lambda _, __: 0.0105
    world.plan(make_job(index) for index in range(20))
    end = world.run_to_end()
    assert (end.exit_status, end.requests.poll <= 20) == (0, True)
    assert end.seconds < 2.0


def test_a_call_that_comes_twice_or_late_changes_nothing(world: World) -> None:
    called(world, lambda made: [0.0, 0.0, 7.0] if int(made.task_id[5:]) % 2 else [0.5])
    world.plan(make_job(index) for index in range(60))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed) == (0, 60)
    assert end.requests.poll <= 62


def test_tasks_are_polled_where_their_calls_do_not_come(world: World) -> None:
    """One in five is lost: its task is found by asking, later than with a call."""
    rng = random.Random(1)
    called(world, lambda _: [0.0] if rng.random() < 0.8 else [])
    world.plan(make_job(index) for index in range(60))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed) == (0, 60)
    assert end.requests.poll < 1.6 * 60


def test_where_no_call_ever_comes_the_run_goes_back_to_polling(world: World) -> None:
    called(world, lambda _: [])
    world.plan(make_job(index) for index in range(80))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed) == (0, 80)
    assert end.seconds < 60.0
    assert any(Advice(NextStep.CHECK_WEBHOOK_URL) in warning.next_steps for warning in end.warnings)


def test_a_flood_of_calls_about_a_task_that_is_at_work_causes_few_questions(world: World) -> None:
    calls = called(world, lambda _: [0.0])
    world.api.latency = lambda _, __: 60.0

    async def flood() -> None:
        for _ in range(600):
            await world.clock.sleep(0.1)
            calls.on_callback("task-1")
            calls.on_callback("never heard of")

    def begin() -> None:
        asyncio.ensure_future(flood())  # noqa: RUF006 - it ends with the loop

    world.api.on_made = begin
    world.plan([make_job(0)])
    end = world.run_to_end()
    assert end.exit_status == 0
    assert end.requests.poll <= 10


def test_a_job_with_a_callback_of_its_own_is_polled_and_keeps_it(world: World) -> None:
    called(world)
    job = make_job(0)
    own = {"callback_url": "https://mine.example/hook"}
    world.plan([Job(**{**{name: getattr(job, name) for name in Job.__slots__}, "callback": own})])
    end = world.run_to_end()
    assert end.exit_status == 0
    assert [task.request["callback_url"] for task in world.api.tasks.values()] == ["https://mine.example/hook"]


def test_the_same_body_goes_out_again_with_a_key_whatever_the_receiver_is_called_now(world: World) -> None:
    """An API may refuse a key that comes with another body; the address of the receiver is part of it."""
    called(world)
    bodies: list[JsonObject] = []
    original = world.api.submit

    async def submit(request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None) -> object:
        bodies.append(dict(request))
        return await original(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)

    world.api.submit = submit  # type: ignore[method-assign, assignment]
    world.plan([make_job(0)])
    world.run(crash=lambda cut: setattr(world.api, "on_made", cut))
    world.api.on_made = lambda: None
    world.callbacks = None
    world.terms = Terms(completion=Completion.POLL)
    assert world.run_to_end().exit_status == 0
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert bodies[0]["callback_url"] == URL
    assert len(world.api.tasks) == 1


@pytest.mark.parametrize("hints", [0, 10 * MAX_EARLY])
def test_hints_that_nobody_waits_for_are_bounded(hints: int) -> None:
    kept = CallbackInbox(URL, VirtualClock())
    for number in range(hints):
        kept.receive(f"garbage-{number}")
    kept.receive("early")
    assert len(kept._early) <= MAX_EARLY
    assert kept.expect("early", "m").arrived.is_set()


def test_waiting_ends_with_the_patience_of_whoever_waits() -> None:
    clock = VirtualClock()

    async def wait() -> None:
        hints = CallbackInbox(URL, clock)
        await hints.wait(hints.expect("t", "m"), at_most_s=2.5)

    run_virtually(clock, wait)
    assert clock.passed == pytest.approx(2.5)
