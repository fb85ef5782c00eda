"""Does anything that can go wrong make a run pay twice, lose an image or buy in vain?

For so many minutes, folder after folder: a real process runs against an API with every fault at once, dies as by
``kill -9`` at a random labelled point or a random time, finds files damaged or its tasks cancelled, and is begun again,
until all is done. The books of the API are then held to the ledger and to the folder, and each image to that of a run
that nothing happened to. In every other folder no image comes for a while, and there are few slots: "bought in vain
beyond the slots" counts the tasks that the API made while it served no image, from the first request for a file that
failed to the next one that was served, and beyond as many as there are slots.

    python -m benchmarks.chaos --minutes 10 --side-by-side 2
    python -m benchmarks.chaos --seed 5 --folders 1
    python -m benchmarks.chaos --stages --minutes 5    # a chain of three stages
    python -m benchmarks.chaos --store --minutes 5     # over an object store, see benchmarks/store_chaos.py

It may be stopped at any time by Ctrl-C or SIGTERM: what was counted until then is printed.
"""

import argparse
import asyncio
import itertools
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from benchmarks.droughts import SLOTS, WatchedSimulator, bought_in_vain, droughts
from benchmarks.staged_chaos import SPEC as STAGED_SPEC
from benchmarks.staged_chaos import waiting_for_parents
from benchmarks.store_chaos import StoreOfChaos, StoreScore, one_store
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults, parse_latency, serve
from qwave_batch.simulator.faults import KINDS, FaultName
from tests.integration.audit import audit
from tests.integration.doomed import FILES, INPUTS, JOURNAL, LEDGER, Doom, Moment, Plight, run
from tests.integration.settled import Contents, contents_of
from tests.integration.stores.conftest import Bucket

SPEC = """
version: 1
name: chaotic
catalog: "2026-05"
prompts:
  - {text: a lantern, request: {model: z-image-turbo, aspect_ratio: "1:1"}}
  - {text: a kite, request: {model: qwen-image-2.0, n: 2}}
matrix: {seed: {start: 1, count: 8}}
timeout: 2
completion: COMPLETION
limits: {concurrency: SLOTS}
"""
JOBS = 16
COMPLETIONS = ("auto", "poll", "wait", "webhook")
TRIES = {
    FaultName.PRICE_NOT_CONFIGURED: "@1..30",
    FaultName.MODEL_DENIED: "@1..30",
    FaultName.MODEL_NOT_FOUND: "@1..30",
    FaultName.PROMPT_DENIED: "#1",
    FaultName.ASSET_NOT_FOUND: "#1",
    FaultName.TASK_LOST: "#1..9",
}
"""Faults that would affect a model, a request or a task for ever."""
SECONDS = {FaultName.SHORT_LIVED: ":10"}
"""A model whose files are gone after 0.2 s never brings an image to a busy machine."""
RARE = frozenset(
    {
        FaultName.NEVER_ENDS,
        FaultName.BAD_KEY,
        FaultName.BALANCE_USED_UP,
        FaultName.INSUFFICIENT_QUOTA,
        FaultName.HTTP429_BARE,
        FaultName.OVERSIZED,
    }
)
"""Faults that end a run or make it wait; more of them would be fewer kills."""
OTHER_IMAGES = frozenset({FaultName.SEED_IGNORED, FaultName.SEED_LOOSE, FaultName.STAMPED_FILE})
"""Faults of models that make other images: nothing could be compared, and they hinder no run."""
FAULTS = ",".join(
    f"{place}.{name}={0.005 if name in RARE else 0.02}{TRIES.get(name, '')}"
    f"{SECONDS.get(name, ':0.2') if kind.seconds else ''}"
    for name, kind in KINDS.items()
    if name not in OTHER_IMAGES
    for place in sorted(kind.possible)
)
"""All others at all places, at any try: unlike in the tests a file may come broken twice, which is the end of it."""

Images: TypeAlias = dict[str, list[bytes]]
"""The files of each job."""

