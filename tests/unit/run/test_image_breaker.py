"""The circuit breaker of images, as values: what counts against the slots, who tries again, and when it is over."""

import math

import pytest

from qwave_batch.run.images.image_breaker import (
    GIVES_UP_S,
    GRACE_S,
    LONE_S,
    TAIL_S,
    TRIPS_AT,
    ImageBreaker,
    ImageFailure,
    pause_s,
)

FAILURE = ImageFailure(model="m", host="cdn", why="HTTP 500")


def failing(jobs: int, *, has_come: bool = False, earlier: int = 0) -> ImageBreaker:
    breaker = ImageBreaker(earlier)
    if has_come:
        breaker.image_came("good", "cdn", 0.0)
    for job in range(jobs):
        breaker.image_failed(str(job), 1.0 + job, FAILURE)
        breaker.start_waiting(str(job))
    return breaker


def test_failed_images_take_slots_until_one_comes() -> None:
    breaker = failing(2)
    assert breaker.taken(4, 10.0) == 2
    breaker.image_came("good", "cdn", 10.0)
    assert (breaker.taken(4, 10.0), breaker.waiting) == (0, 2)


@pytest.mark.parametrize(("slots", "taken"), [(1, 0), (2, 1), (3, 2), (4, 2)])
def test_with_few_slots_one_stays_free_once_images_have_come(slots: int, taken: int) -> None:
    assert failing(2, has_come=True).taken(slots, 10.0) == taken
    assert failing(2).taken(slots, 10.0) == 2


def test_a_model_has_the_failures_of_its_own() -> None:
    breaker = failing(2)
    assert (breaker.taken(4, 10.0, "m"), breaker.taken(4, 10.0, "other")) == (2, 0)


def test_images_of_earlier_runs_take_slots_until_they_are_tried() -> None:
    breaker = failing(0, earlier=3)
    assert breaker.taken(4, 0.0) == 3
    breaker.record_earlier()
    assert breaker.taken(4, 0.0) == 2
    breaker.image_came("good", "cdn", 0.0)
    assert breaker.taken(4, 0.0) == 0


def test_a_task_that_has_ended_keeps_its_slot_for_a_moment() -> None:
    breaker = ImageBreaker()
    breaker.task_ended("a", "m", 5.0)
    assert (breaker.taken(4, 5.0), breaker.opens_at(5.0)) == (1, 5.0 + GRACE_S)
    assert (breaker.taken(4, 5.0 + GRACE_S), breaker.opens_at(5.0 + GRACE_S)) == (0, math.inf)


def test_three_in_a_row_trip_it_and_one_tries_for_all() -> None:
    breaker = failing(TRIPS_AT - 1)
    assert not breaker.is_tripped
    assert [breaker.try_at(str(job)) for job in range(2)] == [1.0 + pause_s(1), 2.0 + pause_s(1)]
    breaker = failing(TRIPS_AT)
    assert breaker.is_tripped
    assert [breaker.try_at(str(job)) for job in range(3)] == [3.0 + pause_s(1), math.inf, math.inf]
    breaker.stop_waiting("0")
    assert breaker.try_at("1") == 3.0 + pause_s(1)
    assert breaker.try_at("unknown") is None


def test_the_first_image_that_comes_closes_it_and_all_try_at_once() -> None:
    breaker = failing(TRIPS_AT)
    breaker.image_came("good", "cdn", 10.0)
    assert not breaker.is_tripped
    assert all((breaker.try_at(str(job)) or 0.0) <= 10.0 for job in range(TRIPS_AT))


def test_an_image_is_judged_where_others_came_since_or_nothing_else_goes_on() -> None:
    breaker = failing(1)
    assert not breaker.judges("0", 100.0)
    breaker.record_pass(100.0, is_held=False, is_idle=True)
    assert not breaker.judges("0", 100.0 + LONE_S - 1)
    assert breaker.judges("0", 100.0 + LONE_S)
    breaker.record_pass(200.0, is_held=False, is_idle=False)
    assert not breaker.judges("0", 300.0)
    breaker.image_came("good", "cdn", 300.0)
    assert breaker.judges("0", 300.0)


def test_it_is_over_after_long_without_any_image() -> None:
    breaker = failing(TRIPS_AT, has_come=True)
    breaker.record_pass(10.0, is_held=True, is_idle=False)
    breaker.record_pass(20.0, is_held=True, is_idle=False)
    assert breaker.held_since == 10.0
    assert not breaker.is_over(10.0 + GIVES_UP_S - 1)
    assert breaker.is_over(10.0 + GIVES_UP_S)
    breaker.excuse_until(50.0)
    assert not breaker.is_over(10.0 + GIVES_UP_S)
    breaker.record_pass(60.0, is_held=False, is_idle=False)
    assert not breaker.is_over(1e6)


def test_it_is_over_when_nothing_is_left_that_could_come() -> None:
    breaker = failing(TRIPS_AT, has_come=True)
    breaker.record_pass(10.0, is_held=True, is_idle=True)
    assert not breaker.is_over(11.0)
    for job in range(TRIPS_AT):
        breaker.stop_waiting(str(job))
    assert breaker.is_over(11.0)


def test_the_tail_of_a_run_without_any_image_is_shorter() -> None:
    breaker = failing(TRIPS_AT)
    breaker.record_pass(10.0, is_held=False, is_idle=True)
    assert (breaker.is_over(10.0 + TAIL_S - 1), breaker.is_over(10.0 + TAIL_S)) == (False, True)


def test_results_that_cannot_be_read_are_counted() -> None:
    breaker = ImageBreaker()
    breaker.image_failed("a", 0.0, ImageFailure(model="m", host="", why="no address", is_unread=True))
    assert (breaker.unread, breaker.why) == (1, "no address")
