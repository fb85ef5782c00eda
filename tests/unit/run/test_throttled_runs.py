"""Whole runs on virtual time against an API that says `not now`: no storm, no plan burnt, an end, and only its own."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from qwave_batch.client.answers import Answer, NoAnswer, RateHint, Throttled
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.progress import WaitKind
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.state.limit_counts import LimitCounts
from tests.unit.run.test_scheduling import last_end, of_model, takes
from tests.unit.run.world import PRICE_NUSD, World, make_job


def always(place: str, fault: str) -> Callable[[str, int], str | None]:
    return lambda where, _: fault if where == place else None


def answers(world: World, **said: Any) -> None:
    """Let every 500 say what a gateway may say."""
    world.api._silence = lambda fault: NoAnswer(reason=fault, sent=True, status=503, **said)  # type: ignore[method-assign]


def gaps(sends: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(sends)]


# --- 429s end, and never storm


@pytest.mark.parametrize("fault", ["429", "quota"])
@pytest.mark.parametrize("wait_s", [0.0, 60.0, None])
def test_429s_without_a_success_end_the_run_in_time_whatever_they_say(
    world: World, fault: str, wait_s: float | None
) -> None:
    world.terms = Terms(limits=Limits(concurrency=8))
    world.api.wait_s = wait_s
    world.api.fault = always("submit", fault)
    world.plan(make_job(index) for index in range(40))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending) == (3, 40)
    assert 780.0 < world.clock.passed < 960.0
    assert len(world.api.sends("submit")) < 60


@pytest.mark.parametrize("fault", ["429", "quota"])
def test_a_wait_of_nothing_is_not_believed(world: World, fault: str) -> None:
    """Neither for a submit nor for a poll: the pauses grow until something gets through."""
    world.api.wait_s = 0.0
    world.api.fault = lambda place, _: fault if place == "submit" and world.clock.passed < 60.0 else None
    world.plan(make_job(index) for index in range(12))
    assert world.run_to_end().exit_status == 0
    assert sum(at < 60.0 for at in world.api.sends("submit")) < 20


def test_polls_that_are_answered_with_no_wait_at_all_do_not_storm_either(world: World) -> None:
    world.api.wait_s = 0.0
    world.api.fault = lambda place, _: "429" if place == "status" and world.clock.passed < 40.0 else None
    world.plan(make_job(index) for index in range(8))
    end = world.run_to_end()
    assert end.exit_status == 0
    refused = sum(at < 40.0 for at in world.api.sends("status"))
    assert (refused < 40, end.limits.as_json()["throttled_polls"]) == (True, refused)


def test_a_quota_window_that_opens_again_and_again_is_no_reason_to_stop(world: World) -> None:
    """Each time a call succeeds, the longest wait is counted anew; the end tells how long it was in all."""
    world.api.wait_s = 600.0
    world.terms = Terms(limits=Limits(concurrency=1))
    world.api.fault = lambda place, number: "quota" if place == "submit" and number % 2 else None
    world.plan(make_job(index) for index in range(5))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert world.clock.passed > 5 * 600.0
    refused = len(world.api.sends("submit")) - 5
    assert (dict(end.limits.submits), end.limits.polls) == ({"m": refused}, 0)
    assert end.limits.waited_s[WaitKind.QUOTA] == pytest.approx(refused * 600.0, rel=0.3)
    both = end.limits + LimitCounts(submits=Counter(m=1, n=2), waited_s={WaitKind.QUOTA: 1.0, WaitKind.RETRY: 0.5})
    told = both.as_json()
    assert told["throttled_submits"] == {"m": refused + 1, "n": 2}
    assert told["waited_seconds"] == {"quota": round(end.limits.waited_s[WaitKind.QUOTA] + 1.0, 3)}


# --- one episode is one step


def test_one_spell_of_429s_is_one_cut_however_many_come(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=20))
    world.api.latency = takes(3.0)
    world.api.wait_s = 2.0
    world.api.fault = lambda place, _: "429" if place == "submit" and 10.0 < world.clock.passed < 40.0 else None
    world.plan(make_job(index) for index in range(200))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert any("asked for less of m 1 time:" in str(warning) for warning in end.warnings)


def test_a_burst_of_429s_that_say_nothing_is_one_pause(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=12))
    world.api.latency = takes(1.0)
    world.api.wait_s = None
    world.api.fault = lambda place, number: "429" if place == "submit" and 2 <= number <= 12 else None
    world.plan(make_job(index) for index in range(40))
    assert world.run_to_end().exit_status == 0
    assert 5.0 <= max(gaps(world.api.sends("submit"))) < 7.0


# --- one model's trouble is its own


@pytest.mark.parametrize("wait_s", [5.0, 1000.0])
def test_a_model_that_is_always_throttled_ends_for_itself_only(world: World, wait_s: float) -> None:
    world.terms = Terms(limits=Limits(concurrency=4))
    world.api.latency = takes(30.0)
    world.api.wait_s = wait_s
    world.api.fault = of_model(world, "bad", "429")
    world.plan(make_job(index, model="bad" if index % 3 == 0 else "good") for index in range(300))
    end = world.run_to_end()
    assert (end.counts.completed, end.counts.pending) == (200, 100)
    assert (end.exit_status, "bad is left to the next run" in end.reason) == (3, True)
    assert len([at for at, kind, what in world.api.log if kind == "submit" and what == "bad"]) < 60
    world.api.fault = lambda _, __: None
    assert world.run_to_end().exit_status == 0
    assert world.statuses() == [JobStatus.COMPLETED] * 300


# --- silence


@pytest.mark.parametrize("attempts", [0, 5])
@pytest.mark.parametrize("asked_s", [None, 0.0, 1000.0])
def test_a_model_that_is_down_does_not_swallow_the_plan(world: World, attempts: int, asked_s: float | None) -> None:
    world.terms = Terms(limits=Limits(concurrency=4), retry_attempts=attempts)
    answers(world, retry_after_s=asked_s)
    world.api.fault = always("submit", "http500")
    world.plan(make_job(index) for index in range(400))
    end = world.run_to_end()
    with world.read() as ledger:
        in_doubt = ledger.held_nusd() // PRICE_NUSD
    assert end.exit_status == 1
    assert 1 <= in_doubt <= (1 if asked_s else 80 if attempts == 0 else 20)
    assert any("left to the next run" in str(warning) for warning in end.warnings)


def test_a_model_that_comes_back_goes_on_by_itself(world: World) -> None:
    world.api.fault = lambda place, _: "http500" if place == "submit" and world.clock.passed < 120.0 else None
    world.plan(make_job(index) for index in range(30))
    assert world.run_to_end().counts.pending <= 2, "those that were tried in vain meanwhile"
    assert world.clock.passed < 120.0 + 20.0 + 30.0
    assert world.run_to_end().exit_status == 0
    assert max(world.api.paid().values()) == 1


def test_refusals_between_failures_show_that_the_model_lives(world: World) -> None:
    world.api.fault = lambda place, number: (
        ("http500", "refused")[number % 2] if place == "submit" and number < 9 else None
    )
    world.plan(make_job(index) for index in range(30))
    assert not any("took no job" in str(warning) for warning in world.run_to_end().warnings)


def test_a_wait_for_a_server_in_trouble_is_no_rate_limit(world: World) -> None:
    """A 503 of one model and a 429 of another don't make it the account's."""
    world.terms = Terms(limits=Limits(concurrency=6))
    world.api.latency = takes(1.0)
    world.api.wait_s = 50.0
    answers(world, retry_after_s=50.0)
    faults = {"a": "http500", "b": "429"}
    first: set[str] = set()

    def fault(place: str, _: int) -> str | None:
        model = world.api.log[-1][2]
        if place != "submit" or model in first:
            return None
        first.add(model)
        return faults.get(model)

    world.api.fault = fault
    world.plan(make_job(index, model="abc"[index % 3]) for index in range(60))
    assert world.run_to_end().exit_status == 0
    assert max(task.ends_at for task in world.api.tasks.values() if task.request["model"] == "c") < 20.0


# --- what headers say


def tell(world: World, hint: Callable[[str], RateHint | None]) -> None:
    """Let every answer to a submit carry the headers that are due for its model."""
    original = world.api.submit

    async def submit(request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None) -> Answer:
        answer = await original(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)
        return replace(answer, rate=hint(str(request["model"])))

    world.api.submit = submit  # type: ignore[method-assign]


def test_a_window_that_headers_keep_closed_for_longer_than_the_run_waits_ends_it(world: World) -> None:
    tell(world, lambda _: RateHint(limit=5, remaining=5 - len(world.api.tasks), reset_s=80_000.0))
    world.plan(make_job(index) for index in range(9))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (3, 5, 4)
    assert "the API's limit on requests is used up until" in end.reason
    assert world.clock.passed < 60.0


def test_what_is_left_by_headers_may_be_nothing_when_nothing_is_left_to_do(world: World) -> None:
    tell(world, lambda _: RateHint(limit=5, remaining=5 - len(world.api.tasks), reset_s=80_000.0))
    world.plan(make_job(index) for index in range(5))
    assert world.run_to_end().exit_status == 0


def test_the_window_of_one_model_is_no_reason_to_end_for_another(world: World) -> None:
    world.api.latency = takes(5.0)
    hints = {
        "few": RateHint(limit=1, remaining=0, reset_s=80_000.0),
        "many": RateHint(limit=90, remaining=50, reset_s=1.0),
    }
    tell(world, hints.get)
    world.plan(make_job(index, model="few" if index < 3 else "many") for index in range(40))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (3, 38, 2)
    assert "few is left to the next run" in end.reason


def test_polls_that_headers_hold_for_longer_than_the_run_waits_are_left_to_the_next_run(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=4, count_polls=True))
    tell(world, lambda _: RateHint(limit=5, remaining=0, reset_s=80_000.0))
    world.plan([make_job(0)])
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending, end.requests.poll) == (3, 1, 0)
    assert world.clock.passed < 60.0


@pytest.mark.parametrize("teacher", ["headers", "429s"])
def test_a_window_of_the_api_is_told_as_one(world: World, teacher: str) -> None:
    world.terms = Terms(limits=Limits(concurrency=4))
    seen: list[str] = []
    world.on_progress = lambda progress: seen.append(progress.note)
    if teacher == "headers":
        tell(world, lambda _: RateHint(limit=5, remaining=0 if len(world.api.tasks) == 5 else 5, reset_s=30.0))
    else:
        sliding(world, 5)
    world.plan(make_job(index) for index in range(30))
    assert world.run_to_end().exit_status == 0
    assert any(note.startswith("the API's limit on requests") and "the next submit is at" in note for note in seen)
    assert not any("after an error" in note for note in seen)


def sliding(world: World, per_minute: int) -> None:
    """Let the API take so many in any minute, and say when it takes the next."""
    world.api.rpm = per_minute

    def throttled(fault: str | None) -> Throttled:
        taken = [at for at, kind, _ in world.api.log if kind == "taken"]
        return Throttled(code="rate_limited", wait_s=math.ceil(taken[-per_minute] + 60.0 - world.clock.passed))

    world.api._throttled = throttled  # type: ignore[method-assign]


# --- where polls count


@pytest.mark.parametrize(("fault", "wait_s"), [("429", 30.0), ("quota", 300.0)])
def test_where_polls_count_a_429_on_a_submit_holds_them_too(world: World, fault: str, wait_s: float) -> None:
    world.terms = Terms(limits=Limits(concurrency=8, count_polls=True))
    world.api.latency = takes(4.0)
    world.api.wait_s = wait_s
    world.api.fault = lambda place, number: fault if place == "submit" and number == 9 else None
    world.plan(make_job(index) for index in range(20))
    assert world.run_to_end().exit_status == 0
    held_at = world.api.sends("submit")[8] + 2 * world.api.delay_s
    assert not [at for at, *_ in world.api.log if held_at < at < held_at + wait_s - 1.0]
    assert max(world.api.paid().values()) == 1


def test_where_polls_count_the_hold_of_one_model_is_no_hold_of_anothers_polls(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=4, count_polls=True))
    world.api.latency = takes(1.0)
    world.api.wait_s = 200.0
    world.api.fault = of_model(world, "bad", "429")
    world.plan(make_job(index, model="bad" if index == 0 else "good") for index in range(20))
    world.run()
    assert last_end(world, "good") < 30.0


def test_a_429_on_a_poll_makes_polls_count_for_the_api_and_not_for_the_spec(world: World) -> None:
    """The spec's limit per minute applies to submits only, as documented."""
    seconds = []
    for struck in (0, 3):
        world = World(world.root / str(struck))
        world.terms = Terms(limits=Limits(concurrency=8, requests_per_minute=60))
        world.api.wait_s = 1.0
        world.api.latency = takes(2.0)
        world.api.fault = lambda place, number, at=struck: "429" if place == "status" and number == at else None  # type: ignore[misc]
        world.plan(make_job(index) for index in range(180))
        seconds.append(world.run_to_end().seconds)
    assert seconds[1] < seconds[0] + 10.0


