"""Whole runs on virtual time: how many tasks at once, which model's next, and not one request before its time."""

import functools
import itertools
import math
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.progress import Progress
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Completion, Limits, ModelLimits, Terms
from qwave_batch.run.limits.adaptive_concurrency import MOST
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.world import PRICE_NUSD, World, make_job

Fault = Callable[[str, int], str | None]


def of_model(world: World, model: str, fault: str, places: tuple[str, ...] = ("submit",)) -> Fault:
    """Let everything of one model go wrong."""
    return lambda place, _: fault if place in places and world.api.log[-1][2] == model else None


def last_end(world: World, model: str) -> float:
    return max(task.ends_at for task in world.api.tasks.values() if task.request["model"] == model)


def takes(seconds: float, **others: float) -> Callable[[JsonObject, random.Random], float]:
    return lambda request, _: others.get(str(request["model"]), seconds)


# --- how many at once


def test_without_a_ceiling_a_run_begins_with_16_and_grows(world: World) -> None:
    world.terms = Terms()
    world.api.latency = takes(10.0)
    world.plan(make_job(index) for index in range(400))
    world.run()
    first = sum(task.created_at < 1.0 for task in world.api.tasks.values())
    assert first == 16
    assert 40 < world.api.alive_most <= MOST


@pytest.mark.parametrize("fault", ["429", "http500", None])
def test_what_the_spec_or_the_option_says_is_never_exceeded(world: World, fault: str | None) -> None:
    world.terms = Terms(limits=Limits(concurrency=8, models={"b": ModelLimits(concurrency=2)}))
    world.options = RunOptions(concurrency=6)
    world.api.fault = lambda place, number: fault if place == "submit" and number % 7 == 0 else None
    world.plan(make_job(index, model="ab"[index % 2]) for index in range(80))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert world.api.alive_most <= 6


def test_an_api_that_takes_few_at_once_is_asked_for_few(world: World) -> None:
    """It refuses what is more than 10 at once and says nothing of the reason: hardly any of its answers is a 429."""
    world.terms = Terms()
    world.api.latency = takes(5.0)
    world.api.wait_s = 1.0
    api = world.api
    refused = 0

    def fault(place: str, _: int) -> str | None:
        nonlocal refused
        alive = sum(task.ends_at > world.clock.passed for task in api.tasks.values())
        is_too_much = place == "submit" and alive >= 10
        refused += is_too_much
        return "429" if is_too_much else None

    world.api.fault = fault
    world.plan(make_job(index) for index in range(250))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert refused < 0.2 * 250
    assert end.seconds < 1.35 * 250 * 5.0 / 10


