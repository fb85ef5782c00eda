"""Runs over a real socket that are killed without warning, again and again; ``QWAVE_KILLS`` asks for more kills."""

import asyncio
import json
import os
import random
import subprocess
from collections import Counter
from pathlib import Path

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.model.task import TaskState
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from tests.forked_programs import ForkedProgram

SPEC = """
version: 1
name: killed
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: ["a lantern", "a kite"]
matrix: {seed: {start: 1, count: COUNT}}
limits: {concurrency: 6}
"""
KILLS = int(os.environ.get("QWAVE_KILLS", "6"))
JOBS = 2 * max(16, 2 * KILLS)


def start(spec: Path, folder: Path, base_url: str) -> ForkedProgram:
    return ForkedProgram(
        ("run", spec, "-o", folder, "--yes"),
        env={**os.environ, "QWAVE_API_KEY": "k", "QWAVE_BASE_URL": base_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


async def run_and_kill(spec: Path, folder: Path, simulator: Simulator, base_url: str, requests: int) -> None:
    """Kill a run as soon as so many more requests have reached the API."""
    until = simulator.seen.answers.total() + requests
    process = start(spec, folder, base_url)
    while process.poll() is None and simulator.seen.answers.total() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    if process.poll() is None:
        process.kill()
    await asyncio.to_thread(process.communicate)


async def kill_again_and_again(spec: Path, folder: Path, simulator: Simulator, kills: int) -> None:
    rng = random.Random(kills)
    async with serve(simulator) as base_url:
        for _ in range(kills):
            await run_and_kill(spec, folder, simulator, base_url, requests=rng.randint(1, 30))
        for _ in range(3):
            process = start(spec, folder, base_url)
            _, said = await asyncio.to_thread(process.communicate)
            if process.returncode == 0:
                return
        raise AssertionError(said)


def check_books(simulator: Simulator, folder: Path) -> None:
    """Each job was paid once, and its image is there."""
    paid = Counter(task.body_hash for task in simulator.tasks() if task.price_quota)
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert [line["status"] for line in lines] == [TaskState.COMPLETED] * JOBS
    assert len(paid) == JOBS
    assert max(paid.values()) == 1, "a job was paid twice"
    assert len(list((folder / "images").rglob("*.*"))) == JOBS


def test_a_run_that_is_killed_again_and_again_pays_each_job_once(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.replace("COUNT", str(JOBS // 2)), encoding="utf-8")
    behaviour = Behaviour(
        latency=parse_latency("0.05..0.5"),
        faults=parse_faults("accepted.drop=0.1,submit.http500=0.05,poll.drop=0.05,truncated_image=0.2#1"),
    )
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        asyncio.run(kill_again_and_again(spec, tmp_path / "run", simulator, KILLS))
        check_books(simulator, tmp_path / "run")