MADE = ("intend", "accept", "complete", "store", "image")
POINTS = (*JOURNAL, *LEDGER, *FILES, *3 * MADE)
STAGED_POINTS = (*POINTS, *2 * (INPUTS,))
LABELLED = len(Moment) * len({*JOURNAL, *LEDGER}) + len({*FILES, INPUTS})
AT_SOME_TIME = "at some time"
HURRIED = Plight(is_hurried=True)
WILD_RUNS = 15
"""Runs that may die; after them a person asks for all that is missing."""
MOST_RUNS = 30


@dataclass(slots=True)
class Score:
    """The trials and their outcomes."""

    folders: int = 0
    runs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    hurts: int = 0
    answers: int = 0
    faulty: int = 0
    tasks: int = 0
    images: int = 0
    paid_twice: int = 0
    paid_on_request: int = 0
    lost: int = 0
    in_vain: int = 0
    spoiled: int = 0
    wrong: int = 0
    unknown: int = 0
    unending: int = 0
    unfinished: int = 0
    bugs: int = 0

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        yield f"{self.folders} folders of {JOBS} jobs, {self.runs} processes, {self.tasks} tasks, {self.images} images"
        points = len(self.kills.keys() - {AT_SOME_TIME})
        yield (
            f"{self.kills.total()} kills: {self.kills[AT_SOME_TIME]} at some time, the others at {points} of "
            f"{LABELLED} labelled points; {self.hurts} files damaged in between"
        )
        yield ", ".join(f"{at} {count}" for at, count in self.kills.most_common())
        yield f"{self.answers} answers, {self.faulty} of them no 200"
        yield (
            f"paid twice: {self.paid_twice}; lost: {self.lost}; bought in vain beyond the slots: {self.in_vain}; "
            f"wrong images: {self.wrong}; bugs: {self.bugs}"
        )
        yield (
            f"images broken at the source or gone: {self.spoiled}; paid again on request: {self.paid_on_request}; "
            f"jobs whose task never ends: {self.unending}; unknown: {self.unknown}; unfinished: {self.unfinished}"
        )


