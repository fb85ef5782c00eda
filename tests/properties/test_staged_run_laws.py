"""Laws of runs whose jobs are made from those of earlier stages, on virtual time."""

import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from qwave_batch.model.job import Job
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.world import World, make_child, make_job

MODELS = ("m", "edit")
FAULTS = {
    "submit": ("drop_after", "drop_before", "http500", "429", "hang", "unreached"),
    "status": ("drop_before", "http500", "429", "stale"),
    "download": ("drop_before", "expired"),
}
"""By place, faults after which the same request brings the same."""


@dataclass(frozen=True)
class Family:
    """Jobs, parents first, with the indexes of their parents."""

    jobs: Sequence[Job]
    parents: Sequence[frozenset[int]]

    def statuses(self, failing: set[int]) -> list[JobStatus]:
        """Return how each job ends if the tasks of some fail."""
        found: list[JobStatus] = []
        for index, parents in enumerate(self.parents):
            if any(found[parent] is not JobStatus.COMPLETED for parent in parents):
                found.append(JobStatus.SKIPPED)
            else:
                found.append(JobStatus.FAILED if index in failing else JobStatus.COMPLETED)
        return found


@st.composite
def families(draw: st.DrawFn) -> Family:
    jobs: list[Job] = []
    parents: list[frozenset[int]] = []
    for index in range(draw(st.integers(2, 6))):
        model, n = draw(st.sampled_from(MODELS)), draw(st.integers(1, 2))
        of = draw(st.lists(st.integers(0, index - 1), unique=True, max_size=2)) if index else []
        if not of:
            jobs.append(make_job(index, model=model, n=n))
        elif draw(st.booleans()):
            jobs.append(make_child(index, *((one, jobs[one].max_images) for one in of), model=model, n=n))
        else:
            needs = [(one, 1) for one in of[1:]]
            jobs.append(make_child(index, *needs, task_of=of[0], model=model, n=n))
        parents.append(frozenset(of))
    return Family(jobs, parents)


def index_of(prompt: object) -> int:
    return int(str(prompt).removeprefix("tea "))


def paid(world: World) -> Counter[int]:
    """Count the paid tasks of each job; its request is sent with other addresses each time."""
    return Counter(index_of(task.request["prompt"]) for task in world.api.tasks.values() if task.is_paid)


def watch_order(world: World, family: Family) -> list[int]:
    """Return a list that gets the index of each job that is submitted before all its parents are stored."""
    early: list[int] = []

    def look() -> None:
        index = index_of([*world.api.tasks.values()][-1].request["prompt"])
        statuses = world.statuses() if family.parents[index] else []
        if any(statuses[parent] is not JobStatus.COMPLETED for parent in family.parents[index]):
            early.append(index)

    world.api.on_made = look
    return early


@settings(max_examples=60)
@given(
    family=families(),
    seed=st.integers(0, 2**32),
    rate=st.sampled_from([0.0, 0.1, 0.3]),
    kills=st.lists(st.tuples(st.integers(1, 25), st.booleans()), max_size=3),
)
def test_children_follow_their_parents_and_nothing_is_lost_or_paid_twice(
    family: Family, seed: int, rate: float, kills: list[tuple[int, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world, rng = World(Path(folder), seed=seed), random.Random(seed)
        world.terms = Terms(limits=Limits(concurrency=3), retry_attempts=5)
        world.api.fault = lambda place, _: (
            rng.choice(FAULTS[place]) if place in FAULTS and rng.random() < rate else None
        )
        world.plan(family.jobs)
        early = watch_order(world, family)
        for at, is_written in kills:
            world.run(crash_at_write=at, is_written=is_written)
        world.run()
        world.api.fault = lambda _, __: None
        assert world.run_to_end().exit_status == 0
        assert world.statuses() == [JobStatus.COMPLETED] * len(family.jobs)
        assert paid(world) == Counter(range(len(family.jobs)))
        assert not early


@settings(max_examples=60)
@given(family=families(), data=st.data())
def test_a_failed_job_takes_exactly_its_descendants_with_it_and_brings_them_back(
    family: Family, data: st.DataObject
) -> None:
    everything = range(len(family.jobs))
    failing = data.draw(st.sets(st.sampled_from(everything), min_size=1, max_size=3))
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.api.ending = lambda request, _: (
            "upstream_bad_request" if index_of(request["prompt"]) in failing else "completed"
        )
        world.plan(family.jobs)
        world.run()
        first = family.statuses(failing)
        assert world.statuses() == first
        mended = data.draw(st.sampled_from([index for index in everything if first[index] is JobStatus.FAILED]))
        failing.remove(mended)
        world.options = RunOptions(retry_failed=True)
        early = watch_order(world, family)
        world.run()
        second = family.statuses(failing)
        assert world.statuses() == second
        made = [index for index in everything if second[index] is JobStatus.COMPLETED]
        assert paid(world) == Counter(made)
        assert not early
