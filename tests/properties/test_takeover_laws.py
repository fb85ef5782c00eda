"""The same laws where machines take a folder over from one another, each from a snapshot of the last one's ledger.

An honest API counts the cost. Runs die at any moment, hours or days pass between them, and the snapshot that the next
machine finds is as old as chance wants. No job is ever paid twice, nothing that was paid is lost from the record, and
within the lifetime of the keys every image comes.
"""

import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qwave_batch.ledger.ledger_copies import LostTail, copy_ledger, prepare_copy, put_copy_in_place
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.state.run_request import RunOptions
from tests.properties.test_ledger_laws import endings_of
from tests.unit.run.honest_api import HonestApi
from tests.unit.run.virtual_time import VirtualClock
from tests.unit.run.world import PRICE_NUSD, World, make_job

HOUR_S = 3600.0
SUBMIT_FAULTS = ("drop_before", "drop_after", "http500", "429", "refused", "price_not_configured", "unreached")
STATUS_FAULTS = ("drop_before", "http500")


@dataclass(frozen=True)
class Life:
    """A run on a machine of its own."""

    dies_at_call: int | None
    """None is a run that ends."""
    snapshots_at: frozenset[int]
    """At which of its calls a snapshot is taken, beside the one at its begin."""
    hours_before: float
    jobs: int
    """How many jobs its plan has."""
    retries_failed: bool
    seed: int


@dataclass
class Machines:
    """The API, and what the store holds."""

    home: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    api: HonestApi = field(init=False)
    snapshot: Path | None = None
    taken_at: float = 0.0
    is_whole: bool = True
    is_retry: bool = False
    lives: int = 0

    def __post_init__(self) -> None:
        self.api = HonestApi(clock=self.clock)

    def live(self, life: Life) -> World:
        """Begin on a new machine with the newest snapshot, and run until the end or the death."""
        self.lives += 1
        self.clock.passed += life.hours_before * HOUR_S
        world = World(self.home / str(self.lives), clock=self.clock, seed=life.seed)
        world.api = self.api
        world.terms = Terms(limits=Limits(concurrency=3), timeout_s=60.0, retry_attempts=3)
        world.options = RunOptions(retry_failed=life.retries_failed)
        self._take_over(world)
        world.plan(make_job(index) for index in range(life.jobs))
        self._keep(world)
        self.is_retry = life.retries_failed or (self.is_retry and not self.is_whole)
        self.is_whole = False
        start = self.api.calls.total()

        def crash(cut: object) -> None:
            def on_call(number: int) -> None:
                if number - start in life.snapshots_at:
                    self._keep(world)
                if number - start == life.dies_at_call:
                    assert callable(cut)
                    cut()

            self.api.on_call = on_call

        end = world.run(crash=crash)
        if end is not None:
            self._keep(world)
            self.is_whole, self.is_retry = True, False
        return world

    def _take_over(self, world: World) -> None:
        if self.snapshot is None:
            return
        copy = world.layout.workspace.private / "copy.sqlite"
        copy.write_bytes(self.snapshot.read_bytes())
        since = min(self.taken_at, self.clock.now())
        prepare_copy(copy, None if self.is_whole else LostTail(since=since, is_retry=self.is_retry))
        put_copy_in_place(copy, world.layout.workspace.ledger)

    def _keep(self, world: World) -> None:
        self.snapshot = self.home / f"snapshot-{self.lives}-{self.api.calls.total()}.sqlite"
        if not self.snapshot.exists():
            copy_ledger(world.layout.workspace.ledger, self.snapshot)
        self.taken_at = self.api._api_now()

    def check_nothing_is_paid_twice(self) -> None:
        assert max(self.api.paid().values(), default=0) <= 1, "a job was paid twice"


LIVES = st.builds(
    Life,
    dies_at_call=st.one_of(st.none(), st.integers(1, 40)),
    snapshots_at=st.frozensets(st.integers(1, 40), max_size=2),
    hours_before=st.sampled_from([0.0, 0.0, 0.1, 5.0, 22.5, 23.5, 30.0, 100.0]),
    jobs=st.integers(1, 6),
    retries_failed=st.sampled_from([False, False, True]),
    seed=st.integers(0, 999),
)


