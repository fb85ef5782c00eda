"""Real processes, over a real socket, that die as by ``kill -9`` at each labelled point; the next runs make it good."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from tests.every_case import in_one_test
from tests.integration.doomed import FILES, LEDGER, Doom, Moment, Plight, each_at_once, run
from tests.integration.settled import Contents, contents_of, lost, paid_twice

SPEC = """
version: 1
name: doomed
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: ["a lantern", "a kite"]
matrix: {seed: [1, 2]}
completion: poll
"""
TROUBLES = {
    **dict.fromkeys((*LEDGER, "intend", "accept", "complete", "store"), ""),
    "park": "price_not_configured=#1",
    "intend_again": "price_not_configured=#1",
    "fail": "upstream_unavailable=#1",
    "lose": "task_lost=#1..4",
    "find_again": "task_lost=#1..4",
    "renew": "expired_url=#1",
    "spoil": "corrupt_image=@1+5",  # one file of four, twice; were all broken, none would be held against its file
}
"""By change of the ledger, what makes it happen. The others need a person, a refusal, or a day between two runs: see
``test_run_dies_at_rare_points.py``."""
RETRIED = {"price_not_configured=#1", "upstream_unavailable=#1"}
"""Failures that may be final, so that only a person's word tries again; none of them was paid."""
SECOND = {"intend_again", "find_again"}
"""Steps that only a second run takes."""
POINTS = [
    *(Doom(at=at, moment=moment) for at in TROUBLES for moment in Moment),
    *(Doom(at=at, count=3) for at in ("intend", "accept", "complete", "store")),
    *(Doom(at=at) for at in FILES),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ends: list[int]
    contents: Contents
    paid_twice: int
    lost: int
    said: str


async def die_and_go_on(doom: Doom | None, home: Path, *, runs: int = 5) -> Outcome:
    """Die once, then run again as a person would until all is done."""
    home.mkdir()  # noqa: ASYNC240 - a test's own
    spec, folder, log = home / "spec.yaml", home / "run", home / "log"
    spec.write_text(SPEC, encoding="utf-8")
    faults = TROUBLES.get(doom.at, "") if doom else ""
    behaviour = Behaviour(latency=parse_latency("0.05"), faults=parse_faults(faults))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            argv = ("run", str(spec), "-o", str(folder), "--yes", *(["--retry-failed"] if faults in RETRIED else []))
            ends = [await run(argv, base_url=base_url, log=log)] if doom and doom.at in SECOND else []
            ends.append(await run(argv, base_url=base_url, log=log, plight=Plight(doom=doom)))
            while ends[-1] != 0 and len(ends) < runs:
                ends.append(await run(argv, base_url=base_url, log=log))
        contents = contents_of(folder)
        return Outcome(
            ends=ends,
            contents=contents,
            paid_twice=paid_twice(simulator),
            lost=lost(simulator, contents),
            said=log.read_text(encoding="utf-8"),
        )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Doom | None, Outcome]:
    """Outcomes by kill point; None is a run without a kill."""
    return asyncio.run(each_at_once([None, *POINTS], die_and_go_on, tmp_path_factory.mktemp("doomed"), most=8))


@in_one_test("doom", POINTS)
def test_death_at_any_point_pays_nothing_twice_and_loses_nothing(
    outcomes: dict[Doom | None, Outcome], doom: Doom
) -> None:
    found = outcomes[doom]
    assert -signal.SIGKILL in found.ends, f"never came to {doom}: {found.ends}\n{found.said}"
    assert found.paid_twice == 0
    if doom.at == "spoil":  # broken at the source: what came is kept as evidence, and nothing is paid for again
        assert set(found.contents.statuses()) <= {"completed", "failed"}
        return
    assert found.lost == 0
    assert found.ends[-1] == 0, found.said
    assert found.contents == outcomes[None].contents
