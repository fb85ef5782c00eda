"""The numbers of figures: what is counted, what is left out, and how far a quantile is off."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.job import Duplicate, JobError
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.report.figure_counting import MOST_ERRORS, FigureCounter
from qwave_batch.report.latency_sketch import FEW, RELATIVE_ERROR, LatencyBins, LatencySketch
from qwave_batch.report.run_sessions import GAP_S, MOST_BINS, ImageTimes
from tests.manifest_lines import PLAIN_LINE

IMAGE = ImageFile(path="images/a.png", sha256="0" * 64, size_bytes=9, width=8, height=8, format="png", source_url="")
NOON = 1_795_348_800.0
DONE = replace(
    PLAIN_LINE,
    status=JobStatus.COMPLETED,
    seconds=4.0,
    submitted_at=NOON,
    completed_at=NOON + 4.0,
    cost_usd=0.25,
    images=(IMAGE, IMAGE),
)
BLOCKED = replace(
    PLAIN_LINE, status=JobStatus.FAILED, cost_usd=0.5, error=JobError(code="content_policy_violation", message="no")
)
BROKEN = replace(PLAIN_LINE, status=JobStatus.FAILED, error=JobError(code="bad_image", message="torn"))


def counted(*lines: Any, folders: tuple[str, ...] = ("a",)) -> Any:
    counter = FigureCounter(folders)
    for folder, line in lines:
        counter.add(folder, line)
    return counter.numbers().as_json()


def test_a_failed_job_costs_and_a_reused_one_changes_no_average() -> None:
    reused = replace(DONE, cost_usd=0.0, seconds=900.0, reused_from=ReusedFrom(folder="b", folder_id="", cost_usd=9.0))
    told = counted((0, DONE), (0, BLOCKED), (0, reused))
    (cost,) = told["costs"]
    assert (cost["usd"], cost["jobs"], cost["completed"], cost["images"]) == (0.75, 3, 1, 2)
    assert (cost["usd_per_image"], cost["usd_per_completed"]) == (0.375, 0.75)
    assert [(row["count"], row["greatest"]) for row in told["latency"]["rows"]] == [(1, 4.0)]
    assert [found["images"] for found in told["rate"]["sessions"]] == [2]


def test_a_model_without_an_image_has_no_cost_of_one() -> None:
    (cost,) = counted((0, BLOCKED))["costs"]
    assert (cost["usd"], cost["usd_per_image"], cost["usd_per_completed"]) == (0.5, None, None)


def test_a_refused_job_is_told_from_a_failed_one() -> None:
    told = counted((0, BLOCKED), (0, BROKEN), (0, BROKEN), (0, DONE))
    (row,) = told["outcomes"]["by_model"]
    assert (row["jobs"], row["completed"], row["failed"], row["refused"]) == (4, 1, 2, 1)
    assert [(error["code"], error["status"], error["jobs"]) for error in told["outcomes"]["by_error"]] == [
        ("bad_image", "failed", 2),
        ("content_policy_violation", "refused", 1),
    ]


def test_stages_have_numbers_of_their_own_and_folders_without_stages_none() -> None:
    told = counted((0, replace(DONE, stage="draft")), (0, replace(BLOCKED, stage="night")), (0, DONE))["stages"]
    assert [(row["stage"], row["completed"], row["refused"]) for row in told["outcomes"]] == [
        ("draft", 1, 0),
        ("night", 0, 1),
    ]
    assert [(row["stage"], row["usd"], row["usd_per_image"]) for row in told["costs"]] == [
        ("draft", 0.25, 0.125),
        ("night", 0.5, None),
    ]
    assert [(row["stage"], row["count"], row["p50"]) for row in told["latency"]] == [("draft", 1, 4.0)]
    assert "stages" not in counted((0, DONE))


def test_a_job_counts_under_each_of_its_tags_and_those_of_its_other_places() -> None:
    also = Duplicate(job_id="", index=1, prompt_id="q", tags=("night",))
    bare = Duplicate(job_id="", index=2, prompt_id="q")
    told = counted((0, replace(DONE, tags=("street", "rain"), also=(also, bare))), (0, BROKEN))
    rows = [(row["tag"], row["jobs"]) for row in told["outcomes"]["by_tag"]]
    assert rows == [("street", 1), ("rain", 1), ("night", 1), (None, 2)]


def test_several_folders_are_counted_together_and_each_for_itself() -> None:
    told = counted((0, DONE), (1, DONE), (1, replace(DONE, model="n")), folders=("a", "b"))
    rows = {(row["model"], row["folder"]): row["count"] for row in told["latency"]["rows"]}
    assert rows == {("m", None): 2, ("m", 0): 1, ("m", 1): 1, ("n", None): 1, ("n", 1): 1}
    assert [found["folder"] for found in told["rate"]["sessions"]] == [0, 1]


def test_errors_whose_codes_never_repeat_do_not_grow_without_end() -> None:
    lines = [
        (0, replace(BROKEN, error=JobError(code=f"http_{n}", message="x" * 9_999))) for n in range(2 * MOST_ERRORS)
    ]
    told = counted(*lines)["outcomes"]["by_error"]
    assert (told[0]["code"], told[0]["jobs"], len(told)) == ("other", MOST_ERRORS, MOST_ERRORS + 1)
    assert max(len(error["message"]) for error in told) <= 300


def test_the_summary_of_an_older_run_tells_of_requests_and_of_no_limit() -> None:
    counter = FigureCounter(("a",))
    requests = {"submit": 3, "poll": 9, "download": 2, "retried": 1}
    counter.add_summary(0, {"requests": requests, "started_at": "2026-11-22T08:00:00.000Z"})
    (found,) = counter.numbers().limits
    assert (found.submits, found.polls, found.throttled, found.waits) == (3, 9, None, None)


def test_the_summary_of_a_run_tells_of_429s_and_waits() -> None:
    counter = FigureCounter(("a",))
    limits = {"throttled_submits": {"m": 7}, "throttled_polls": 0, "waited_seconds": {"quota": 61.5}}
    counter.add_summary(0, {"requests": {}, "started_at": "2026-11-22T08:00:00.000Z", "limits": limits})
    counter.add_summary(0, None)
    told: Any = counter.numbers().as_json()["limits"]
    assert [found["throttled"] for found in told] == [[{"calls": "submit", "model": "m", "count": 7}]]
    assert [found["waits"] for found in told] == [[{"kind": "quota", "seconds": 61.5}]]


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=60))
def test_the_quantiles_of_few_values_are_exact(values: list[float]) -> None:
    sketch = LatencySketch()
    for value in values:
        sketch.add(value)
    ordered = sorted(values)
    assert sketch.quantiles([0.5, 1.0]) == [ordered[(len(values) + 1) // 2 - 1], ordered[-1]]
    bins = LatencyBins.over([sketch])
    assert sum(bins.histogram(sketch)) == len(values)
    assert bins.edges[0] <= ordered[0] * (1 + 1e-9)
    assert ordered[-1] <= bins.edges[-1] * (1 + 1e-9)


@pytest.mark.parametrize("draw", [lambda rng: rng.lognormvariate(1.5, 0.8), lambda rng: rng.uniform(0.5, 300.0)])
def test_the_quantiles_of_many_values_are_off_by_the_error_that_is_stated(draw: Any) -> None:
    rng = random.Random(5)
    values = [draw(rng) for _ in range(3 * FEW)]
    sketch = LatencySketch()
    for value in values:
        sketch.add(value)
    assert not sketch.is_exact
    shares = [0.05, 0.25, 0.5, 0.75, 0.95]
    exact = [sorted(values)[max(1, -int(-share * len(values) // 1)) - 1] for share in shares]
    for told, true in zip(sketch.quantiles(shares), exact, strict=True):
        assert abs(told - true) <= true * RELATIVE_ERROR * (1 + 1e-9)


def times_of(*ends: float, takes: float = 2.0) -> ImageTimes:
    times = ImageTimes()
    for end in ends:
        times.add(end - takes, end, 1)
    return times


def test_a_long_time_without_an_image_parts_two_sessions_and_counts_in_neither() -> None:
    ends = [NOON + second for second in range(1, 61)]
    later = [end + 100_000.0 for end in ends]
    first, second = times_of(*later, *ends, takes=1.0).sessions()
    assert (first.images, second.images) == (60, 60)
    assert (first.images_per_minute, second.images_per_minute) == (60.0, 60.0)
    assert second.started_at == NOON + 100_000.0
    assert sum(first.counts) == 60


def test_a_task_that_a_later_session_found_ended_does_not_stretch_that_session() -> None:
    times = times_of(NOON)
    times.add(NOON - 50_000.0, NOON + 50_000.0, 4)
    first, second = times.sessions()
    assert (first.images, second.images) == (1, 4)
    assert second.ended_at - second.started_at == GAP_S


def test_the_bins_of_a_long_run_widen_and_lose_no_image() -> None:
    times = times_of(*(NOON + 90.0 * step for step in range(3 * MOST_BINS)))
    assert (len(times._bins) <= MOST_BINS, times.width_s > 1) == (True, True)
    (session,) = times.sessions()
    assert (session.images, sum(session.counts)) == (3 * MOST_BINS, 3 * MOST_BINS)
    assert session.images_per_minute == pytest.approx(60 / 90.0, rel=0.01)
    assert len(session.counts) <= 121


@given(st.lists(st.floats(NOON, NOON + 200_000.0), min_size=1, max_size=40), st.floats(0.1, 5_000.0))
def test_every_image_is_in_one_session_and_sessions_do_not_overlap(ends: list[float], takes: float) -> None:
    sessions = times_of(*ends, takes=takes).sessions()
    assert sum(session.images for session in sessions) == len(ends)
    edges = [edge for session in sessions for edge in (session.started_at, session.ended_at)]
    assert edges == sorted(edges)