def fault_of(rng: random.Random, rate: float) -> object:
    choices = {"submit": SUBMIT_FAULTS, "status": STATUS_FAULTS}
    return lambda place, _: rng.choice(choices.get(place, (None,))) if rng.random() < rate else None


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    lives=st.lists(LIVES, min_size=1, max_size=4),
    fault_rate=st.sampled_from([0.0, 0.2, 0.5]),
    failure_rate=st.sampled_from([0.0, 0.4]),
    seed=st.integers(0, 2**32),
)
@example(  # the dead run tried a refused job again and paid, and the next one is not told to
    lives=[
        Life(None, frozenset(), 0.0, 2, retries_failed=False, seed=873),
        Life(5, frozenset(), 0.0, 2, retries_failed=True, seed=171),
        Life(None, frozenset(), 30.0, 2, retries_failed=False, seed=156),
    ],
    fault_rate=0.2,
    failure_rate=0.0,
    seed=213,
)
def test_no_takeover_at_any_time_pays_twice_or_loses_a_payment(
    lives: list[Life], fault_rate: float, failure_rate: float, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machines = Machines(Path(folder))
        machines.api.ending = endings_of(seed, failure_rate)
        machines.api.fault = fault_of(random.Random(seed), fault_rate)  # type: ignore[assignment]
        for life in lives:
            machines.live(life)
            machines.check_nothing_is_paid_twice()
        machines.api.fault = lambda _, __: None
        most = max(life.jobs for life in lives)
        end = Life(None, frozenset(), 0.1, most, retries_failed=False, seed=0)
        last = machines.live(end)
        machines.check_nothing_is_paid_twice()
        with last.read() as ledger:
            covered = ledger.spent_nusd() + ledger.held_nusd()
            assert covered >= machines.api.paid().total() * PRICE_NUSD, "a payment is not covered"


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    dies_at=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    hours=st.sampled_from([0.0, 0.5, 4.0]),
    failure_rate=st.sampled_from([0.0, 0.4]),
    seed=st.integers(0, 2**32),
)
@example(dies_at=[30], hours=4.0, failure_rate=0.4, seed=1)
def test_within_the_lifetime_of_the_keys_every_image_comes_for_one_payment(
    dies_at: list[int], hours: float, failure_rate: float, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        machines = Machines(Path(folder))
        machines.api.ending = endings_of(seed, failure_rate)
        for number, call in enumerate(dies_at):
            machines.live(Life(call, frozenset(), hours, 6, retries_failed=False, seed=number))
        last = machines.live(Life(None, frozenset(), hours, 6, retries_failed=False, seed=9))
        machines.check_nothing_is_paid_twice()
        paid = machines.api.paid().total()
        assert last.statuses().count(JobStatus.COMPLETED) == paid
        if not failure_rate:
            assert paid == 6


def test_once_the_keys_are_forgotten_what_may_be_paid_is_unknown_and_not_bought_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        machines = Machines(Path(folder))
        machines.live(Life(14, frozenset(), 0, 6, retries_failed=False, seed=1))
        made = len(machines.api.tasks)
        assert made
        last = machines.live(Life(None, frozenset(), 23.5, 6, retries_failed=False, seed=2))
        assert len(machines.api.tasks) == made
        assert last.statuses() == [JobStatus.UNKNOWN] * 6


def test_a_later_try_that_the_dead_run_may_have_paid_days_ago_is_unknown_too() -> None:
    """The snapshot knows the first task; the dead run saw it fail, and paid for the second."""
    with tempfile.TemporaryDirectory() as folder:
        machines = Machines(Path(folder))
        machines.api.ending = lambda _, earlier: "upstream_unavailable" if earlier == 0 else "completed"
        calls = machines.api.calls
        machines.live(Life(None, frozenset(), 0, 1, retries_failed=False, seed=1))
        first_poll = next(number for number, (_, place, _) in enumerate(machines.api.log) if place == "status")
        assert calls["submit"] == 2
        assert machines.api.paid().total() == 1

        again = Machines(Path(folder) / "again")
        again.home.mkdir()
        again.api.ending = machines.api.ending
        again.live(Life(calls.total() - 1, frozenset({first_poll - 1, first_poll}), 0, 1, retries_failed=False, seed=1))
        assert again.api.paid().total() == 1
        last = again.live(Life(None, frozenset(), 30, 1, retries_failed=False, seed=2))
        assert again.api.paid().total() == 1
        assert last.statuses() == [JobStatus.UNKNOWN]


def test_a_job_that_was_refused_and_then_paid_in_a_dead_run_is_not_paid_again() -> None:
    """The API keeps no key that it refused: only the snapshot that the dead run made before its first submit tells."""
    with tempfile.TemporaryDirectory() as folder:
        machines = Machines(Path(folder))
        machines.api.fault = lambda place, _: "refused" if place == "submit" else None
        machines.live(Life(None, frozenset(), 0, 1, retries_failed=False, seed=1))
        machines.api.fault = lambda _, __: None
        machines.live(Life(4, frozenset(), 1, 1, retries_failed=True, seed=2))
        assert machines.api.paid().total() == 1
        plain = machines.live(Life(None, frozenset(), 1, 1, retries_failed=False, seed=3))
        assert plain.statuses() == [JobStatus.FAILED]
        again = machines.live(Life(None, frozenset(), 1, 1, retries_failed=True, seed=4))
        assert again.statuses() == [JobStatus.COMPLETED]
        assert machines.api.paid().total() == 1


def test_a_job_that_was_tried_again_in_a_dead_run_days_ago_is_not_paid_again() -> None:
    with tempfile.TemporaryDirectory() as folder:
        machines = Machines(Path(folder))
        machines.api.fault = lambda place, _: "refused" if place == "submit" else None
        machines.live(Life(None, frozenset(), 0, 1, retries_failed=False, seed=1))
        machines.api.fault = lambda _, __: None
        machines.live(Life(4, frozenset(), 1, 1, retries_failed=True, seed=2))
        again = machines.live(Life(None, frozenset(), 48, 1, retries_failed=True, seed=3))
        assert again.statuses() == [JobStatus.UNKNOWN]
        assert machines.api.paid().total() == 1


def test_what_was_ended_well_is_gone_on_with_after_any_time() -> None:
    with tempfile.TemporaryDirectory() as folder:
        machines = Machines(Path(folder))
        machines.live(Life(None, frozenset(), 0, 3, retries_failed=False, seed=1))
        last = machines.live(Life(None, frozenset(), 1000, 6, retries_failed=False, seed=2))
        assert last.statuses() == [JobStatus.COMPLETED] * 6
        assert machines.api.paid().total() == 6