def test_a_lost_answer_keeps_its_slot_until_it_is_known(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=3), retry_attempts=20)
    world.api.latency = takes(20.0)
    world.api.fault = lambda place, number: "drop_after" if place == "submit" and number % 3 else None
    world.plan(make_job(index) for index in range(12))
    assert world.run_to_end().exit_status == 0
    assert world.api.alive_most == 3


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    concurrency=st.integers(1, 5),
    rate=st.sampled_from([0.1, 0.4]),
    holds_s=st.sampled_from([0.0, 60.0]),
)
def test_whatever_is_lost_no_more_tasks_are_alive_than_slots(
    seed: int, concurrency: int, rate: float, holds_s: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world, rng = World(Path(folder), seed=seed), random.Random(seed)
        world.terms = Terms(limits=Limits(concurrency=concurrency))
        world.api.holds_s = holds_s
        faults = ("drop_after", "drop_before", "http500", "429", "hang", "unreached")
        world.api.fault = lambda place, _: rng.choice(faults) if place == "submit" and rng.random() < rate else None
        world.plan(make_job(index, model=f"m{index % 2}") for index in range(12))
        world.run()
        assert world.api.alive_most <= concurrency
        assert max(world.api.paid().values(), default=1) == 1


def test_what_was_found_out_is_shown_while_it_runs_and_in_the_end(world: World) -> None:
    shown: list[Progress] = []
    world.on_progress = shown.append
    world.terms = Terms()
    world.api.latency = takes(5.0)
    world.api.fault = lambda place, number: "429" if place == "submit" and number == 40 else None
    world.plan(make_job(index) for index in range(200))
    end = world.run_to_end()
    allowed = [progress.allowed or 0 for progress in shown]
    first_cut = next(later for earlier, later in itertools.pairwise(allowed) if later < earlier)
    assert allowed[1] == 16
    assert 15 <= first_cut < max(allowed)
    assert any("asked for less of m 1 time" in str(warning) for warning in end.warnings)


def test_a_ceiling_that_the_api_takes_needs_no_showing(world: World) -> None:
    shown: list[Progress] = []
    world.on_progress = shown.append
    world.plan(make_job(index) for index in range(20))
    assert not world.run_to_end().warnings
    assert {progress.allowed for progress in shown} == {None}


# --- models side by side


@pytest.mark.parametrize(
    ("fault", "places", "concurrency"),
    [
        ("429", ("submit",), 8),
        ("hang", ("submit",), 8),
        ("hang", ("submit",), None),
        ("http500", ("submit",), None),
        ("drop_before", ("submit",), None),
    ],
)
def test_a_model_in_trouble_takes_next_to_nothing_from_another(
    tmp_path: Path, fault: str, places: tuple[str, ...], concurrency: int | None
) -> None:
    """The jobs of the model in trouble come first in the plan; the other's take as long as without them."""
    world = World(tmp_path)
    world.terms = Terms(limits=Limits(concurrency=concurrency))
    world.api.latency = takes(2.0)
    world.api.wait_s = 20.0
    world.api.fault = of_model(world, "bad", fault, places)
    world.plan(make_job(index, model="bad" if index < 60 else "good") for index in range(220))
    world.run()
    most = 1.16 if concurrency else 1.1
    assert last_end(world, "good") <= most * end_of_the_good_ones_alone(concurrency) + 2.0


@functools.cache
def end_of_the_good_ones_alone(concurrency: int | None) -> float:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.terms = Terms(limits=Limits(concurrency=concurrency))
        world.api.latency = takes(2.0)
        world.plan(make_job(index, model="good") for index in range(160))
        world.run()
        return last_end(world, "good")


def test_a_slow_model_has_its_share_and_no_more(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=8))
    world.api.latency = takes(1.0, slow=200.0)
    world.plan(make_job(index, model="slow" if index < 40 else "fast") for index in range(140))
    world.run()
    alive_slow = max(
        sum(
            other.created_at <= task.created_at < other.ends_at
            for other in world.api.tasks.values()
            if other.request["model"] == "slow"
        )
        for task in world.api.tasks.values()
        if task.request["model"] == "fast"
    )
    assert alive_slow == 4
    assert last_end(world, "fast") < 100 * 1.0 / 4 * 1.4


def test_slots_that_nobody_else_can_use_are_used(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=8, models={"few": ModelLimits(concurrency=1)}))
    world.api.latency = takes(5.0)
    world.plan(make_job(index, model="few" if index < 3 else "many") for index in range(38))
    world.run()
    assert last_end(world, "many") < 35 * 5.0 / 7 * 1.3


def test_a_model_that_never_answers_is_left_to_the_next_run_and_does_not_swallow_the_plan(world: World) -> None:
    """A handful of its jobs is tried; the others are not sent at all, and hold no money."""
    world.terms = Terms(limits=Limits(concurrency=4), retry_attempts=3)
    world.options = RunOptions(max_wait_s=100.0)
    world.api.fault = of_model(world, "down", "http500")
    world.plan(make_job(index, model="down" if index < 200 else "up") for index in range(210))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 10, 200)
    assert world.clock.passed < 200
    assert any(str(warning).startswith("down is left to the next run: it took no job for ") for warning in end.warnings)
    with world.read() as ledger:
        attempts = [snapshot.attempt for snapshot in ledger.snapshots()]
        tried = [attempt for attempt in attempts if attempt is not None and attempt.state is AttemptState.SUBMITTING]
        assert 1 <= len(tried) < 30
        assert sum(attempt is None for attempt in attempts) == 200 - len(tried)
        assert ledger.held_nusd() == len(tried) * PRICE_NUSD, "they may have been paid"
    world.api.fault = lambda _, __: None
    assert world.run_to_end().exit_status == 0
    assert world.statuses() == [JobStatus.COMPLETED] * 210


def test_a_model_that_may_send_soon_finds_a_slot(world: World) -> None:
    """The other one could fill them all with long tasks before its time comes."""
    world.terms = Terms(limits=Limits(concurrency=4))
    world.api.latency = takes(5.0, long=300.0)
    world.api.wait_s = 4.0
    world.api.fault = lambda place, number: "429" if (place, number) == ("submit", 1) else None
    world.plan(make_job(index, model="soon" if index < 2 else "long") for index in range(30))
    assert world.run_to_end().exit_status == 0
    assert last_end(world, "soon") < 20.0


def test_for_a_model_that_may_not_send_soon_no_slot_is_kept(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=4))
    world.api.latency = takes(5.0, long=300.0)
    world.api.wait_s = 100.0
    world.api.fault = lambda place, number: "429" if (place, number) == ("submit", 1) else None
    world.plan(make_job(index, model="held" if index < 2 else "long") for index in range(30))
    assert world.run_to_end().exit_status == 0
    assert sum(task.created_at < 50.0 for task in world.api.tasks.values()) == 4


