"""Which figure counts: a given one before a measured one, and both before what is assumed."""

import pytest

from qwave_batch.capacity.folder_measures import FolderMeasures, FolderTally, SeenTask
from qwave_batch.capacity.known_figure import Basis, FigureSource
from qwave_batch.capacity.plan_work import CapacityAsk, JobCount, workload_of
from qwave_batch.capacity.workload import ModelWork, Workload
from qwave_batch.model.terms import Completion, Limits, ModelLimits, Terms


def seen(tasks: int, *, every_s: float, seconds: float = 4.0, **throttled: int) -> FolderMeasures:
    tally = FolderTally()
    for number in range(tasks):
        tally.take(SeenTask(model="ab"[number % 2], submitted_at=number * every_s, seconds=seconds))
    return tally.measures(folder="x", is_simulated=False, throttled=throttled, polls_per_job=2.5, waited_s={})


def load_of(terms: Terms, measures: FolderMeasures | None = None, ask: CapacityAsk | None = None) -> Workload:
    counts = {model: JobCount(jobs=10, images=10) for model in "ab"}
    return workload_of(counts, terms, keeps_keys=True, measures=measures, ask=ask)


def work_of(terms: Terms, measures: FolderMeasures | None = None, ask: CapacityAsk | None = None) -> ModelWork:
    return load_of(terms, measures, ask).models[0]


def test_a_latency_is_given_measured_or_assumed() -> None:
    folder, given = seen(4, every_s=1.0), CapacityAsk(latency_s={"": 7.0, "a": 3.0})
    assert (work_of(Terms()).latency.value, work_of(Terms()).latency.basis) == (12.0, Basis.ASSUMED)
    assert work_of(Terms(), folder).latency.value == 4.0
    assert work_of(Terms(), folder, given).latency.value == 3.0
    assert load_of(Terms(), folder, given).models[1].latency.source is FigureSource.OPTION


def test_without_429s_what_came_through_is_no_limit() -> None:
    found = load_of(Terms(), seen(300, every_s=1.0))
    assert found.means.calls_per_minute is None
    assert found.means.slots.most.basis is Basis.ASSUMED


def test_429s_for_two_models_make_what_came_through_the_accounts_limit() -> None:
    found = load_of(Terms(), seen(300, every_s=1.0, a=5, b=5))
    assert found.means.calls_per_minute is not None
    assert (found.means.calls_per_minute.value, found.means.calls_per_minute.basis) == (60, Basis.MEASURED)
    assert found.models[0].calls_per_minute is None


def test_429s_for_one_model_make_it_the_models() -> None:
    found = load_of(Terms(), seen(300, every_s=1.0, a=5))
    rates = [work.calls_per_minute for work in found.models]
    assert rates[0] is not None
    assert (rates[0].value, rates[1], found.means.calls_per_minute) == (30, None, None)


def test_a_short_run_with_429s_shows_no_limit() -> None:
    assert load_of(Terms(), seen(8, every_s=1.0, a=5, b=5)).means.calls_per_minute is None


def test_the_spec_goes_before_what_came_through() -> None:
    limits = Limits(requests_per_minute=600, concurrency=40, models={"a": ModelLimits(concurrency=5)})
    found = load_of(Terms(limits=limits), seen(300, every_s=1.0, a=5, b=5))
    assert found.means.calls_per_minute is not None
    assert (found.means.calls_per_minute.value, found.means.slots.most.value) == (600, 40)
    assert [work.slots.most.value if work.slots else None for work in found.models] == [5, None]


@pytest.mark.parametrize(
    ("completion", "count_polls", "latency_s", "calls"),
    [
        (Completion.AUTO, False, 12.0, 1.0),
        (Completion.AUTO, True, 12.0, 1.0),
        (Completion.WAIT, True, 90.0, 2.0),
        (Completion.POLL, True, 12.0, 2.0),
    ],
)
def test_polls_count_where_the_spec_says_so(
    completion: Completion, *, count_polls: bool, latency_s: float, calls: float
) -> None:
    terms = Terms(limits=Limits(count_polls=count_polls), completion=completion)
    assert work_of(terms, ask=CapacityAsk(latency_s={"": latency_s})).calls_per_job.value == calls


def test_measured_polls_count_too() -> None:
    terms = Terms(limits=Limits(count_polls=True), completion=Completion.POLL)
    assert work_of(terms, seen(4, every_s=1.0)).calls_per_job.value == 3.5


def test_sizes_stand_for_those_that_were_not_looked_at() -> None:
    count = JobCount()
    count.add_size(1_000_000, "jpeg")
    count.add_size(3_000_000, "jpeg", weight=3.0)
    assert count.image_bytes.value == pytest.approx(2_500_000 * 0.26)
