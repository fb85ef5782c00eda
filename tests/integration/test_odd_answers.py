"""Whole runs over a real socket against an API that answers in ways that no document promises: paid once, all there."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.run.images import image_breaker, image_fetching
from qwave_batch.run.tasks import ended_tasks
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from qwave_batch.simulator.faults import KINDS, FaultName, FaultPlace
from tests.every_case import in_one_test
from tests.integration.settled import Contents, contents_of, lost, paid_twice

SPEC = """
version: 1
name: odd
catalog: "2026-05"
request: {model: qwen-image-2.0, n: 2}
prompts: ["a lantern", "a kite"]
matrix: {seed: [1, 2]}
completion: poll
"""
JOBS = 4
PRICED_OTHERWISE = """
version: 1
name: priced-otherwise
catalog: "2026-10"
prompts: ["a lantern"]
matrix:
  model: [midjourney, {model: gemini-nano-banana-2.1, n: 4}]  # by the call, and by tokens
completion: poll
"""
ALWAYS = (
    "other_shape",
    "relative_url",
    "no_number",
    "bare_url",
    "unknown_fields",
    "other_shape,no_number,relative_url",
    "bare_url,relative_url",
)
FOR_A_WHILE = (
    "reset_units=#1..2",
    "poll.unlisted=#1..4",
    "poll.listed_in_part=#1..4",
    "poll.unreadable_result=#1",
    "accepted.error_in_success=#1",
    "poll.error_in_success=#1",
    "not_there_yet=#1",
    "refused_file=#1",
    "expired_url=#1",
    "poll.unknown_word=#1",
    "poll.listed_in_part=#1..4,not_there_yet=#1",
)
IN_ANOTHER_RUN = ("unreadable_result", "unknown_word", "error_in_success")
"""Images that only a later run can fetch: the first could not know that they would come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ends: list[str]
    contents: Contents
    paid_twice: int
    lost: int
    tasks: int


async def outcome_of(faults: str, home: Path) -> Outcome:
    home.mkdir()  # noqa: ASYNC240 - a test's own
    spec, folder = home / "spec.yaml", home / "run"
    spec.write_text(SPEC, encoding="utf-8")
    behaviour = Behaviour(latency=parse_latency("0.05"), faults=parse_faults(faults))
    ends: list[str] = []
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            connection = qb.Connection(key="k", base_url=base_url)
            for retry_failed in (False, False, True, True):
                options = qb.RunOptions(retry_failed=retry_failed)
                summary = await qb.run_batch(spec, connection=connection, out_dir=folder, options=options)
                ends.append(summary.reason or str(summary.exit_status))
                if summary.exit_status == 0:
                    break
        contents = contents_of(folder)
        return Outcome(
            ends=ends,
            contents=contents,
            paid_twice=paid_twice(simulator),
            lost=lost(simulator, contents),
            tasks=len(simulator.tasks()),
        )


async def outcomes_of(wanted: list[str], home: Path) -> dict[str, Outcome]:
    found = await asyncio.gather(*(outcome_of(faults, home / str(at)) for at, faults in enumerate(wanted)))
    return dict(zip(wanted, found, strict=True))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Outcomes by fault, run side by side; the empty name is a run without faults."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_breaker, "FIRST_PAUSE_S", 0.2)
        patch.setattr(image_fetching, "SLICE_S", 0.1)
        patch.setattr(ended_tasks, "SLICE_S", 0.1)
        return asyncio.run(outcomes_of(["", *ALWAYS, *FOR_A_WHILE], tmp_path_factory.mktemp("odd")))


@in_one_test("faults", [*ALWAYS, *FOR_A_WHILE])
def test_an_odd_answer_costs_no_second_task_and_no_image(outcomes: dict[str, Outcome], faults: str) -> None:
    found = outcomes[faults]
    assert found.ends[-1] == "0", found.ends
    assert (found.paid_twice, found.lost, found.tasks) == (0, 0, JOBS), found.ends
    assert found.contents == outcomes[""].contents
    if not any(name in faults for name in IN_ANOTHER_RUN):
        assert found.ends == ["0"]


def test_images_that_are_listed_late_are_fetched_whatever_their_price_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_breaker, "FIRST_PAUSE_S", 0.2)
    monkeypatch.setattr(image_fetching, "SLICE_S", 0.1)
    spec, folder = tmp_path / "spec.yaml", tmp_path / "run"
    spec.write_text(PRICED_OTHERWISE, encoding="utf-8")
    late = qb.Simulated(latency="0.05", faults="poll.listed_in_part=#1..4")
    summary = qb.run_batch_sync(spec, connection=late, out_dir=folder)
    lines = list(qb.open_run(folder).lines())
    assert (summary.exit_status, [(line.attempts, len(line.images)) for line in lines]) == (0, [(1, 4), (1, 4)])
    assert summary.books.is_by_catalog


def test_what_is_paid_is_fetched_before_anything_is_paid_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_breaker, "LONE_S", 0.1)
    monkeypatch.setattr(image_breaker, "FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr(image_fetching, "SLICE_S", 0.05)
    spec, folder = tmp_path / "spec.yaml", tmp_path / "run"
    spec.write_text(SPEC.replace("seed: [1, 2]", "seed: [1]").replace(', "a kite"', ""), encoding="utf-8")
    broken = qb.Simulated(latency="0.01", faults="truncated_image")
    first = qb.run_batch_sync(spec, connection=broken, out_dir=folder)
    assert first.counts.failed == 1, first.reason
    options = qb.RunOptions(retry_failed=True)
    second = qb.run_batch_sync(spec, connection=qb.Simulated(latency="0.01"), out_dir=folder, options=options)
    assert (second.exit_status, second.cost_nusd, second.folder_cost_nusd) == (0, 0, first.cost_nusd)
    assert [(line.attempts, len(line.images)) for line in qb.open_run(folder).lines()] == [(1, 2)]


def test_each_shape_of_an_answer_is_tried() -> None:
    entries = ",".join((*ALWAYS, *FOR_A_WHILE)).split(",")
    tried = {entry.partition("=")[0].rpartition(".")[2] for entry in entries}
    shapes = {name for name, kind in KINDS.items() if kind.is_shape and FaultPlace.POLL in kind.possible}
    assert shapes - {FaultName.WRONG_TYPE} <= tried
