"""specs/three-stages.yaml over a real socket, killed again and again; ``QWAVE_KILLS`` asks for more kills."""

import asyncio
import io
import json
import os
import random
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.cli.main import main
from qwave_batch.simulator import Behaviour, parse_faults, parse_latency, serve
from tests.forked_programs import ForkedProgram
from tests.integration.watched_api import WatchedSimulator

KILLS = int(os.environ.get("QWAVE_KILLS", "3"))
FAULTS = (
    "accepted.drop=0.1,submit.http500=0.05,poll.drop=0.05,truncated_image=0.2#1,signed_url=0.5:3600,short_lived=0.3:60"
)


def start(spec: Path, folder: Path, base_url: str) -> ForkedProgram:
    return ForkedProgram(
        ("run", spec, "-o", folder, "--yes"),
        env={**os.environ, "QWAVE_API_KEY": "k", "QWAVE_BASE_URL": base_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


async def kill_again_and_again(spec: Path, folder: Path, simulator: WatchedSimulator) -> str:
    """Kill runs as soon as a drawn number of further requests has reached the API, then let one end."""
    drawn = random.Random(KILLS)
    async with serve(simulator) as base_url:
        for _ in range(KILLS):
            until = simulator.seen.answers.total() + drawn.randint(3, 25)
            process = start(spec, folder, base_url)
            while process.poll() is None and simulator.seen.answers.total() < until:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            if process.poll() is None:
                process.kill()
            await asyncio.to_thread(process.communicate)
        said = ""
        for _ in range(3):
            process = start(spec, folder, base_url)
            _, said = await asyncio.to_thread(process.communicate)
            if process.returncode == 0:
                break
        assert process.returncode == 0, said
    return said


def lines_of(folder: Path) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    return {line["job_id"]: line for line in lines}


def check_chains(lines: dict[str, dict[str, Any]], simulator: WatchedSimulator) -> None:
    """Each job was made of the image that its parent has in the folder, under the name that the manifest gives it."""
    made = {task.task_id: task for task in simulator.made}
    before = {"draft": None, "night": "draft", "poster": "night"}
    for line in lines.values():
        parents = [(lines[link["job_id"]], link["image"]) for link in line.get("parents", [])]
        assert [parent["stage"] for parent, _ in parents] == [stage for stage in [before[line["stage"]]] if stage]
        images = [parent["images"][number - 1]["sha256"] for parent, number in parents]
        assert list(made[line["task_id"]].inputs) == images
        assert line["request"].get("image_urls", []) == [
            f"job:{parent['job_id']}#{number}" for parent, number in parents
        ]


def typed(*argv: object) -> None:
    said = io.StringIO()
    assert main([str(one) for one in argv], said, said) == 0, said.getvalue()


def reported_chains(folder: Path) -> Counter[tuple[str, ...]]:
    """The stages of each chain in the report's data, from the first job to one that nothing is made of."""
    script = (folder / "report" / "data" / "index.js").read_text(encoding="utf-8").strip()
    index = json.loads(script.removeprefix('receiveData("index",').removesuffix(";").removesuffix(")"))
    jobs = index["jobs"]
    before = {place: [parent for parent, _ in job.get("parents", [])] for place, job in enumerate(jobs)}
    used = {parent for parents in before.values() for parent in parents}

    def chain(place: int) -> tuple[str, ...]:
        earlier = chain(before[place][0]) if before[place] else ()
        return (*earlier, index["stages"][jobs[place]["stage"]])

    return Counter(chain(place) for place in before if place not in used)


def test_three_stages_that_are_killed_again_and_again_pay_each_job_once(tmp_path: Path, checkout: Path) -> None:
    folder = tmp_path / "run"
    behaviour = Behaviour(latency=parse_latency("0.05..0.2"), faults=parse_faults(FAULTS))
    with WatchedSimulator(folder, catalog=open_catalog("2026-10"), behaviour=behaviour) as simulator:
        asyncio.run(kill_again_and_again(checkout / "specs" / "three-stages.yaml", folder, simulator))
        charges = simulator.charges()
    assert (len(charges), len({charge.body_hash for charge in charges})) == (12, 12)
    assert all(charge.cost_quota for charge in charges)
    assert not any(task.is_early for task in simulator.made), "a child was submitted before its parent was stored"
    lines = lines_of(folder)
    assert Counter((line["stage"], line["status"]) for line in lines.values()) == {
        ("draft", "completed"): 4, ("night", "completed"): 4, ("poster", "completed"): 4,
    }  # fmt: skip
    check_chains(lines, simulator)
    typed("verify", folder)
    typed("report", folder)
    assert reported_chains(folder) == Counter({("draft", "night", "poster"): 4, ("draft",): 2})
    assert "Signature=" not in (folder / "manifest.jsonl").read_text(encoding="utf-8")