def test_open_tasks_of_one_model_hold_up_no_other(world: World) -> None:
    """They are alive whatever the limits say, so all are asked at once, and each was asked before anything is made."""
    slow = Limits(concurrency=8, models={"slow": ModelLimits(concurrency=6)})
    world.terms = Terms(limits=slow, timeout_s=1.0)
    world.api.latency = takes(2.0, slow=250.0)
    world.plan(make_job(index, model="slow") for index in range(6))
    world.run()
    began = world.clock.passed
    world.terms = Terms(limits=Limits(concurrency=8, models={"slow": ModelLimits(concurrency=1)}))
    world.plan(make_job(index, model="slow" if index < 8 else "fast") for index in range(20))
    world.api.log.clear()
    assert world.run_to_end().exit_status == 0
    submits, polls = world.api.sends("submit"), world.api.sends("status")
    assert submits[0] - began < 5.0
    assert sum(at <= submits[0] for at in polls) == 6
    assert last_end(world, "fast") - began < 12 * 2.0 / 2 * 1.5
    *old, seventh, last = (task for task in world.api.tasks.values() if task.request["model"] == "slow")
    assert max(task.ends_at for task in old) <= seventh.created_at
    assert seventh.ends_at <= last.created_at, "its own new ones follow one by one"


# --- not one request before its time


def early(world: World, since: float, until: float, *kinds: str) -> list[tuple[float, str, str]]:
    return [entry for entry in world.api.log if entry[1] in kinds and since < entry[0] < until]


@pytest.mark.parametrize("wait_s", [3.0, 47.0])
@pytest.mark.parametrize("at", [1, 2, 9])
def test_no_submit_of_the_model_leaves_before_the_time_that_a_429_names(world: World, wait_s: float, at: int) -> None:
    """Neither those that were about to leave when it came."""
    world.terms = Terms(limits=Limits(concurrency=12))
    world.api.wait_s = wait_s
    heard: list[float] = []
    world.api.fault = lambda place, number: "429" if place == "submit" and number == at else None
    original = world.api._throttled

    def throttled(fault: str | None) -> object:
        heard.append(world.clock.passed)
        return original(fault)

    world.api._throttled = throttled  # type: ignore[method-assign, assignment]
    world.plan(make_job(index) for index in range(60))
    assert world.run_to_end().exit_status == 0
    assert len(heard) == 1
    assert not early(world, heard[0], heard[0] + wait_s, "submit")
    assert early(world, heard[0] + wait_s - 1e-6, heard[0] + wait_s + 0.1, "submit"), "and it goes on at once"


def test_no_submit_of_any_model_leaves_before_a_quota_window_opens(world: World) -> None:
    world.api.wait_s = 333.0
    world.api.fault = lambda place, number: "quota" if place == "submit" and number == 5 else None
    world.plan(make_job(index, model=f"m{index % 3}") for index in range(30))
    assert world.run_to_end().exit_status == 0
    sends = world.api.sends("submit")
    gap = max(later - earlier for earlier, later in itertools.pairwise(sends))
    assert 333.0 <= gap < 340.0


def test_a_429_on_a_poll_holds_submits_and_polls_until_its_time(world: World) -> None:
    """It comes from a bucket that counts all requests; those that had left by then are on their way."""
    world.api.wait_s = 20.0
    world.terms = Terms(limits=Limits(concurrency=8), completion=Completion.POLL)
    world.api.latency = takes(6.0)
    heard: list[float] = []
    original = world.api._throttled

    def throttled(fault: str | None) -> object:
        heard.append(world.clock.passed)
        return original(fault)

    world.api._throttled = throttled  # type: ignore[method-assign, assignment]
    world.api.fault = lambda place, number: "429" if place == "status" and number == 3 else None
    world.plan(make_job(index) for index in range(40))
    assert world.run_to_end().exit_status == 0
    assert len(heard) == 1
    assert not early(world, heard[0], heard[0] + 20.0, "submit", "status")
    assert early(world, heard[0] + 20.0 - 1e-6, heard[0] + 22.0, "submit"), "and it goes on at once"


def test_the_429s_of_two_models_hold_a_third_only_when_nothing_gets_through(world: World) -> None:
    """Two models have limits of their own, the third has none, and is never held."""
    world.terms = Terms(limits=Limits(concurrency=9))
    world.api.per_minute_of = {"a": 3, "b": 3}
    world.api.wait_s = 30.0
    world.api.latency = takes(1.0)
    world.plan(make_job(index, model="abc"[index % 3]) for index in range(90))
    assert world.run_to_end().exit_status == 0
    assert last_end(world, "c") < 20.0


# --- learned completion


