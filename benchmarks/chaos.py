"""Does anything that can go wrong make a run pay twice or lose an image?

For so many minutes, folder after folder: a real process runs against an API with every fault at once, dies as by
``kill -9`` at a random labelled point or a random time, and is begun again, until all is done. The books of the API and
the folder are looked at after each.

    python -m benchmarks.chaos --minutes 10 --side-by-side 2
"""

import argparse
import asyncio
import random
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.catalog.registry import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from tests.integration.doomed import FILES, JOURNAL, LEDGER, Doom, Moment, Plight, run
from tests.integration.settled import contents_of, lost, paid_twice
from tests.integration.test_run_under_faults import ALL, SPEC

POINTS = (*JOURNAL, *LEDGER, *FILES, *3 * ("intend", "accept", "complete", "store", "image"))
MOST_RUNS = 30
JOBS = 8


@dataclass(slots=True)
class Score:
    """What was tried and what came of it."""

    folders: int = 0
    runs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    faulty: int = 0
    tasks: int = 0
    paid_twice: int = 0
    lost: int = 0
    unknown: int = 0
    unfinished: int = 0
    crashed: int = 0


def plight_of(rng: random.Random) -> Plight:
    """Draw what a run has to live with; one in four is left alone."""
    if rng.random() < 0.25:
        return Plight()
    if rng.random() < 0.5:
        return Plight(dies_after_s=rng.uniform(0.02, 0.8), clock_jumps=rng.random() < 0.2)
    doom = Doom(at=rng.choice(POINTS), count=rng.randint(1, 3), moment=rng.choice(list(Moment)))
    return Plight(doom=doom, clock_jumps=rng.random() < 0.2)


async def one_folder(seed: int, home: Path, score: Score) -> None:
    """Run, die and go on until the folder is whole."""
    rng = random.Random(seed)
    spec, folder, log = home / "spec.yaml", home / "run", home / "log"
    spec.write_text(SPEC.replace("COUNT", str(JOBS // 2)), encoding="utf-8")
    behaviour = Behaviour(seed=seed, latency=parse_latency("0.02..0.3"), faults=parse_faults(ALL))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            for number in range(MOST_RUNS):
                is_last = number > MOST_RUNS // 2
                plight = Plight() if is_last else plight_of(rng)
                # What is final is tried again only late: its failures were not paid.
                argv = ("run", str(spec), "-o", str(folder), "--yes", *(["--retry-failed"] if is_last else []))
                end = await run(argv, base_url=base_url, log=log, plight=plight)
                score.runs += 1
                if end == -signal.SIGKILL:
                    score.kills[plight.doom.at if plight.doom else "at some time"] += 1
                if end == 0:
                    break
        score.folders += 1
        score.tasks += len(simulator.tasks())
        score.answers += simulator.seen.answers.total()
        score.faulty += sum(n for (_, status), n in simulator.seen.answers.items() if status != 200)
        score.paid_twice += paid_twice(simulator)
        contents = contents_of(folder)
        # a clock that jumps by days puts a key out of date: its job is unknown, and waits for a person's word
        unknown = contents.statuses()["unknown"]
        score.unknown += unknown
        missing = max(0, lost(simulator, contents) - unknown)
        score.lost += missing
        unending = sum(1 for task in simulator.tasks() if task.ends_at is None)
        score.unfinished += max(0, JOBS - unending - unknown - contents.statuses()["completed"])
        score.crashed += "Traceback" in log.read_text(encoding="utf-8")
        if paid_twice(simulator) or missing:
            print(f"seed {seed}: paid twice {paid_twice(simulator)}, lost {missing}")


async def keep_on(until: float, seeds: "asyncio.Queue[int]", score: Score) -> None:
    """Take seed after seed."""
    while time.monotonic() < until:
        with tempfile.TemporaryDirectory() as home:
            await one_folder(seeds.get_nowait(), Path(home), score)


async def chaos(minutes: float, side_by_side: int, seed: int) -> Score:
    """Go on for so long and return what came of it."""
    score = Score()
    seeds: asyncio.Queue[int] = asyncio.Queue()
    for number in range(seed, seed + 100_000):
        seeds.put_nowait(number)
    until = time.monotonic() + 60 * minutes
    await asyncio.gather(*(keep_on(until, seeds, score) for _ in range(side_by_side)))
    return score


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--side-by-side", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    score = asyncio.run(chaos(chosen.minutes, chosen.side_by_side, chosen.seed))
    print(f"{score.folders} folders of {JOBS} jobs, {score.runs} runs, {score.tasks} tasks")
    print(f"{score.kills.total()} kills at {len(score.kills)} points: {dict(score.kills.most_common())}")
    print(f"{score.answers} answers, {score.faulty} of them no 200")
    print(
        f"paid twice: {score.paid_twice}; lost: {score.lost}; unknown: {score.unknown}; "
        f"unfinished: {score.unfinished}; bugs: {score.crashed}"
    )


if __name__ == "__main__":
    main()
