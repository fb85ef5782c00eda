"""Laws of the learned polling, over any latencies, answers and stamps."""

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.run.polling.latency_estimator import BINS, EDGES_S, LatencyEstimator, Stamp, edge_near, narrowed
from qwave_batch.run.polling.poll_schedule import best_schedule
from qwave_batch.run.polling.poll_schedule_learner import PollScheduleLearner, TrackedTask
from tests.unit.run.polling_simulation import Simulation, floor_s

ages = st.one_of(st.floats(0, 5), st.floats(0, 1e5))


def cost(shares: list[float], edges_s: list[float], asked: tuple[int, ...], price_s: float) -> float:
    """Return what a task costs that is asked at some edges: polls and delay."""
    total, spent, last = sum(shares), 0.0, 0
    for edge in asked:
        spent += price_s * sum(shares[last:])
        for number in range(last, edge):
            spent += shares[number] * (edges_s[edge] - (edges_s[number] + edges_s[number + 1]) / 2)
        last = edge
    return spent / total


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=7).filter(any),
    st.lists(st.integers(1, 5), min_size=7, max_size=7),
    st.floats(0.01, 10),
)
def test_no_schedule_costs_less(counts: list[int], widths: list[int], price_s: float) -> None:
    shares, bins = [float(count) for count in counts], len(counts)
    edges_s = [0.0, *itertools.accumulate(float(width) for width in widths[:bins])]
    found = best_schedule(shares, price_s, edges_s)
    between = [edges for size in range(bins) for edges in itertools.combinations(range(1, bins), size)]
    least = min(cost(shares, edges_s, (*edges, bins), price_s) for edges in between)
    assert math.isclose(price_s * found.polls + found.delay_s, least, rel_tol=1e-6, abs_tol=1e-9)
    chosen, edge = [], 0
    while edge < bins:
        edge = found.following[edge]
        chosen.append(edge)
    assert math.isclose(cost(shares, edges_s, tuple(chosen), price_s), least, rel_tol=1e-6, abs_tol=1e-9)


@given(ages)
def test_every_age_has_its_nearest_edge(age_s: float) -> None:
    edge = edge_near(age_s)
    assert 0 <= edge <= BINS
    if EDGES_S[1] <= age_s < EDGES_S[-1]:
        assert 0.985 < EDGES_S[edge] / age_s < 1.015


@given(st.lists(st.tuples(ages, ages, st.booleans()), max_size=80))
def test_an_estimate_stays_a_distribution(answers: list[tuple[float, float, bool]]) -> None:
    estimate = LatencyEstimator()
    for one, other, is_done in answers:
        number, after_s, by_s = estimate.begin(), min(one, other), max(one, other)
        estimate.not_yet(number, 0.0, after_s)
        if is_done:
            estimate.leave(number, after_s)
            estimate.done(number, after_s, by_s)
        estimate.fit()
        assert math.isclose(sum(estimate.shares), 1.0, rel_tol=1e-6)
        assert all(0 < share < 1 for share in estimate.shares)


@given(ages, ages, st.one_of(st.none(), st.builds(Stamp, st.floats(), st.sampled_from([0.001, 1.0]))))
def test_a_stamp_only_ever_narrows(one: float, other: float, stamp: Stamp | None) -> None:
    after_s, by_s = min(one, other), max(one, other)
    least_s, most_s = narrowed(after_s, by_s, stamp)
    assert after_s <= least_s <= most_s <= by_s


@given(st.lists(st.tuples(st.sampled_from(["begin", "not yet", "done", "leave"]), ages), max_size=60), st.data())
def test_a_task_is_always_asked_again_later(steps: list[tuple[str, float]], data: st.DataObject) -> None:
    learner = PollScheduleLearner()
    tasks: list[TrackedTask] = []
    for step, extra_s in steps:
        if step == "begin" or not tasks:
            tasks.append(learner.begin())
            continue
        place = data.draw(st.integers(0, len(tasks) - 1))
        task = tasks[place]
        if step == "not yet":
            learner.not_yet(task, task.unfinished_s + extra_s)
        else:
            tasks.pop(place)
        if step == "done":
            learner.done(task, task.unfinished_s + extra_s, Stamp(extra_s, 0.001))
        elif step == "leave":
            learner.leave(task)
        assert learner.alive == len(tasks)
        for alive in tasks:
            due_s = learner.due_s(alive)
            assert due_s > alive.unfinished_s
            assert math.isfinite(due_s)
            assert due_s <= 4000 or due_s <= alive.unfinished_s + 60
            assert learner.recheck_s(alive, alive.unfinished_s) <= due_s


@settings(max_examples=30)
@given(
    st.lists(st.floats(0.0, 60.0), min_size=1, max_size=120), st.integers(1, 64), st.sampled_from([None, 0.001, 1.0])
)
def test_every_end_is_noticed_and_none_much_later(latencies: list[float], slots: int, stamp_s: float | None) -> None:
    found = Simulation(latencies=latencies, policy=PollScheduleLearner(), slots=slots, stamp_s=stamp_s).run()
    assert found.polls >= len(latencies)
    assert found.makespan_s <= 4 * floor_s(latencies, slots) + 10
