"""When to ask next: pure parts by fact and law, and whole runs on virtual time against the line nobody can beat."""

import itertools

import pytest

from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.polling.latency_estimator import Stamp, narrowed, read_stamp
from qwave_batch.run.polling.poll_schedule_learner import (
    FEWEST_POLLS,
    FREE_POLLS,
    LONGEST_GAP_S,
    PollScheduleLearner,
    affordable_polls,
    opening_s,
    own_share,
)
from qwave_batch.run.polling.task_poll_plan import PollPlanner, PollSpacing
from tests.unit.run.polling_simulation import (
    KINDS,
    Fixed,
    Line,
    Simulation,
    floor_s,
    ideal_s,
    latencies_of,
    line_at,
    line_of,
    score,
)

ALLOWED, MOST_POLLS = 0.04, 3.5
LINES: dict[str, Line] = {}


def line(kind: str) -> Line:
    if kind not in LINES:
        LINES[kind] = line_of(kind)
    return LINES[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_keeps_to_the_line_from_its_first_task_on(kind: str) -> None:
    found = score(kind, PollScheduleLearner, line(kind), seeds=3)
    assert found.excess <= ALLOWED
    assert found.polls <= MOST_POLLS


@pytest.mark.parametrize(
    ("kind", "polls", "makespan"),
    [
        *(("normal, 15 %", *point) for point in ((1.31, 1.144), (1.46, 1.120), (2.12, 1.074), (3.87, 1.038))),
        *(("log-normal, 0.35", *point) for point in ((1.72, 1.210), (2.39, 1.133), (3.03, 1.101), (4.11, 1.072))),
    ],
)
def test_the_line_is_where_others_have_found_it(kind: str, polls: float, makespan: float) -> None:
    assert line_at(line(kind), polls) == pytest.approx(makespan, abs=0.003)


def test_the_simulation_holds_a_slot_until_the_end_is_noticed() -> None:
    found = Simulation(latencies=[2.5] * 4, policy=Fixed(1.0), slots=2).run()
    assert (found.makespan_s, found.polls) == (6.0, 12)
    assert (ideal_s([2.5] * 4, 2), floor_s([2.5] * 4, 2)) == (5.0, 5.0)


@pytest.mark.parametrize("latency_s", [0.0, 0.01, 1.0, 30.0, 3000.0])
def test_any_constant_is_learned(latency_s: float) -> None:
    found = Simulation(latencies=[latency_s] * 500, policy=PollScheduleLearner()).run()
    held_s = found.makespan_s / 8  # 500 jobs over 64 slots are 8 rounds
    assert held_s <= 1.1 * latency_s + 0.1 or latency_s > 3600
    assert found.polls < 4 * 500 or latency_s > 60


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_a_handful_of_jobs_is_noticed_soon(jobs: int) -> None:
    for seed in range(10):
        latencies = latencies_of("normal, 15 %", seed, jobs)
        found = Simulation(latencies=latencies, policy=PollScheduleLearner()).run()
        assert found.makespan_s < 1.9 * max(latencies)
        assert found.polls <= 12 * jobs


def test_a_model_that_becomes_faster_is_noticed() -> None:
    latencies = [6.0 + 0.1 * (number % 5) for number in range(400)] + [1.5] * 1600
    found = Simulation(latencies=latencies, policy=PollScheduleLearner()).run()
    assert found.makespan_s < 1.25 * floor_s(latencies)


def test_a_task_that_never_ends_is_asked_less_and_less_often_but_every_minute() -> None:
    learner = PollScheduleLearner()
    for number in range(200):
        learner.done(learner.begin(), 1.9 + number % 5 * 0.05)
    tracked, ages = learner.begin(), [0.0]
    while ages[-1] < 20_000:
        ages.append(learner.due_s(tracked))
        learner.not_yet(tracked, ages[-1])
    gaps = [later - sooner for sooner, later in itertools.pairwise(ages)]
    assert len(ages) < 600
    assert sum(age < 300 for age in ages) < 150
    assert gaps[-1] == pytest.approx(LONGEST_GAP_S)


def test_a_cold_start_is_no_herd() -> None:
    found = score("normal, 15 %", PollScheduleLearner, line("normal, 15 %"), seeds=3)
    assert found.most_at_once <= 16, "of 64 tasks that were made in the same moment"


def test_the_first_questions_of_many_tasks_are_few_and_far_apart() -> None:
    ages = sorted(opening_s(0.0, is_polled=False, own_share=own_share(number), alive=64) for number in range(64))
    assert sum(age < 2.0 for age in ages) < 32
    assert max(later / sooner for sooner, later in itertools.pairwise(ages)) < 1.2


def test_the_only_task_is_asked_in_a_quick_rhythm() -> None:
    age_s, ages = 0.0, []
    for asked in range(10):
        age_s = opening_s(age_s, is_polled=asked > 0, own_share=0.3, alive=1)
        ages.append(age_s)
    assert all(1.3 < later / sooner < 1.4 for sooner, later in itertools.pairwise(ages))


def test_polls_that_are_due_together_leave_one_after_the_other() -> None:
    turns = PollSpacing()
    times = [turns.take(10.0, age_s=2.0, alive=64) for _ in range(64)]
    assert times[0] == 10.0
    assert min(later - sooner for sooner, later in itertools.pairwise(times)) > 0.001
    assert times[-1] < 10.2
    assert turns.take(99.0, age_s=2.0, alive=64) == 99.0


def test_scarce_requests_are_spent_on_submits() -> None:
    assert affordable_polls(1000.0, held_s=2.2, slots=64) == FREE_POLLS
    assert affordable_polls(70.0, held_s=2.2, slots=64) == pytest.approx(1.4, abs=0.01)
    assert affordable_polls(10.0, held_s=2.2, slots=64) == FEWEST_POLLS
    latencies = latencies_of("normal, 15 %", 1)
    found = Simulation(latencies=latencies, policy=PollScheduleLearner(), requests_per_s=45.0).run()
    assert found.polls < 1.25 * len(latencies)


def test_stamps_narrow_what_the_answers_tell() -> None:
    assert narrowed(1.0, 3.0, Stamp(2.0, 0.001)) == (1.999, 2.001)
    assert narrowed(1.0, 30.0, Stamp(20.0, 1.0)) == (19.0, 21.0)
    assert narrowed(1.5, 3.0, Stamp(2.0, 1.0)) == (1.5, 3.0)


@pytest.mark.parametrize("latency_s", [-5.0, 0.5, 3.5, 1.7e9, float("inf"), float("nan")])
def test_stamps_that_contradict_the_answers_tell_nothing(latency_s: float) -> None:
    assert narrowed(1.0, 3.0, Stamp(latency_s, 0.001)) == (1.0, 3.0)


def test_a_stamp_that_is_set_by_the_question_tells_nothing() -> None:
    assert narrowed(1.0, 3.0, Stamp(2.99, 0.001)) == (1.0, 3.0)


def test_whole_seconds_are_read_as_such() -> None:
    def ended(created_at: float | None, completed_at: float | None) -> Task:
        return Task(task_id="t", state=TaskState.COMPLETED, created_at=created_at, completed_at=completed_at)

    assert read_stamp(ended(100.0, 130.0)) == Stamp(30.0, 1.0)
    assert read_stamp(ended(100.25, 130.5)) == Stamp(30.25, 0.001)
    assert read_stamp(ended(None, 130.5)) is None
    assert read_stamp(ended(100.0, None)) is None


def ended_task() -> Task:
    return Task(task_id="t", state=TaskState.COMPLETED)


def open_task() -> Task:
    return Task(task_id="t", state=TaskState.PROCESSING)


def test_tasks_of_an_earlier_run_teach_nothing() -> None:
    """Their age is known by clocks that may differ, and most have ended long before anybody asked."""
    polls = PollPlanner()
    for _ in range(50):
        polls.plan_known_task("m", 100.0, age_s=7200.0).record(100.0, ended_task())
    assert polls.plan_new_task("m", 100.0).sleep_s(100.0) < 30.0


@pytest.mark.parametrize("age_s", [-1e9, 0.0, 3.0, 1e12])
def test_however_old_a_task_is_said_to_be_it_is_asked_within_a_minute(age_s: float) -> None:
    plan = PollPlanner().plan_known_task("m", 100.0, age_s)
    plan.record(100.0, open_task())
    assert 0.0 < plan.sleep_s(100.0) <= 60.0


def test_a_task_that_is_due_is_due_at_once_and_stays_so() -> None:
    polls = PollPlanner()
    for number in range(200):
        plan, latency_s = polls.plan_new_task("m", 0.0), 2.0 + number % 7 / 100
        plan.record(latency_s - 0.1, open_task())
        plan.record(latency_s, ended_task())
    now, plan = 50.0, polls.plan_new_task("m", 50.0)
    while wait_s := plan.sleep_s(now):
        now += wait_s
    assert 51.8 < now < 52.2
    assert plan.sleep_s(now + 5.0) == 0.0


def test_the_more_tasks_are_open_the_more_ends_come_before_the_next_schedule() -> None:
    """A schedule takes milliseconds: with hundreds of tasks, 48 ends are too few to change it by much."""
    assert schedules_made(open_tasks=1_000) * 3 < schedules_made(open_tasks=100)


def schedules_made(*, open_tasks: int) -> int:
    """Return how often the age at which a task is due changes while 600 others end, at a steady pace."""
    learner = PollScheduleLearner()
    for number in range(2_000):  # so many ends that only the pace of schedules counts
        learner.done(learner.begin(), 1.0 + number % 7 / 10)
    watched, *others = [learner.begin() for _ in range(open_tasks + 1)]
    due_s = []
    for number in range(600):
        learner.done(others.pop(), 1.0 + number % 11 / 10)
        others.append(learner.begin())
        due_s.append(learner.due_s(watched))
    return sum(one != other for one, other in itertools.pairwise(due_s))


def test_one_task_is_let_go_of_once() -> None:
    polls = PollPlanner()
    first, second = polls.plan_new_task("m", 0.0), polls.plan_new_task("m", 0.0)
    first.record(1.0, ended_task())
    first.close()
    second.close()
    second.close()
    assert first._learner.alive == 0


def test_models_learn_apart() -> None:
    polls = PollPlanner()
    for _ in range(100):
        plan = polls.plan_new_task("slow", 0.0)
        plan.record(39.0, open_task())
        plan.record(40.0, ended_task())
    assert polls.plan_new_task("slow", 0.0)._learner.due_s(polls.plan_new_task("slow", 0.0)._tracked) > 30.0
    assert polls.plan_new_task("other", 0.0).sleep_s(0.0) < 1.0


def test_fitting_polls_into_a_limit_needs_no_knowledge() -> None:
    polls = PollPlanner()
    polls.limit_polls(60, slots=4)
    plan = polls.plan_new_task("m", 0.0)
    polls.limit_polls(60, slots=4)
    assert plan.sleep_s(0.0) > 0.0
