"""The laws of "never pay twice, never lose what was paid", under faults and crashes at any moment.

An honest API counts the cost; the connection fails at random, and so does the power. After every run the laws hold, for
all failures in any order; and when the faults stop, a last run gives the result of an undisturbed one.
"""

import asyncio
import itertools
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwave_batch.ledger.attempt_states import RANK, AttemptState
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.state.run_request import RunOptions
from tests.unit.run.honest_api import image_of
from tests.unit.run.world import PRICE_NUSD, World, make_job

SUBMIT_FAULTS = (
    *("drop_before", "drop_after", "http500", "html_after", "429", "unreached", "hang") * 2,
    *("refused", "price_not_configured") * 2,
    *("401", "402"),  # each ends a run, so they come less often
)
STATUS_FAULTS = ("drop_before", "http500", "429", "hang")
DOWNLOAD_FAULTS = ("drop_before", "truncated", "expired", "hang")
FAILURES = ("upstream_unavailable", "task_failed", "empty", "cancelled")

Progress = dict[tuple[str, int], tuple[int, int]]
"""(round, rank) by job and attempt."""


def faults_of(rng: random.Random, rate: float) -> Callable[[str, int], str | None]:
    choices = {"submit": SUBMIT_FAULTS, "status": STATUS_FAULTS, "download": DOWNLOAD_FAULTS}
    return lambda place, _: rng.choice(choices.get(place, (None,))) if rng.random() < rate else None


def endings_of(seed: int, rate: float) -> Callable[[JsonObject, int], str]:
    def ending(request: JsonObject, earlier: int) -> str:
        chance = random.Random(f"{seed}/{request['prompt']}/{earlier}")
        return chance.choice(FAILURES) if earlier < 4 and chance.random() < rate else "completed"

    return ending


def crash_at(call: int, steps: int, world: World) -> Callable[[Callable[[], None]], None]:
    """Cut the power at the how-many-eth call of the run, so many steps of the event loop after it left."""
    start = world.api.calls.total()

    def arm(cut: Callable[[], None]) -> None:
        def step(left: int) -> None:
            if left:
                asyncio.get_running_loop().call_soon(step, left - 1)
            else:
                cut()

        world.api.on_call = lambda number: step(steps) if number - start == call else None

    return arm


def attempts_of(ledger: Ledger) -> dict[tuple[str, int], tuple[AttemptState, int]]:
    rows = ledger._reader.execute("SELECT job_id, number, state, round FROM attempts").fetchall()
    return {(job_id, number): (AttemptState(state), round_) for job_id, number, state, round_ in rows}


def check_laws(world: World, before: Progress, *, may_pay_twice: bool = False) -> Progress:
    """Check what must hold after every run, however it ended, and return how far the attempts have come."""
    api = world.api
    if not may_pay_twice:
        assert max(api.paid().values(), default=0) <= 1, "a job was paid twice"
        assert len(api.keys) == len({task_id for task_id, _ in api.keys.values()})
    with world.read() as ledger:
        now = {key: (round_, RANK[state]) for key, (state, round_) in attempts_of(ledger).items()}
        for key, reached in before.items():
            assert now[key] >= reached, f"{key} went back"
        lines = list(ledger.lines())
        assert ledger.spent_nusd() <= api.paid().total() * PRICE_NUSD, "more on record than was paid"
        assert ledger.spent_nusd() + ledger.held_nusd() >= api.paid().total() * PRICE_NUSD, "a payment is not covered"
    for line in lines:
        if line.record.status is JobStatus.COMPLETED:
            assert len(line.record.images) == 1
            for number, image in enumerate(line.record.images):
                data = (world.layout.root / image.path).read_bytes()
                assert data == image_of(line.job.request, number), "a completed job's image is not on disk"
    for path in world.layout.images.rglob("*.png"):
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82"), "a file is half there"
    return now


def undisturbed(jobs: int) -> dict[str, bytes]:
    return {
        f"images/m{index % 2}/p{index}.png": image_of(make_job(index, model=f"m{index % 2}").request, 0)
        for index in range(jobs)
    }


def new_world(folder: str, seed: int, jobs: int, concurrency: int) -> World:
    world = World(Path(folder), seed=seed)
    world.terms = Terms(limits=Limits(concurrency=concurrency), timeout_s=60.0, retry_attempts=3)
    world.api.rng = random.Random(seed)
    world.plan(make_job(index, model=f"m{index % 2}") for index in range(jobs))
    return world


