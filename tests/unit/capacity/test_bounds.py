"""Each bound by itself, computed by hand."""

import pytest

from qwave_batch.capacity.bounds import BoundKind, bounds_of
from qwave_batch.capacity.capacity import Capacity
from qwave_batch.capacity.workload import MoneyLeft, Workload
from tests.unit.capacity.capacity_cases import load, work


def seconds(of: Workload, kind: BoundKind, model: str | None = None) -> float:
    return next(bound.seconds for bound in bounds_of(of) if (bound.kind, bound.model) == (kind, model))


def test_slots_run_in_rounds() -> None:
    """Little's law, and the last round is as long as a whole one."""
    assert seconds(load(work(160), slots=16), BoundKind.SLOTS) == 100.0
    assert seconds(load(work(161), slots=16), BoundKind.SLOTS) == 110.0


def test_slots_of_a_model_count_its_own_jobs() -> None:
    two = load(work(40, model="a", slots=4), work(40, model="b", latency_s=5.0), slots=80)
    assert seconds(two, BoundKind.SLOTS, "a") == 100.0
    assert seconds(two, BoundKind.SLOTS) == 7.5


def test_a_window_holds_all_but_its_first_calls_back() -> None:
    """Sixty leave at once, sixty a minute later; the last one takes its ten seconds."""
    assert seconds(load(work(60), per_minute=60), BoundKind.RATE) == 10.0
    assert seconds(load(work(61), per_minute=60), BoundKind.RATE) == 70.0
    assert seconds(load(work(600), per_minute=60), BoundKind.RATE) == 550.0


def test_polls_that_count_fill_the_window_too() -> None:
    assert seconds(load(work(300, calls=2.0), per_minute=60), BoundKind.RATE) == 550.0


def test_windows_of_models_and_of_the_account_both_bound() -> None:
    two = load(work(100, model="a", per_minute=10), work(100, model="b"), per_minute=100)
    assert seconds(two, BoundKind.RATE, "a") == 9 * 60 + 10
    assert seconds(two, BoundKind.RATE) == 60 + 10


def test_a_line_carries_its_megabits() -> None:
    assert seconds(load(work(1000), mbit_per_s=80), BoundKind.DOWNLOAD) == pytest.approx(100.0)


def test_processors_of_this_machine_do_everything_and_workers_do_images() -> None:
    assert seconds(load(work(1000), processors=2), BoundKind.IMAGE_CPU) == pytest.approx((20 + 3) / 2)
    assert seconds(load(work(1000), workers=4), BoundKind.IMAGE_CPU) == pytest.approx(20 / 4)
    assert seconds(load(work(1000), workers=4), BoundKind.COORDINATOR) == pytest.approx(3.0)


def test_slots_that_are_found_out_begin_with_16_and_grow_to_128() -> None:
    assert seconds(load(work(16), slots=None), BoundKind.SLOTS) == 10.0
    assert seconds(load(work(17), slots=None), BoundKind.SLOTS) == 20.0
    slow = seconds(load(work(10_000, latency_s=100.0), slots=None), BoundKind.SLOTS)
    assert 10_000 * 100 / 128 < slow < 1.1 * 10_000 * 100 / 128


def test_quick_tasks_leave_no_gap_in_which_slots_grow() -> None:
    """With 16 tasks of a second 16 end in each, so that hours pass before there is a 17th slot: 16 is all there is."""
    assert seconds(load(work(16_000, latency_s=1.0), slots=None), BoundKind.SLOTS) == pytest.approx(1_000, rel=0.01)


def test_a_plan_that_fits_is_as_long_as_one_task() -> None:
    found = Capacity(load(work(8, model="quick", latency_s=2.0), work(8, model="slow", latency_s=30.0)))
    assert (found.ruling.kind, found.ruling.model, found.seconds) == (BoundKind.TASK, "slow", 30.0)


def test_nothing_left_takes_no_time() -> None:
    found = Capacity(load(work(0)))
    assert (found.seconds, found.workers_worth, found.by_workers(), found.mbit_per_s) == (0.0, 0, [], 0.0)


def test_workers_are_worth_having_until_the_rate_rules() -> None:
    """There are 20,000 s of work on images, and the rate takes half as long: two workers keep up."""
    found = Capacity(load(work(1_000_000, latency_s=60.0), slots=10_000, per_minute=6_000))
    assert (found.rest.kind, found.rest.seconds) == (BoundKind.RATE, 10_020.0)
    assert (found.workers_worth, found.needs_workers) == (2, True)
    assert {each.workers: (each.seconds, each.bound) for each in found.by_workers()} == {
        1: (20_000.0, BoundKind.IMAGE_CPU),
        2: (10_020.0, BoundKind.RATE),
    }


def test_a_machine_that_keeps_up_needs_no_worker() -> None:
    found = Capacity(load(work(1_000), slots=16))
    assert (found.needs_workers, found.workers_worth, found.ruling.kind) == (False, 1, BoundKind.SLOTS)


def test_money_ends_a_run_early() -> None:
    money = MoneyLeft(left_nusd=25, wanted_nusd=200, typical_nusd=100)
    found = Capacity(load(work(160)), money=money)
    assert (money.is_short, found.paid_jobs, found.paid_seconds, found.seconds) == (True, 40, 30.0, 100.0)


def test_money_for_one_of_some_jobs_pays_for_it() -> None:
    """A seventh of the four jobs of a model is less than one job, and a seventh of all eight is more."""
    money = MoneyLeft(left_nusd=50, wanted_nusd=350, typical_nusd=350)
    found = Capacity(load(work(4, model="a"), work(4, model="b", images=2)), money=money)
    assert (found.paid_jobs, found.paid_part.images, found.paid_seconds) == (1, 2, 10.0)
