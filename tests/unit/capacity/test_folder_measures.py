"""The measures that tasks and images of a folder come to."""

import pytest

from qwave_batch.capacity.folder_measures import FolderMeasures, FolderTally, SeenTask
from qwave_batch.capacity.known_figure import Basis


def measures(tally: FolderTally, **throttled: int) -> FolderMeasures:
    return tally.measures(folder="runs/x", is_simulated=False, throttled=throttled, polls_per_job=None, waited_s={})


def tally_of(*tasks: tuple[str, float, float]) -> FolderTally:
    tally = FolderTally()
    for model, at, seconds in tasks:
        tally.take(SeenTask(model=model, submitted_at=at, seconds=seconds))
    return tally


def test_latency_is_the_mean_because_slots_are_held_for_it() -> None:
    latency = measures(tally_of(("m", 0, 2.0), ("m", 1, 4.0), ("m", 2, 9.0))).of("m").latency
    assert latency is not None
    assert (latency.value, latency.basis, latency.samples) == (5.0, Basis.MEASURED, 3)


def test_the_pace_is_the_most_of_any_minute() -> None:
    """Not the number over the whole time: a pause in the middle says nothing of a limit."""
    found = measures(tally_of(*(("m", at, 1.0) for at in (0, 10, 59, 70, 1000))))
    assert found.most_per_minute is not None
    assert found.most_per_minute.value == 3


def test_tasks_alive_are_counted_over_all_models() -> None:
    found = measures(tally_of(("a", 0, 10.0), ("b", 5, 10.0), ("a", 10, 1.0), ("b", 14, 5.0)))
    assert found.most_alive is not None
    assert (found.most_alive.value, len(found.by_model)) == (2, 2)


def test_sizes_and_work_are_means_by_model() -> None:
    tally = FolderTally()
    for size_bytes in (100, 300):
        tally.take_image("m", size_bytes)
    tally.take_check("m", 0.01)
    seen = measures(tally).of("m")
    assert seen.image_bytes is not None
    assert seen.image_cpu is not None
    assert (seen.image_bytes.value, seen.image_cpu.value, seen.latency) == (200.0, 0.01, None)


@pytest.mark.parametrize(("throttled", "is_account"), [({"a": 3}, False), ({"a": 3, "b": 1}, True), ({}, False)])
def test_429s_for_two_models_are_the_accounts(throttled: dict[str, int], *, is_account: bool) -> None:
    assert measures(tally_of(("a", 0, 1.0)), **throttled).is_account_throttled == is_account


def test_a_folder_without_tasks_measures_nothing() -> None:
    found = measures(FolderTally())
    assert (found.most_per_minute, found.most_alive, found.of("m").latency) == (None, None, None)
    assert FolderMeasures().as_json() is None
