"""Messages of a waiting run: the reason and the end."""

import time

import pytest

from qwave_batch.client.retry_after import retry_after_s
from qwave_batch.model.clock import clock_time
from qwave_batch.model.progress import Progress, WaitKind
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.world import World, make_job


def notes(world: World) -> list[str]:
    """Run, and return what it said it waited for, each once."""
    seen: list[Progress] = []
    world.on_progress = seen.append
    world.run()
    return list(dict.fromkeys(progress.note for progress in seen if progress.note))


def test_an_api_that_is_out_of_reach_is_named_as_the_reason(world: World) -> None:
    world.api.fault = lambda _, __: "unreached" if world.clock.passed < 40 else None
    world.plan([make_job(0)])
    said = notes(world)
    assert any(note.startswith("the API can't be reached (connection refused): trying until ") for note in said)
    assert "rate limit" not in " ".join(said)


def test_an_api_that_goes_away_while_tasks_are_alive_is_named_too(world: World) -> None:
    world.api.latency = lambda _, __: 5.0
    world.api.fault = lambda place, _: "drop_before" if place == "status" and world.clock.passed < 40 else None
    world.terms = Terms(limits=Limits(concurrency=2))
    world.plan(make_job(index) for index in range(4))
    assert any(note.startswith("the API can't be reached") for note in notes(world))


def test_a_server_error_is_no_rate_limit(world: World) -> None:
    world.api.fault = lambda place, call: "http500" if place == "submit" and call <= 4 else None
    world.plan([make_job(0)])
    said = notes(world)
    assert all(note.startswith("trying again after an error") for note in said)


def test_a_rate_limit_is_told_by_the_clock_so_that_the_words_stay_true(world: World) -> None:
    world.api.wait_s = 20.0
    world.api.fault = lambda place, call: "429" if (place, call) == ("submit", 1) else None
    world.plan([make_job(0)])
    began = world.clock.now()
    ends = {
        f'rate limit for m: the next submit is at {clock_time(began + 20 + late, began)} ("slow down")'
        for late in (0, 1)
    }
    said = notes(world)
    assert said
    assert set(said) <= ends


def test_the_model_that_a_wait_is_about_is_told_as_data_and_in_words(world: World) -> None:
    seen: list[Progress] = []
    world.on_progress = seen.append
    world.api.wait_s = 40.0

    def fault(place: str, _: int) -> str | None:
        is_second = place == "submit" and world.api.log[-1][2] == "image-2"
        return "429" if is_second and world.clock.passed < 20 else None

    world.api.fault = fault
    world.plan(make_job(index, model=f"image-{index % 2 + 1}") for index in range(4))
    began = world.clock.now()
    assert world.run()
    waits = [(progress.waiting, progress.note) for progress in seen if progress.waiting]
    assert {(wait.kind, wait.model) for wait, _ in waits} == {(WaitKind.RATE_LIMIT, "image-2")}
    assert waits[0][0].until == pytest.approx(began + 40, abs=2)
    assert waits[0][1].startswith("rate limit for image-2: the next submit is at ")
    assert all(bool(progress.note) == bool(progress.waiting) for progress in seen)


def test_a_quota_window_is_the_accounts_wait(world: World) -> None:
    seen: list[Progress] = []
    world.on_progress = seen.append
    world.api.wait_s = 600.0
    world.api.fault = lambda place, call: "quota" if (place, call) == ("submit", 1) else None
    world.plan([make_job(0)])
    began = world.clock.now()
    assert world.run()
    waits = [progress.waiting for progress in seen if progress.waiting]
    assert {(wait.kind, wait.model) for wait in waits} == {(WaitKind.QUOTA, None)}
    assert waits[0].until == pytest.approx(began + 600, abs=2)


def test_a_model_that_does_not_answer_is_data_too(world: World) -> None:
    world.api.fault = lambda place, _: "drop_before" if place == "submit" and world.api.log[-1][2] == "mute" else None
    seen: list[Progress] = []
    world.on_progress = seen.append
    world.plan(make_job(index, model="m" if index < 8 else "mute") for index in range(10))
    world.run()
    silent = {wait.model for progress in seen if (wait := progress.waiting) and wait.kind is WaitKind.UNREACHABLE}
    assert silent == {"mute"}


def test_a_quota_window_is_told_with_its_end(world: World) -> None:
    world.api.wait_s = 600.0
    world.api.fault = lambda place, call: "quota" if (place, call) == ("submit", 1) else None
    world.plan([make_job(0)])
    opens = clock_time(world.clock.now() + 600, world.clock.now())
    said = notes(world)
    assert said[0].startswith(f"the quota is used up until {opens[:-3]}")
    assert world.run_to_end().exit_status == 0


def test_a_quota_window_longer_than_the_run_may_wait_ends_it_with_3_and_its_end(world: World) -> None:
    world.api.wait_s = 7_200.0
    world.api.fault = lambda place, _: "quota" if place == "submit" else None
    world.options = RunOptions(max_wait_s=600)
    world.plan([make_job(0)])
    end = world.run_to_end()
    assert end.exit_status == 3
    assert clock_time(world.clock.now() + 7_200, world.clock.now())[:4] in end.reason
    assert "7,200 s to wait, more than the 600 s" in end.reason
    assert world.clock.passed < 5


def test_our_own_limit_is_told_as_ours(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=4, requests_per_minute=2))
    world.api.latency = lambda _, __: 0.5
    world.plan(make_job(index) for index in range(3))
    assert any(note.startswith("requests_per_minute of the spec") for note in notes(world))


def test_a_model_that_hangs_at_the_end_of_a_run_is_not_taken_for_the_api(world: World) -> None:
    world.api.fault = lambda place, _: "drop_before" if place == "submit" and world.api.log[-1][2] == "mute" else None
    world.plan(make_job(index, model="m" if index < 8 else "mute") for index in range(10))
    said = notes(world)
    assert any(note.startswith("mute does not answer") for note in said)
    assert not any("can't be reached" in note for note in said)


def test_a_window_that_ends_another_day_is_told_with_its_date() -> None:
    now = 1_795_300_000.0
    assert clock_time(now + 3_600, now) == time.strftime("%H:%M:%S", time.localtime(now + 3_600))
    assert clock_time(now + 172_800, now) == time.strftime("%Y-%m-%d %H:%M", time.localtime(now + 172_800))


def test_no_run_is_said_to_end_before_what_it_waits_for(world: World) -> None:
    seen: list[Progress] = []
    world.on_progress = seen.append
    world.api.wait_s = 300.0
    world.api.latency = lambda _, __: 0.5
    world.api.fault = lambda place, call: "quota" if (place, call) == ("submit", 9) else None
    world.terms = Terms(limits=Limits(concurrency=2))
    world.plan(make_job(index) for index in range(12))
    assert world.run()
    waiting = [progress for progress in seen if "quota" in progress.note and progress.elapsed_s < 100]
    assert waiting
    assert all(progress.remaining_s is not None and progress.remaining_s > 190 for progress in waiting)


def test_a_pause_of_more_than_a_month_ends_the_run_and_is_no_pause_that_was_not_said(world: World) -> None:
    world.api.wait_s = retry_after_s({"retry-after": str(32 * 86_400)}, now=0.0)
    world.api.fault = lambda place, _: "quota" if place == "submit" else None
    world.plan([make_job(0)])
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit) == (3, 1)
