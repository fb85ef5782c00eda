"""The estimate of the remaining time: from the recent past, and never less than known limits allow."""

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.answers import RateHint
from qwave_batch.model.progress import Progress
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.limits.header_window import HeaderWindow
from qwave_batch.run.limits.sliding_window import MARGIN_S, PERIOD_S, SlidingWindow
from qwave_batch.run.state.completion_history import CompletionHistory, time_left
from tests.unit.run.world import World, make_job


def ends_at(*times: float, started_at: float = 0.0) -> CompletionHistory:
    ends = CompletionHistory(started_at)
    for time in times:
        ends.add(time)
    return ends


def left(
    jobs: int, ends: CompletionHistory, now: float, *, opens_at: float = 0.0, last_submit_at: float = 0.0
) -> float | None:
    return time_left(jobs, ends, alive=4, opens_at=opens_at, last_submit_at=last_submit_at, now=now)


def test_nobody_can_tell_before_a_job_has_ended() -> None:
    assert left(10, ends_at(), 5.0) is None


def test_a_slow_hour_long_ago_is_forgotten() -> None:
    ends = ends_at(*(3_600 + second for second in range(121)))
    assert left(60, ends, 3_720.0) == 60.0


def test_a_handful_that_ended_at_once_promises_no_miracle() -> None:
    assert left(100, ends_at(0.1, 0.1, 0.1, 0.1), 0.1) == 125.0


def test_tasks_that_end_together_are_counted_by_their_rounds() -> None:
    ends = ends_at(*(100.0 * number for number in range(1, 6) for _ in range(32)))
    told = time_left(64, ends, alive=32, opens_at=0.0, last_submit_at=0.0, now=500.0)
    assert told == 200.0


def test_the_first_end_of_many_tasks_tells_of_the_others() -> None:
    told = time_left(200, ends_at(10.0), alive=20, opens_at=0.0, last_submit_at=0.0, now=10.0)
    assert told == 100.0


def test_the_time_left_shrinks_while_nothing_ends_and_then_nobody_can_tell() -> None:
    ends = ends_at(*map(float, range(1, 61)))
    told = [left(30, ends, 60.0 + second) for second in (0, 10, 20, 29, 30, 600)]
    assert told == [30.0, 20.0, 10.0, 1.0, None, None]


def test_a_long_pause_comes_on_top_of_the_usual_pace() -> None:
    ends = ends_at(*map(float, range(1, 61)))
    assert [left(30, ends, now, opens_at=660.0) for now in (60.0, 360.0, 650.0)] == [630.0, 330.0, 40.0]


def test_a_limit_that_is_waited_for_explains_why_nothing_ends() -> None:
    assert left(1, ends_at(*map(float, range(1, 61))), 90.0, opens_at=115.0, last_submit_at=115.0) == 25.0


def test_a_known_limit_is_the_least_that_is_told() -> None:
    assert left(30, ends_at(1.0), 1.0, last_submit_at=181.0) == 180.0
    assert left(30, ends_at(), 1.0, last_submit_at=181.0) == 180.0


def test_nothing_is_left_when_all_is_done() -> None:
    assert left(0, ends_at(1.0), 100.0) == 0.0


@given(limit=st.integers(1, 5), before=st.integers(0, 12), sends=st.integers(1, 20), pause_s=st.floats(0, 70))
def test_the_last_of_many_sends_leaves_just_when_a_window_says(
    limit: int, before: int, sends: int, pause_s: float
) -> None:
    window = SlidingWindow(limit)

    def send(now: float) -> float:
        at = max(now, window.opens_at(now))
        window.reserve()
        window.spend(at)
        return at

    now = 0.0
    for _ in range(before):
        now = send(now)
    now += pause_s
    told = window.opens_for(sends, now)
    for _ in range(sends):
        now = send(now)
    assert abs(told - now) < 1e-6


def test_headers_tell_how_many_windows_it_takes() -> None:
    window = HeaderWindow()
    window.record(RateHint(limit=60, remaining=59, reset_s=60.0), sent_at=0.0, now=0.0)
    assert [window.opens_for(sends, 0.0) for sends in (59, 60, 119, 120, 239)] == [0.0, 60.0, 60.0, 120.0, 180.0]


def shown(world: World) -> list[Progress]:
    seen: list[Progress] = []
    world.on_progress = seen.append
    assert world.run()
    return seen


def test_a_known_limit_a_minute_is_reckoned_with_from_the_start(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=20, requests_per_minute=40))
    world.api.latency = lambda _, __: 2.0
    world.plan(make_job(index) for index in range(200))
    seen = shown(world)
    lasted_s = seen[-1].elapsed_s
    assert sum(progress.remaining_s is None for progress in seen) < 0.1 * len(seen)
    assert lasted_s > 4 * (PERIOD_S + MARGIN_S)
    for progress in seen:
        if progress.remaining_s is not None:
            assert 0.95 * lasted_s < progress.elapsed_s + progress.remaining_s < 1.35 * lasted_s


def test_a_model_that_is_down_lets_no_time_left_grow_by_the_second(world: World) -> None:
    world.api.latency = lambda _, __: 2.0
    world.api.fault = lambda place, _: "http500" if place == "submit" and world.api.log[-1][2] == "down" else None
    world.plan(make_job(index, model=("up", "down")[index % 2]) for index in range(80))
    seen = shown(world)
    told = [progress.remaining_s for progress in seen if progress.remaining_s is not None]
    assert max(told) < 300


def test_images_a_minute_are_those_of_a_few_seconds_at_least(world: World) -> None:
    world.api.latency = lambda _, __: 0.01
    world.plan(make_job(index) for index in range(4))
    assert max(progress.images_per_minute for progress in shown(world)) <= 48
