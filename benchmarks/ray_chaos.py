"""Does a run pay twice or lose an image while the workers of its Ray are killed at random?

For so many minutes, folder after folder: a real process runs against the embedded API over a Ray of two workers. Every
now and then a worker dies as by ``kill -9``, wherever it is, and now and then the process itself; then it is begun
again, until all is done. The books of the API are held to the ledger and to the folder, and every image is verified.
It needs Ray: CONTRIBUTING.md says how to install it.

    python -m benchmarks.ray_chaos --minutes 5

It may be stopped at any time by Ctrl-C: what was counted until then is printed.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from qwave_batch.simulator.faults import FaultPlace
from tests.integration.audit import audit
from tests.integration.settled import contents_of
from tests.ray.started_ray import UNGUARDED, StartedRay, started_ray

SPEC = """
version: 1
name: chaotic
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [a lantern, a kite]
matrix: {seed: {start: 1, count: 100}}
limits: {concurrency: 16}
"""
JOBS = 200
FAULTS = "download.slow=0.2:0.5,download.drop=0.03,truncated_image=0.05#1,expired_url=0.03#1,accepted.drop=0.02"
CALM_S = (0.2, 1.5)
"""A worker is killed after so long, again and again."""
FIRST_CALM_S = 3.0
"""As long as a command takes to start its workers."""
COORDINATOR = 0.08
"""How many of the kills hit the command instead."""
MOST_RUNS = 40


@dataclass(slots=True)
class RayScore:
    """The trials and their outcomes."""

    folders: int = 0
    runs: int = 0
    ends: Counter[int] = field(default_factory=Counter)
    worker_kills: int = 0
    coordinator_kills: int = 0
    downloads: int = 0
    tasks: int = 0
    images: int = 0
    paid_twice: int = 0
    lost: int = 0
    unfinished: int = 0
    unsound: int = 0
    bugs: int = 0

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        yield f"{self.folders} folders of {JOBS} jobs, {self.runs} processes; ends: {dict(self.ends)}"
        yield f"{self.worker_kills} workers killed, and {self.coordinator_kills} processes that they worked for"
        yield f"{self.tasks} tasks, {self.images} images, {self.downloads} requests for files"
        yield (
            f"paid twice: {self.paid_twice}; lost: {self.lost}; unfinished: {self.unfinished}; "
            f"not sound: {self.unsound}; bugs: {self.bugs}"
        )


@dataclass(frozen=True, slots=True)
class Chaos:
    """One folder, its API and the Ray."""

    seed: int
    home: Path
    ray: StartedRay
    score: RayScore
    rng: random.Random
    base_url: str

    async def go(self, until: float) -> None:
        """Run and kill until the folder is whole; when the time is over, without kills."""
        for _ in range(MOST_RUNS):
            process = await self._start()
            killer = asyncio.create_task(self._kill_now_and_then(process, until))
            try:
                end = await process.wait()
            finally:
                killer.cancel()
                with suppress(ProcessLookupError):
                    process.kill()
            self.score.runs += 1
            self.score.ends[end] += 1
            if end == 0:
                return

    async def _start(self) -> asyncio.subprocess.Process:
        argv = (sys.executable, "-m", "qwave_batch", "run", "spec.yaml", "-o", "run", "--yes", "--retry-failed")
        with (self.home / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(*argv, "--executor", "ray", "--workers", "2", "--ray-address", self.ray.address),
                cwd=self.home,
                env={
                    **os.environ,
                    **UNGUARDED,
                    "PYTHONPATH": str(Path(__file__).parents[1]),
                    "QWAVE_API_KEY": "k",
                    "QWAVE_BASE_URL": self.base_url,
                },
                stdout=log,
                stderr=log,
            )

    async def _kill_now_and_then(self, process: asyncio.subprocess.Process, until: float) -> None:
        await asyncio.sleep(FIRST_CALM_S)
        while time.monotonic() < until:
            await asyncio.sleep(self.rng.uniform(*CALM_S))
            workers = await asyncio.to_thread(self.ray.workers)
            if not workers:
                continue
            is_coordinator = self.rng.random() < COORDINATOR
            with suppress(ProcessLookupError):
                os.kill(process.pid if is_coordinator else self.rng.choice(workers), signal.SIGKILL)
                self.score.coordinator_kills += is_coordinator
                self.score.worker_kills += not is_coordinator

    def judge(self, simulator: Simulator) -> None:
        """Count what came of it."""
        folder, score = self.home / "run", self.score
        found, contents = audit(simulator, folder), contents_of(folder)
        statuses, is_sound = contents.statuses(), qb.open_run(folder).verify().is_sound
        said = (self.home / "log").read_text(encoding="utf-8")
        unfinished, is_bug = JOBS - statuses["completed"], "Traceback" in said
        score.folders += 1
        score.tasks += len(simulator.tasks())
        score.images += len(contents.images)
        answers = simulator.seen.answers.items()
        score.downloads += sum(count for (place, _), count in answers if place is FaultPlace.DOWNLOAD)
        score.paid_twice += found.paid_twice
        score.lost += found.lost
        score.unfinished += unfinished
        score.unsound += not is_sound
        score.bugs += is_bug
        if found.paid_twice or found.lost or unfinished or not is_sound or is_bug:
            print(f"seed {self.seed}: {found}, {dict(statuses)}\n{said[-3000:]}", flush=True)


async def chaos(chosen: argparse.Namespace, ray: StartedRay, score: RayScore) -> None:
    """Go on for as long as asked, or until a signal."""
    until, seed = time.monotonic() + 60 * chosen.minutes, chosen.seed
    while time.monotonic() < until:
        behaviour = Behaviour(seed=seed, latency=parse_latency("0.05..0.5"), faults=parse_faults(FAULTS))
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
            Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator,
        ):
            home = Path(name)
            (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
            async with serve(simulator) as base_url:
                one = Chaos(seed, home, ray, score, random.Random(seed), base_url)
                await one.go(until)
            one.judge(simulator)
        seed += 1


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first folder")
    chosen = parser.parse_args()
    score = RayScore()
    os.environ.update(UNGUARDED)
    with started_ray() as ray, suppress(KeyboardInterrupt):
        asyncio.run(chaos(chosen, ray, score))
    print(*score.lines(), sep="\n")


if __name__ == "__main__":
    main()