# --- windows that nobody named


@pytest.mark.parametrize("wait_s", [50.0, 60.0])
def test_an_api_that_takes_few_at_once_and_always_says_a_minute_is_not_held_to_have_a_window(
    world: World, wait_s: float
) -> None:
    world.terms = Terms()
    world.api.latency = takes(2.0)
    world.api.wait_s = wait_s
    api = world.api

    def fault(place: str, _: int) -> str | None:
        alive = sum(task.ends_at > world.clock.passed for task in api.tasks.values())
        return "429" if place == "submit" and alive >= 10 else None

    api.fault = fault
    world.plan(make_job(index) for index in range(250))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert end.seconds < 5 * 250 * 2.0 / 10
    assert not any("requests a minute" in str(warning) for warning in end.warnings)


def test_a_window_that_nobody_named_is_found_out_and_used(world: World) -> None:
    world.terms = Terms()
    world.api.latency = takes(2.0)
    sliding(world, 60)
    world.plan(make_job(index) for index in range(300))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert end.seconds < 1.15 * 4 * 60.0 + 10.0
    assert end.requests.submit - 300 < 20
    assert any("about 6" in str(warning) and "requests a minute of m" in str(warning) for warning in end.warnings)


def test_after_a_hold_one_submit_finds_out_whether_it_is_over(world: World) -> None:
    """Successes of what was under way when the 429 came don't widen the way for what follows."""
    world.terms = Terms(limits=Limits(concurrency=12))
    world.api.latency = takes(1.0)
    world.api.fault = lambda place, number: "429" if place == "submit" and number == 3 else None
    world.plan(make_job(index) for index in range(40))
    assert world.run_to_end().exit_status == 0
    sends = world.api.sends("submit")
    opened = next(later for earlier, later in itertools.pairwise(sends) if later - earlier >= 4.9)
    assert sends.count(opened) == 1
    assert sum(opened <= at < opened + 1.0 for at in sends) > 4, "and then more and more follow"


@pytest.mark.parametrize("seed", range(8))
def test_after_failures_in_a_row_those_that_wait_for_another_try_go_first(world: World, seed: int) -> None:
    world.seed = seed
    world.terms = Terms(limits=Limits(concurrency=20))
    world.api.fault = always("submit", "unreached")
    keys: set[str | None] = set()
    original = world.api.submit

    async def submit(request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None) -> Answer:
        keys.add(idempotency_key)
        return await original(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)

    world.api.submit = submit  # type: ignore[method-assign]
    world.plan(make_job(index) for index in range(40))
    assert world.run_to_end().exit_status == 1
    assert len(keys) == 3
