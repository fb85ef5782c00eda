"""Laws of capacity: more of anything never makes a run longer, and what rules is the longest bound."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.capacity.bounds import BoundKind, bounds_of
from qwave_batch.capacity.capacity import Capacity, bounded_by
from qwave_batch.capacity.workload import ModelWork, SlotLimit, Workload
from tests.unit.capacity.capacity_cases import load, said, work

COUNTS = st.integers(min_value=1, max_value=200_000)
SECONDS = st.floats(min_value=0.05, max_value=600.0)
RATES = st.none() | st.integers(min_value=1, max_value=10_000)
WORKS = st.lists(
    st.builds(
        work,
        COUNTS,
        model=st.sampled_from("abc"),
        latency_s=SECONDS,
        images=st.integers(min_value=1, max_value=4),
        image_bytes=st.floats(min_value=1e3, max_value=1e8),
        image_cpu_s=st.floats(min_value=1e-4, max_value=2.0),
        calls=st.sampled_from((1.0, 2.0, 3.5)),
        per_minute=RATES,
        slots=st.none() | st.integers(min_value=1, max_value=500),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda each: each.model,
)
WORKERS = st.integers(min_value=1, max_value=1_000)


@st.composite
def loads(draw: st.DrawFn) -> Workload:
    return load(
        *draw(WORKS),
        slots=draw(st.none() | st.integers(min_value=1, max_value=1_000)),
        per_minute=draw(RATES),
        mbit_per_s=draw(st.none() | st.floats(min_value=0.5, max_value=10_000.0)),
        workers=draw(st.none() | WORKERS),
        processors=draw(st.integers(min_value=1, max_value=8)),
    )


@given(loads())
def test_the_bound_that_is_named_is_the_longest(of: Workload) -> None:
    found = Capacity(of)
    assert found.ruling in found.bounds
    assert found.seconds == max(bound.seconds for bound in found.bounds)


@given(loads(), WORKERS, WORKERS)
def test_more_workers_never_make_a_run_longer(of: Workload, some: int, more: int) -> None:
    fewest, most = sorted((some, more))
    assert bounded_by(of.with_workers(most)).seconds <= bounded_by(of.with_workers(fewest)).seconds


@given(loads())
def test_the_workers_worth_having_are_the_fewest_that_come_to_the_end_of_it(of: Workload) -> None:
    """With them another bound rules, more of them change nothing, and with one fewer the images rule."""
    found = Capacity(of)
    worth = found.workers_worth
    rest_s = found.rest.seconds
    if worth < of.images:  # an image is not divided, so that there is no work for more
        assert bounded_by(of.with_workers(worth)).seconds <= rest_s * (1 + 1e-6)
    assert bounded_by(of.with_workers(10 * worth)).seconds >= rest_s
    if worth > 1:
        assert bounded_by(of.with_workers(worth - 1)).kind is BoundKind.IMAGE_CPU


@given(loads(), st.integers(min_value=1, max_value=1_000))
def test_more_slots_and_a_higher_rate_never_make_it_longer(of: Workload, more: int) -> None:
    slots = SlotLimit(most=said(of.means.slots.most.value + more), first=of.means.slots.first)
    wider = replace(of, means=replace(of.means, slots=slots))
    assert bounded_by(wider).seconds <= bounded_by(of).seconds * (1 + 1e-9)
    if of.means.calls_per_minute:
        faster = replace(of, means=replace(of.means, calls_per_minute=said(of.means.calls_per_minute.value + more)))
        assert bounded_by(faster).seconds <= bounded_by(of).seconds * (1 + 1e-9)


@given(loads())
def test_twice_the_jobs_keep_everything_busy_for_twice_as_long(of: Workload) -> None:
    """The time that is not for one task doubles, up to the begin and the end of the run."""
    twice = replace(of, models=[_twice(each) for each in of.models])
    once_s = {(bound.kind, bound.model): bound for bound in bounds_of(of)}
    for bound in bounds_of(twice):
        before = once_s[bound.kind, bound.model] if bound.kind is not BoundKind.TASK else bound
        assert abs(bound.busy_s - 2 * before.busy_s) <= 1e-6 * bound.busy_s or bound.kind is BoundKind.TASK
        assert bound.seconds >= before.seconds * (1 - 1e-9)


@given(loads())
def test_no_bound_is_shorter_than_what_it_keeps_busy_but_for_the_first_window(of: Workload) -> None:
    for bound in bounds_of(of):
        head_s = 60.0 if bound.kind is BoundKind.RATE else 0.0
        assert bound.seconds >= bound.busy_s * (1 - 1e-9) - head_s


@given(loads(), st.floats(min_value=0.0, max_value=1.0))
def test_a_part_of_a_run_is_not_longer_than_all_of_it(of: Workload, share: float) -> None:
    part = of.shared(share)
    assert part.jobs <= of.jobs
    assert all(bound.busy_s <= whole for bound in bounds_of(part) for whole in [_busy_s(of, bound.kind, bound.model)])


def _busy_s(of: Workload, kind: BoundKind, model: str | None) -> float:
    found = [bound.busy_s for bound in bounds_of(of) if (bound.kind, bound.model) == (kind, model)]
    return found[0] * (1 + 1e-9) if found else 0.0


def _twice(each: ModelWork) -> ModelWork:
    return replace(each, jobs=2 * each.jobs, images=2 * each.images)