@settings(max_examples=45, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    jobs=st.integers(1, 8),
    concurrency=st.integers(1, 5),
    fault_rate=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
    failure_rate=st.sampled_from([0.0, 0.2, 0.5]),
    crashes=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), max_size=6),
)
def test_no_crash_and_no_fault_pays_twice_or_loses_an_image(
    seed: int, jobs: int, concurrency: int, fault_rate: float, failure_rate: float, crashes: list[tuple[int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = new_world(folder, seed, jobs, concurrency)
        world.api.fault = faults_of(random.Random(seed), fault_rate)
        world.api.ending = endings_of(seed, failure_rate)
        reached: Progress = {}
        for call, steps in crashes:
            world.run(crash=crash_at(call, steps, world))
            reached = check_laws(world, reached)
        world.api.on_call = lambda _: None
        world.run()
        reached = check_laws(world, reached)
        world.api.fault = lambda _, __: None
        world.options = RunOptions(retry_failed=False)
        for _ in range(6):
            end = world.run_to_end()
            reached = check_laws(world, reached)
            if end.exit_status == 0:
                break
        # A refusal while the first submit is in doubt needs a person's decision; its key still finds the task.
        world.options = RunOptions(resubmit_unknown=True)
        world.run()
        reached = check_laws(world, reached)
        # So does what is final after honest failures, or was broken or gone at the source twice; this pays anew.
        world.options = RunOptions(retry_failed=True)
        for _ in range(6):
            end = world.run_to_end()
            reached = check_laws(world, reached, may_pay_twice=True)
            if end.exit_status == 0:
                break
        assert world.statuses() == [JobStatus.COMPLETED] * jobs
        assert world.images() == undisturbed(jobs)


@settings(max_examples=22, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    jobs=st.integers(1, 6),
    crashes=st.lists(st.tuples(st.integers(1, 25), st.integers(0, 60)), min_size=1, max_size=5),
    fault_rate=st.sampled_from([0.0, 0.3]),
)
def test_where_keys_are_not_kept_doubt_is_left_to_a_person(
    seed: int, jobs: int, crashes: list[tuple[int, int]], fault_rate: float
) -> None:
    """Without kept keys nothing is paid twice either; what is in doubt ends as unknown and stays held."""
    with tempfile.TemporaryDirectory() as folder:
        world = new_world(folder, seed, jobs, 3)
        world.idempotency_hours = world.api.keeps_keys_s = None
        world.api.fault = faults_of(random.Random(seed), fault_rate)
        reached: Progress = {}
        for call, steps in crashes:
            world.run(crash=crash_at(call, steps, world))
            reached = check_laws(world, reached)
        world.api.on_call = lambda _: None
        world.run()
        reached = check_laws(world, reached)
        world.api.fault = lambda _, __: None
        for _ in range(4):
            world.run()
            reached = check_laws(world, reached)
        statuses = set(world.statuses())
        assert statuses <= {JobStatus.COMPLETED, JobStatus.UNKNOWN, JobStatus.FAILED}
        world.options = RunOptions(resubmit_unknown=True, retry_failed=True)
        world.run()
        assert set(world.statuses()) == {JobStatus.COMPLETED}
        assert world.images() == undisturbed(jobs)
        check_laws(world, reached, may_pay_twice=True)


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("keeps_keys", [False, True])
@pytest.mark.parametrize("endings", [("completed",), ("upstream_unavailable", "completed"), ("empty", "completed")])
def test_no_crash_at_any_write_pays_twice_or_loses_an_image(
    tmp_path: Path, endings: tuple[str, ...], *, keeps_keys: bool, is_written: bool
) -> None:
    """Every change of the ledger in turn is the last one: committed or not, and its caller is never told."""
    for write in itertools.count(1):
        world = new_world(str(tmp_path / str(write)), write, 2, 2)
        world.api.ending = lambda _, earlier: endings[min(earlier, len(endings) - 1)]
        if not keeps_keys:
            world.idempotency_hours = world.api.keeps_keys_s = None
        end = world.run(crash_at_write=write, is_written=is_written)
        reached = check_laws(world, {})
        world.run()
        check_laws(world, reached)
        if keeps_keys:
            assert world.images() == undisturbed(2)
            assert world.statuses() == [JobStatus.COMPLETED] * 2
        else:
            assert set(world.statuses()) <= {JobStatus.COMPLETED, JobStatus.UNKNOWN}
        if end is not None:
            assert write > 4 * 2
            return


@pytest.mark.parametrize("keeps_keys", [False, True])
def test_a_crash_between_the_task_and_its_record_pays_once(tmp_path: Path, *, keeps_keys: bool) -> None:
    world = new_world(str(tmp_path), 0, 1, 1)
    if not keeps_keys:
        world.idempotency_hours = world.api.keeps_keys_s = None
    world.run(crash=lambda cut: setattr(world.api, "on_made", cut))
    world.api.on_made = lambda: None
    end = world.run_to_end()
    assert world.api.paid().total() == 1
    assert end.requests.submit == (1 if keeps_keys else 0)
    assert world.statuses() == [JobStatus.COMPLETED if keeps_keys else JobStatus.UNKNOWN]


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), rpm=st.integers(1, 20), rate=st.sampled_from([0.0, 0.3]))
def test_in_any_minute_at_most_so_many_submits_leave_whatever_goes_wrong(seed: int, rpm: int, rate: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = new_world(folder, seed, 8, 8)
        world.terms = Terms(limits=Limits(concurrency=8, requests_per_minute=rpm))
        world.api.fault = faults_of(random.Random(seed), rate)
        world.run()
        sends = world.api.sends("submit")
        assert all(later - earlier >= 60 for earlier, later in zip(sends, sends[rpm:], strict=False))