@pytest.mark.parametrize("completion", [Completion.WAIT, Completion.AUTO])
def test_where_the_api_holds_submits_nothing_is_polled(world: World, completion: Completion) -> None:
    world.terms = Terms(limits=Limits(concurrency=8), completion=completion)
    world.api.holds_s = 60.0
    world.plan(make_job(index) for index in range(100))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.requests.submit) == (0, 100, 100)
    assert end.requests.poll == 0 if completion is Completion.WAIT else end.requests.poll <= 12


def test_where_it_does_not_auto_polls_after_the_first_answers(world: World) -> None:
    asked: list[float | None] = []
    original = world.api.submit

    async def submit(request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None) -> object:
        asked.append(prefer_wait_s)
        return await original(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)

    world.api.submit = submit  # type: ignore[method-assign, assignment]
    world.plan(make_job(index) for index in range(60))
    assert world.run_to_end().exit_status == 0
    assert asked[0] is None
    assert 3 <= sum(wait_s is not None for wait_s in asked) <= 8
    assert asked[-1] is None


def test_a_task_that_is_longer_than_the_window_is_polled_after_it(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=4), completion=Completion.WAIT)
    world.api.holds_s = 60.0
    world.api.latency = takes(75.0)
    world.plan(make_job(index) for index in range(8))
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit) == (0, 8)
    assert min(world.api.sends("status")) >= 60.0
    assert end.seconds < 2 * 75.0 * 1.3


def test_where_keys_are_not_kept_auto_does_not_hold(world: World) -> None:
    world.idempotency_hours = world.api.keeps_keys_s = None
    world.api.holds_s = 60.0
    world.plan(make_job(index) for index in range(6))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert end.requests.poll >= 6


def test_a_line_that_cuts_long_silences_is_asked_for_shorter_ones(world: World) -> None:
    """Something on the way gives up on an answer after 30 seconds."""
    world.terms = Terms(limits=Limits(concurrency=4), completion=Completion.WAIT)
    world.api.holds_s = 60.0
    world.api.latency = takes(50.0)
    original = world.api.submit
    asked: list[float] = []

    async def submit(request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None) -> object:
        asked.append(prefer_wait_s or 0.0)
        began = world.clock.passed
        answer = await original(
            request, idempotency_key=idempotency_key, prefer_wait_s=min(prefer_wait_s or 0.0, 30.0) or None
        )
        return world.api._silence("drop_after") if world.clock.passed - began > 29.0 else answer

    world.api.submit = submit  # type: ignore[method-assign, assignment]
    world.plan(make_job(index) for index in range(16))
    assert world.run_to_end().exit_status == 0
    assert len(world.api.tasks) == 16
    assert max(asked[4:]) < 30.0


@pytest.mark.parametrize("calls", range(2, 12))
def test_a_crash_while_answers_are_held_pays_once(world: World, calls: int) -> None:
    world.terms = Terms(limits=Limits(concurrency=3), completion=Completion.WAIT)
    world.api.holds_s = 60.0
    world.plan(make_job(index) for index in range(6))

    def crash(cut: Callable[[], None]) -> None:
        world.api.on_call = lambda number: cut() if number == calls else None

    world.run(crash=crash)
    world.api.on_call = lambda _: None
    assert world.run_to_end().exit_status == 0
    assert len(world.api.tasks) == 6
    assert math.isclose(sum(world.api.paid().values()), 6)


def test_a_question_for_fresh_addresses_waits_for_its_time_too(world: World) -> None:
    """A 429 on a poll holds every question, whatever it is asked for."""
    world.terms = Terms(limits=Limits(concurrency=1), completion=Completion.POLL)
    world.api.wait_s = 30.0
    world.api.fault = lambda place, number: {"download_1": "expired", "status_2": "429"}.get(f"{place}_{number}")
    world.api.latency = takes(0.5)
    world.plan([make_job(0)])
    assert world.run_to_end().exit_status == 0
    asked = world.api.sends("status")
    held = [later - earlier for earlier, later in itertools.pairwise(asked) if later - earlier >= 30.0]
    assert len(held) == 1


def test_a_clock_that_jumps_makes_no_task_of_an_earlier_run_look_old(world: World) -> None:
    """Else it would be asked for once a minute only, as one that has been at work for two days."""
    world.terms = Terms(timeout_s=1.0, completion=Completion.POLL)
    world.api.latency = takes(8.0)
    world.plan([make_job(0)])
    assert world.run_to_end().exit_status == 1
    world.terms = Terms(completion=Completion.POLL)

    def jump(_: int) -> None:
        world.clock.wall_offset = 2 * 86_400.0

    world.api.on_call = jump
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit) == (0, 0)
    assert end.seconds < 20.0
