"""Each fault of the simulator alone at each of its places, and all of them at once, over a real socket."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from qwave_batch.simulator.faults import KINDS, FaultName, FaultPlace
from tests.every_case import in_one_test
from tests.integration.settled import Contents, contents_of, lost, paid_twice

SPEC = """
version: 1
name: troubled
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: ["a lantern", "a kite"]
matrix: {seed: {start: 1, count: COUNT}}
timeout: 2
"""
UNUSED = {FaultPlace.CANCEL, FaultPlace.CHAT, FaultPlace.CHATTED}
"""Stages that a run never reaches."""
OTHER_IMAGES = {FaultName.SEED_IGNORED, FaultName.SEED_LOOSE, FaultName.STAMPED_FILE}
"""Faults of models: they make other images, and hinder no run."""
LONG = ":0.2"
LIVES = {FaultName.SIGNED_URL: ":20", FaultName.SHORT_LIVED: ":20"}
"""Faults whose seconds are how long an image can be had: a busy machine is to fetch it in time."""
ALONE = [
    f"{place}.{name}=#1{LIVES.get(name, LONG) if kind.seconds else ''}"
    for name, kind in KINDS.items()
    if name not in OTHER_IMAGES
    for place in sorted(kind.possible - UNUSED)
]
RARE = {
    **dict.fromkeys((FaultName.NEVER_ENDS, FaultName.BAD_KEY, FaultName.BALANCE_USED_UP), 0.01),
    **dict.fromkeys((FaultName.HTTP429_BARE, FaultName.ENDLESS, FaultName.OVERSIZED, FaultName.QUOTA_WINDOW), 0.01),
    **dict.fromkeys((FaultName.UPSTREAM_BAD_REQUEST, FaultName.PRICE_NOT_CONFIGURED), 0.02),
    **dict.fromkeys((FaultName.INSUFFICIENT_QUOTA, FaultName.FORBIDDEN, FaultName.FORBIDDEN_HTML), 0.01),
}
FOR_GOOD = {
    FaultName.PRICE_NOT_CONFIGURED,
    FaultName.MODEL_DENIED,
    FaultName.PROMPT_DENIED,
    FaultName.MODEL_NOT_FOUND,
    FaultName.ASSET_NOT_FOUND,
}
ALL = ",".join(
    f"{place}.{name}={RARE.get(name, 0.02)}"
    f"{'#1' if place is FaultPlace.DOWNLOAD or name in FOR_GOOD else ''}"
    f"{'#1..4' if name is FaultName.TASK_LOST else ''}"
    f"{LIVES.get(name, LONG) if kind.seconds else ''}"
    for name, kind in KINDS.items()
    if name not in OTHER_IMAGES
    for place in sorted(kind.possible - UNUSED)
)
"""Of downloads only first tries: a file that comes broken twice is broken at its source, and only a person has it made
and paid anew. A model without a price or unknown for a time, and a task or an
image that the API denies, are there again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ends: list[str]
    contents: Contents
    paid_twice: int
    lost: int
    keys_astray: int
    unending: int
    """Tasks that never end."""


async def go_on(spec: Path, folder: Path, base_url: str, *, runs: int) -> list[str]:
    """Run again and again as a person would, and return how each run ended."""
    ends: list[str] = []
    connection = qb.Connection(key="k", base_url=base_url)
    for number in range(runs):
        # Final failures are retried only after plain runs have failed.
        options = qb.RunOptions(retry_failed=number >= 2)
        try:
            summary = await qb.run_batch(spec, connection=connection, out_dir=folder, options=options)
        except qb.AccountError as error:
            ends.append(str(error))
            continue
        ends.append(summary.reason or str(summary.exit_status))
        if summary.exit_status == 0:
            break
    return ends


async def trouble(
    faults: str, home: Path, *, jobs: int, seed: int = 0, runs: int = 6, completion: str = "auto"
) -> Outcome:
    home.mkdir()  # noqa: ASYNC240 - a test's own
    spec, folder = home / "spec.yaml", home / "run"
    spec.write_text(f"{SPEC.replace('COUNT', str(jobs // 2))}completion: {completion}\n", encoding="utf-8")
    behaviour = Behaviour(latency=parse_latency("0.02..0.2"), faults=parse_faults(faults), seed=seed)
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            ends = await go_on(spec, folder, base_url, runs=runs)
        contents = contents_of(folder)
        return Outcome(
            ends=ends,
            contents=contents,
            paid_twice=paid_twice(simulator),
            lost=lost(simulator, contents),
            keys_astray=simulator.seen.keys_on_files + simulator.seen.keys_after_redirect,
            unending=sum(1 for task in simulator.tasks() if task.ends_at is None),
        )


async def trouble_each(home: Path) -> dict[str, Outcome]:
    side_by_side = asyncio.Semaphore(80)

    async def one(number: int, faults: str) -> Outcome:
        async with side_by_side:
            return await trouble(faults, home / str(number), jobs=2, runs=2 if "never_ends" in faults else 6)

    wanted = ["", *ALONE]
    found = await asyncio.gather(*(one(number, faults) for number, faults in enumerate(wanted)))
    return dict(zip(wanted, found, strict=True))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Outcomes by fault, run side by side; the empty name is a run without faults."""
    return asyncio.run(trouble_each(tmp_path_factory.mktemp("alone")))


@in_one_test("fault", ALONE)
def test_a_fault_alone_costs_nothing_twice_and_loses_nothing(outcomes: dict[str, Outcome], fault: str) -> None:
    found = outcomes[fault]
    assert found.paid_twice == 0, found.ends
    assert found.keys_astray == 0
    assert found.lost == 0, found.ends
    if fault.startswith("task.never_ends"):  # nothing but time can tell; it is asked for again, and never made again
        assert found.unending == 2
        return
    assert found.ends[-1] == "0", found.ends
    assert found.contents == outcomes[""].contents


@pytest.mark.parametrize("fault", ["accepted.bad_key=#1", "accepted.http429=#1..2:2000", "accepted.http503=#1"])
def test_a_task_that_was_made_behind_a_refusal_is_found_by_the_same_body(tmp_path: Path, fault: str) -> None:
    """Under the same key another body, as with the address of the next run's receiver, would be refused for good."""
    found = asyncio.run(trouble(fault, tmp_path / "run", jobs=2, completion="webhook"))
    assert (found.paid_twice, found.lost, found.ends[-1]) == (0, 0, "0"), found.ends


def test_all_faults_at_once_are_lived_through(tmp_path: Path) -> None:
    found = asyncio.run(trouble(ALL, tmp_path / "all", jobs=20, seed=1, runs=12))
    undisturbed = asyncio.run(trouble("", tmp_path / "none", jobs=20))
    assert (found.paid_twice, found.lost, found.keys_astray) == (0, 0, 0)
    done = {line["job_id"] for line in found.contents.lines if line["status"] == "completed"}
    assert len(done) >= 20 - found.unending, found.ends
    assert found.contents.of(done) == undisturbed.contents.of(done)
