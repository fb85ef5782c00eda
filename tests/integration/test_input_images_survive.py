"""Runs over image files and signed addresses that die at each point, while their files move and addresses are renewed.

A key is sent again with the very body that it was first sent with: the simulator answers 409 to any other.
"""

import asyncio
import signal
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from tests.every_case import in_one_test
from tests.integration.doomed import LEDGER, Doom, Moment, Plight, each_at_once, run
from tests.integration.settled import Contents, contents_of, lost, paid_twice

SPEC = """
version: 1
name: doomed
catalog: "2026-05"
identity: {addresses: stable}
request: {model: gpt-image-2, action: edit}
prompts:
  - {text: "a lantern", request: {image_urls: ["PLACE/cat.png", "https://pictures.example.com/shoe.jpg?X-Amz-Signature=SIGNED"]}}
  - {text: "a kite", request: {image_urls: {from: PLACE/*.png}}}
matrix: {seed: [1, 2]}
completion: poll
"""
TROUBLES = {
    **dict.fromkeys((*LEDGER, "intend", "accept", "complete", "store"), ""),
    "park": "price_not_configured=#1",
    "intend_again": "price_not_configured=#1",
}
SECOND = {"intend_again"}
POINTS = [
    *(Doom(at=at, moment=moment) for at in TROUBLES for moment in Moment),
    *(Doom(at=at, count=3) for at in ("intend", "accept")),
    Doom(at="inputs.json"),
    Doom(at="manifest.jsonl"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    ends: list[int]
    contents: Contents
    inputs: list[str]
    paid_twice: int
    lost: int
    said: str


def lay_out(home: Path, number: int) -> Path:
    """Write the spec as its author has it before a run: the same pictures elsewhere, and addresses signed anew."""
    place = home / f"pictures-{number}"
    place.mkdir()
    for name, colour in (("cat", "red"), ("dog", "blue")):
        out = BytesIO()
        Image.new("RGB", (64, 64), colour).save(out, "PNG")
        (place / f"{name}.png").write_bytes(out.getvalue())
        earlier = home / f"pictures-{number - 1}" / f"{name}.png"
        if earlier.exists():
            earlier.write_bytes(b"not the picture any more")
    spec = home / "spec.yaml"
    spec.write_text(SPEC.replace("PLACE", place.name).replace("SIGNED", f"{number}a"), encoding="utf-8")
    return spec


async def die_and_go_on(doom: Doom | None, home: Path, *, runs: int = 5) -> Outcome:
    """Die once, then run again as a person would until all is done."""
    home.mkdir()  # noqa: ASYNC240 - a test's own
    folder, log = home / "run", home / "log"
    behaviour = Behaviour(latency=parse_latency("0.05"), faults=parse_faults(TROUBLES.get(doom.at, "") if doom else ""))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            argv = ("run", str(home / "spec.yaml"), "-o", str(folder), "--yes", "--retry-failed")
            ends: list[int] = []
            if doom and doom.at in SECOND:
                lay_out(home, 1)
                ends.append(await run(argv, base_url=base_url, log=log))
            lay_out(home, 2)
            ends.append(await run(argv, base_url=base_url, log=log, plight=Plight(doom=doom)))
            while ends[-1] != 0 and len(ends) < runs:
                lay_out(home, len(ends) + 2)
                ends.append(await run(argv, base_url=base_url, log=log))
        contents = contents_of(folder)
        return Outcome(
            ends=ends,
            contents=contents,
            inputs=sorted(file.name for file in (folder / "inputs").iterdir()),
            paid_twice=paid_twice(simulator),
            lost=lost(simulator, contents),
            said=log.read_text(encoding="utf-8"),
        )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Doom | None, Outcome]:
    return asyncio.run(each_at_once([None, *POINTS], die_and_go_on, tmp_path_factory.mktemp("inputs"), most=6))


def test_a_run_that_lives_makes_all_from_what_it_kept(outcomes: dict[Doom | None, Outcome]) -> None:
    whole = outcomes[None]
    assert (whole.ends, whole.paid_twice, whole.lost) == ([0], 0, 0), whole.said
    assert len(whole.inputs) == 2
    addresses = [text for line in whole.contents.lines for text in line["request"]["image_urls"]]
    assert len(addresses) == 8
    assert {text.partition(":")[0] for text in addresses} == {"https", "sha256"}
    assert not any("Signature" in text for text in addresses)


@in_one_test("doom", POINTS)
def test_wherever_it_dies_nothing_is_paid_twice_and_all_is_made(
    doom: Doom, outcomes: dict[Doom | None, Outcome]
) -> None:
    found, whole = outcomes[doom], outcomes[None]
    assert -signal.SIGKILL in found.ends, found.said
    assert found.ends[-1] == 0, found.said
    assert (found.paid_twice, found.lost) == (0, 0), found.said
    assert [line["job_id"] for line in found.contents.lines] == [line["job_id"] for line in whole.contents.lines]
    assert found.inputs == whole.inputs
    assert "idempotency_conflict" not in found.said
