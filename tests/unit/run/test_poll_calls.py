"""Whole runs whose questions could leave together, or go unanswered: they leave in line, and trouble stops growth."""

from collections.abc import Callable

from qwave_batch.model.terms import Completion, Limits, Terms
from tests.unit.run.world import World, make_job

SLOTS = 64
HOLD_S = 30.0
AT_ONCE = 8
"""Up to this many polls within 20 ms are not a herd."""


class DeadReceiver:
    """Receives no callbacks."""

    url = "http://127.0.0.1:9/secret"

    def listen(self, on_callback: Callable[[str], None]) -> None:
        del on_callback


def herd(polls: list[float]) -> int:
    """Return how many polls leave within 20 ms at most."""
    return max(sum(at <= other < at + 0.02 for other in polls) for at in polls)


def test_after_a_hold_polls_leave_in_line(world: World) -> None:
    world.plan(make_job(index) for index in range(SLOTS))
    world.terms = Terms(limits=Limits(concurrency=SLOTS))
    world.api.wait_s = HOLD_S
    world.api.latency = lambda _, rng: rng.uniform(20.0, 40.0)
    held_at: list[float] = []

    def fault(place: str, _: int) -> str | None:
        if place == "status" and world.clock.passed > 10.0 and not held_at:
            held_at.append(world.clock.passed)
            return "429"
        return None

    world.api.fault = fault
    assert world.run_to_end().exit_status == 0
    after = [at for at in world.api.sends("status") if at > held_at[0] + HOLD_S]
    assert herd(after) <= AT_ONCE


def test_tasks_of_an_earlier_run_are_asked_for_in_line(world: World) -> None:
    world.plan(make_job(index) for index in range(SLOTS))
    world.terms = Terms(limits=Limits(concurrency=SLOTS), timeout_s=20.0)
    world.api.latency = lambda _, __: 60.0
    assert world.run_to_end().counts.pending == SLOTS
    world.clock.passed += 60.0
    world.api.log.clear()
    assert world.run_to_end().exit_status == 0
    polls = world.api.sends("status")
    assert herd(polls) <= AT_ONCE
    assert max(polls) - min(polls) < 5.0


def test_tasks_whose_calls_do_not_come_are_asked_for_in_line(world: World) -> None:
    world.plan(make_job(index) for index in range(SLOTS))
    world.terms = Terms(limits=Limits(concurrency=SLOTS), completion=Completion.WEBHOOK)
    world.callbacks = DeadReceiver()
    assert world.run_to_end().exit_status == 0
    assert herd(world.api.sends("status")) <= AT_ONCE


def test_the_number_of_tasks_does_not_grow_while_questions_go_unanswered(world: World) -> None:
    world.plan(make_job(index) for index in range(300))
    world.terms = Terms()
    world.api.latency = lambda _, __: 10.0
    world.api.fault = lambda place, number: "http500" if place == "status" and number % 3 else None
    assert world.run_to_end().exit_status == 0
    assert world.api.alive_most <= 20


def test_a_stray_question_without_an_answer_does_not_keep_it_from_growing(world: World) -> None:
    world.plan(make_job(index) for index in range(400))
    world.terms = Terms()
    world.api.latency = lambda _, __: 10.0
    world.api.fault = lambda place, number: "http500" if place == "status" and not number % 50 else None
    assert world.run_to_end().exit_status == 0
    assert world.api.alive_most > 40