@dataclass(slots=True)
class Story:
    """One folder, its API, and what happens to it."""

    seed: int
    home: Path
    score: Score
    rng: random.Random
    slots: int
    simulator: WatchedSimulator
    base_url: str
    points: Sequence[str]
    """The places at which its processes may die."""
    is_asked: bool = False
    """Whether a person has asked for what had failed for good."""

    @property
    def folder(self) -> Path:
        """Folder of the runs."""
        return self.home / "run"

    @property
    def log(self) -> Path:
        """Output of all processes."""
        return self.home / "log"

    async def go(self) -> None:
        """Run, die and go on until the folder is whole, or waits for a task that never ends.

        Once two plain runs have come to an end of their own, the benchmark asks for the rest as a person would.
        """
        in_vain = 0
        for number in range(MOST_RUNS):
            is_wild = number < WILD_RUNS
            end = await (self._wild_run() if is_wild else self._run("run", HURRIED))
            is_over = end == 0 or (end > 0 and self._waits_for_ever())
            if is_over and (not is_wild or self.rng.random() < 0.4 or not self._hurt()):
                return
            in_vain += end > 0
            if in_vain == 2 or number == WILD_RUNS:
                self._begin_to_ask()

    async def _wild_run(self) -> int:
        rng = self.rng
        if rng.random() < 0.3:
            self._hurt()
        if rng.random() < 0.15 and (self.folder / "manifest.jsonl").exists():
            command = rng.choice(("cancel", "refetch"))
            await self._run(
                command, replace(HURRIED, doom=Doom(at=rng.choice(("cancelled", "store", "image", "claim"))))
            )
            return -1
        return await self._run("run", plight_of(rng, self.points))

    async def _run(self, command: str, plight: Plight) -> int:
        argv = [command, str(self.folder)]
        if command == "run":
            argv = ["run", str(self.home / "spec.yaml"), "-o", str(self.folder), "--yes"]
            argv += ["--retry-failed", "--resubmit-unknown"] if self.is_asked else []
        end = await run(argv, base_url=self.base_url, log=self.log, plight=plight)
        self.score.runs += 1
        if end == -signal.SIGKILL:
            self.score.kills[_name(plight.doom)] += 1
        return end

    def _hurt(self) -> bool:
        """Delete or damage an image, or give it another date, or tear the manifest; return whether there was one."""
        files = [path for path in (self.folder / "images").rglob("*") if path.is_file()]
        if not files:
            return False
        path = self.rng.choice(files)
        match self.rng.randrange(4):
            case 0:
                path.unlink()
            case 1:
                os.truncate(path, path.stat().st_size // 2)
            case 2:
                os.utime(path)
            case _:
                with suppress(FileNotFoundError):
                    path = self.folder / "manifest.jsonl"
                    os.truncate(path, path.stat().st_size * 2 // 3)
        self.score.hurts += 1
        return True

    def _begin_to_ask(self) -> None:
        if not self.is_asked:
            self.is_asked = True
            self.score.paid_twice += audit(self.simulator, self.folder).paid_on_request  # nobody has requested it yet

    def _waits_for_ever(self) -> bool:
        """Whether all that is missing has a task that never ends, and no file is missing or damaged beside it."""
        contents = self._contents()
        if contents is None or not self._unending() or audit(self.simulator, self.folder).lost:
            return False
        return JOBS - contents.statuses()["completed"] == self._unending() + waiting_for_parents(contents.lines)

    def _contents(self) -> Contents | None:
        try:
            return contents_of(self.folder)
        except (FileNotFoundError, ValueError):  # no run has come to its end yet
            return None

    def _unending(self) -> int:
        return sum(1 for task in self.simulator.tasks() if task.ends_at is None)

    def judge(self, undisturbed: Images) -> None:
        """Count what came of it."""
        score, found, contents = self.score, audit(self.simulator, self.folder), self._contents()
        statuses: Counter[str] = contents.statuses() if contents else Counter()
        images = images_of(contents) if contents else {}
        # One of two images says that it is one of two: only as many as were asked for can be compared.
        wrong = sum(len(its) == len(undisturbed[job]) and its != undisturbed[job] for job, its in images.items())
        answers = self.simulator.seen.answers
        in_vain = bought_in_vain(self.simulator.deeds, self.slots)
        score.folders += 1
        score.tasks += len(self.simulator.tasks())
        score.images += sum(map(len, images.values()))
        score.answers += answers.total()
        score.faulty += sum(n for (_, status), n in answers.items() if status != 200)
        score.paid_twice += found.paid_twice
        score.paid_on_request += found.paid_on_request
        score.lost += found.lost
        score.in_vain += in_vain
        score.spoiled += found.spoiled
        score.wrong += wrong
        score.unknown += statuses["unknown"]
        score.unending += self._unending()
        known = statuses["completed"] + statuses["unknown"] + self._unending()
        waiting = waiting_for_parents(contents.lines) if contents else 0
        unfinished = max(0, JOBS - known - waiting)
        score.unfinished += unfinished
        is_bug = "Traceback" in self.log.read_text(encoding="utf-8")
        score.bugs += is_bug
        if found.paid_twice or found.lost or in_vain or wrong or unfinished or is_bug:
            self._keep(f"{found}, {in_vain} in vain, {wrong} wrong, {dict(statuses)}")

    def _keep(self, why: str) -> None:
        kept = Path(tempfile.mkdtemp(prefix=f"chaos-{self.seed}-"))
        shutil.copytree(self.home, kept, dirs_exist_ok=True)
        print(f"seed {self.seed}: {why}; kept in {kept}", flush=True)


def plight_of(rng: random.Random, points: Sequence[str]) -> Plight:
    """Draw what a run has to live with; one in ten is left alone."""
    if rng.random() < 0.1:
        return HURRIED
    if rng.random() < 0.4:
        return replace(HURRIED, dies_after_s=rng.uniform(0.02, 0.8), clock_jumps=rng.random() < 0.1)
    doom = Doom(at=rng.choice(points), count=rng.choice((1, 1, 1, 2, 5)), moment=rng.choice(list(Moment)))
    return replace(HURRIED, doom=doom, clock_jumps=rng.random() < 0.1)


def images_of(contents: Contents) -> Images:
    """Return the images that the lines of a manifest name."""
    return {
        line["job_id"]: [contents.images.get(image["path"], b"") for image in line["images"]] for line in contents.lines
    }


def spec_of(completion: str, slots: int, *, is_staged: bool) -> str:
    """Return the spec of a folder."""
    return (STAGED_SPEC if is_staged else SPEC).replace("COMPLETION", completion).replace("SLOTS", str(slots))


async def undisturbed_images(*, is_staged: bool) -> Images:
    """Return what a run makes that nothing happens to."""
    with tempfile.TemporaryDirectory() as name, Simulator(catalog=open_catalog("2026-05")) as simulator:
        home = Path(name)
        (home / "spec.yaml").write_text(spec_of("auto", JOBS, is_staged=is_staged), encoding="utf-8")
        async with serve(simulator) as base_url:
            argv = ("run", str(home / "spec.yaml"), "-o", str(home / "run"), "--yes")
            assert await run(argv, base_url=base_url, log=home / "log") == 0, "an undisturbed run ends well"
        return images_of(contents_of(home / "run"))


async def one_folder(seed: int, home: Path, score: Score, undisturbed: Images, *, is_staged: bool) -> None:
    """Tell the story of one seed."""
    rng = random.Random(seed)
    is_dry = seed % 2 == 1
    slots = rng.choice(SLOTS) if is_dry else JOBS
    spec = spec_of(rng.choice(COMPLETIONS), slots, is_staged=is_staged)
    (home / "spec.yaml").write_text(spec, encoding="utf-8")
    faults = parse_faults(",".join((FAULTS, droughts(rng)) if is_dry else (FAULTS,)))
    behaviour = Behaviour(seed=seed, latency=parse_latency("0.02..0.3"), faults=faults)
    with WatchedSimulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        async with serve(simulator) as base_url:
            story = Story(
                seed=seed,
                home=home,
                score=score,
                rng=rng,
                slots=slots,
                simulator=simulator,
                base_url=base_url,
                points=STAGED_POINTS if is_staged else POINTS,
            )
            await story.go()
        story.judge(undisturbed)


async def chaos(chosen: argparse.Namespace, score: "Score | StoreScore") -> None:
    """Go on for as long as asked, or until a signal."""
    task = asyncio.current_task()
    assert task is not None, "it runs as a task"
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    seeds = itertools.islice(itertools.count(chosen.seed), chosen.folders)
    with StoreOfChaos() if chosen.store else nullcontext() as bucket:
        await _go_on(chosen, score, seeds, bucket)


async def _go_on(
    chosen: argparse.Namespace, score: "Score | StoreScore", seeds: Iterator[int], bucket: Bucket | None
) -> None:
    undisturbed = await undisturbed_images(is_staged=chosen.stages) if bucket is None else {}
    until = time.monotonic() + 60 * chosen.minutes if chosen.folders is None else float("inf")

    async def keep_on() -> None:
        while time.monotonic() < until and (seed := next(seeds, None)) is not None:
            if isinstance(score, StoreScore):
                assert bucket is not None
                await one_store(seed, bucket, score)
                continue
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
                await one_folder(seed, Path(home), score, undisturbed, is_staged=chosen.stages)

    async with asyncio.TaskGroup() as group:
        for _ in range(chosen.side_by_side):
            group.create_task(keep_on())


def _name(doom: Doom | None) -> str:
    if doom is None:
        return AT_SOME_TIME
    return doom.at if doom.at in {*FILES, INPUTS} else f"{doom.moment} {doom.at}"


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--folders", type=int, help="so many folders, however long they take")
    parser.add_argument("--side-by-side", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0, help="of the first folder")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--store", action="store_true", help="over an object store, from one folder to another")
    place.add_argument("--stages", action="store_true", help="a chain of three stages, with as many jobs")
    chosen = parser.parse_args()
    score: Score | StoreScore = StoreScore() if chosen.store else Score()
    with suppress(asyncio.CancelledError):
        asyncio.run(chaos(chosen, score))
    print(*score.lines(), sep="\n")


if __name__ == "__main__":
    main()
