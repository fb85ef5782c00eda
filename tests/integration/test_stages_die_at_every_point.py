"""A run of stages dies as by ``kill -9`` on the way from a parent to its children; the next runs make it good."""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_latency, serve
from tests.every_case import in_one_test
from tests.integration.doomed import INPUTS, Doom, Moment, Plight, each_at_once, run
from tests.integration.settled import Contents, contents_of, lost

SPEC = """
version: 1
name: doomed-stages
catalog: "2026-05"
completion: poll
limits: {concurrency: 1}
stages:
  - name: draft
    prompts: ["a lantern"]
    request: {model: z-image-turbo, aspect_ratio: "1:1"}
  - name: night
    from_stage: draft
    text: "{{ parent.prompt }}, at night"
    request: {action: edit, image_urls: ["{{ parent.image }}"]}
    matrix: {model: [gpt-image-2, wan2.7-image]}
  - name: poster
    from_stage: night
    text: "{{ parent.prompt }}, as a poster"
    request: {model: doubao-seedream-4.5, action: edit, image_urls: ["{{ parent.image }}"]}
"""
JOBS = 5
BEFORE = {INPUTS}
"""Points at which the first job was made by a run before, so that its address is asked for."""
POINTS = [  # of two siblings the first: on virtual time tests/unit/run/test_stages.py cuts off every change of both
    Doom(at="store", moment=Moment.INSIDE),
    Doom(at="store", moment=Moment.AFTER),
    *(Doom(at=INPUTS, count=count) for count in (1, 3)),
    *(Doom(at="intend", count=2, moment=moment) for moment in Moment),
    Doom(at="intend", count=4),
    Doom(at="accept", count=2, moment=Moment.INSIDE),
    Doom(at="store", count=3, moment=Moment.AFTER),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ends: list[int]
    contents: Contents
    paid: int
    """Tasks that were paid."""
    lost: int
    said: str


async def die_and_go_on(doom: Doom | None, home: Path) -> Outcome:
    home.mkdir()  # noqa: ASYNC240 - a test's own
    spec, folder, log = home / "spec.yaml", home / "run", home / "log"
    spec.write_text(SPEC, encoding="utf-8")
    behaviour = Behaviour(latency=parse_latency("0.02"))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            argv = ("run", str(spec), "-o", str(folder), "--yes")
            if doom is not None and doom.at in BEFORE:
                assert await run((*argv, "--limit", "1"), base_url=base_url, log=log) == 0
            ends = [await run(argv, base_url=base_url, log=log, plight=Plight(doom=doom))]
            if doom is not None:
                ends.append(await run(argv, base_url=base_url, log=log))
        contents = contents_of(folder)
        paid = sum(charge.cost_quota > 0 for charge in simulator.charges())
        return Outcome(
            ends=ends,
            contents=contents,
            paid=paid,
            lost=lost(simulator, contents),
            said=log.read_text(encoding="utf-8"),
        )


def facts(found: Outcome) -> list[tuple[str, str, list[str]]]:
    """Return the jobs with their status and the names of their images, whose bytes no seed repeats."""
    lines = found.contents.lines
    return [(line["job_id"], line["status"], [image["path"] for image in line["images"]]) for line in lines]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Doom | None, Outcome]:
    """Outcomes by kill point; None is a run without a kill."""
    return asyncio.run(each_at_once([None, *POINTS], die_and_go_on, tmp_path_factory.mktemp("doomed-stages"), most=8))


@in_one_test("doom", POINTS)
def test_death_between_a_parent_and_its_children_pays_nothing_twice_and_loses_nothing(
    outcomes: dict[Doom | None, Outcome], doom: Doom
) -> None:
    found = outcomes[doom]
    assert found.ends == [-signal.SIGKILL, 0], f"{doom}\n{found.said}"
    assert (found.paid, found.lost) == (JOBS, 0)
    assert facts(found) == facts(outcomes[None])
    assert "https:" not in str(requests := [line["request"] for line in found.contents.lines]), requests
