"""What does a job cost in time, polls, CPU and memory, beside a script written by hand and beside its bare requests?

A run of this project, once as it is and once by polling alone, and by_hand.py with the documents' poll every 2 seconds
and with eight times as many, each a process of its own against an embedded API of its own. Makespan is the wall time
of the whole process, start-up included, in ideals: the sum of the tasks' latencies over the slots. CPU is the kernel's
count for the process; what a run of one job takes is its start-up. The bare requests are what a loop around aiohttp
alone takes for a submit, for as many polls as the run made and for a download into a file, start-up left out; kept is
with what it takes beside that to decode and hash an image and to make its bytes and its name survive a power cut, by
plain calls. Both are measured at full load, where a request is cheapest; the runs of jobs that take no time are, too.

    python benchmarks/engine.py
    python benchmarks/engine.py --jobs 416 --memory 1000 10000 100000
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.imaging.image_inspection import inspect_bytes
from qwave_batch.simulator import Behaviour, Settings, Simulator, parse_latency, serve_forever
from qwave_batch.simulator.image_drawing import ImageDesign, render

CHECKOUT = Path(__file__).parents[1]
CATALOG, KEY = "2026-05", "sk-benchmark"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""That of this process, which in a container may forbid to keep bytecode: every process would compile all modules."""
NO_TIME = "0"  # seconds that a task takes where only the requests count
LOOK_S = 0.01
"""From one look at a process to the next; its wall time is known no better."""
IMAGES = {".png", ".jpg", ".jpeg", ".webp"}
SPEC = """\
version: 1
name: engine
catalog: "{catalog}"
completion: {completion}
prompts: [A teahouse]
request: {{model: z-image-turbo}}
matrix: {{seed: {{start: 1, count: {jobs}}}}}
limits: {{concurrency: {slots}}}
"""

HEADS = (
    ("makespan", 10),
    ("in ideals", 10),
    ("polls", 8),
    ("start-up", 13),
    ("CPU a job", 12),
    ("bare", 11),
    ("times", 8),
    ("kept", 11),
    ("times", 8),
    ("peak", 12),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One way to make the images, as the kernel saw its process."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    polls: int
    ideal_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """CPU milliseconds of one request of each kind."""

    submit_ms: float
    poll_ms: float
    download_ms: float
    keep_ms: float
    """Cost of checking an image and storing it durably."""
    image_kb: float

    def job_ms(self, polls: float) -> float:
        """Return what the requests of a job take that is asked about so often."""
        return self.submit_ms + polls * self.poll_ms + self.download_ms

    def kept_ms(self, polls: float) -> float:
        """Return the same with an image that is checked and safe."""
        return self.job_ms(polls) + self.keep_ms


Way = Callable[[str, int, int, Path], Sequence[str]]
"""From base URL, jobs, slots and an empty folder to the command that makes the images."""


def by_run(completion: str) -> Way:
    """Return the command line of this project."""

    def command(base_url: str, jobs: int, slots: int, folder: Path) -> Sequence[str]:
        spec = folder / "spec.yaml"
        text = SPEC.format(catalog=CATALOG, completion=completion, jobs=jobs, slots=slots)
        spec.write_text(text, encoding="utf-8")
        made = str(folder / "made")
        return ("-m", "qwave_batch", "run", str(spec), "-o", made, "--base-url", base_url, "--yes", "--json")

    return command


def by_hand(every_s: float) -> Way:
    """Return the script."""

    def command(base_url: str, jobs: int, slots: int, folder: Path) -> Sequence[str]:
        script = CHECKOUT / "benchmarks" / "by_hand.py"
        return (str(script), base_url, str(jobs), str(slots), str(every_s), str(folder / "made"))

    return command


RUN = by_run("auto")
WAYS = {
    "run": RUN,
    "run, polling": by_run("poll"),
    "by hand, every 2 s": by_hand(2),
    "by hand, every 0.25 s": by_hand(0.25),
}


def serve(told: Connection, latency: str, state: Path, images: Sequence[bytes]) -> None:
    """Serve the embedded API until the process is ended."""
    behaviour = Behaviour(latency=parse_latency(latency))
    rich = Settings(granted_usd=1e6)
    turns = cycle(images)  # so that every way gets each image as often

    def draw(design: ImageDesign, number: int) -> bytes:
        return next(turns) if images else render(design, number)

    with Simulator(catalog=open_catalog(CATALOG), behaviour=behaviour, state_path=state, settings=rich) as simulator:
        asyncio.run(serve_forever(simulator, draw=draw, on_ready=told.send))


@contextmanager
def served(latency: str, state: Path, images: Sequence[bytes] = ()) -> Iterator[str]:
    """Serve the embedded API from another process and yield its base URL; ``images`` take the place of its own."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs, latency, state, images), daemon=True)
    server.start()
    try:
        yield ours.recv()
    finally:
        server.terminate()
        server.join()


def called(way: Way, *, jobs: int, slots: int, latency: str) -> Call:
    """Make the images in a process of its own and measure that process.

    Raises:
        SystemExit: it failed, or an image is missing; what it said is passed on.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        out, log, state = folder / "out", folder / "log", folder / "state.sqlite"
        environment = {**ENVIRONMENT, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": KEY, "NO_COLOR": "1"}
        with served(latency, state) as base_url, out.open("wb") as stdout, log.open("wb") as stderr:
            command = (sys.executable, *way(base_url, jobs, slots, folder))
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment)
            ended = peak_kib = 0
            while not ended:
                peak_kib = max(peak_kib, peak_kib_of(process.pid))
                time.sleep(LOOK_S)
                ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            wall_s = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
        images = sum(1 for file in (folder / "made").rglob("*") if file.suffix in IMAGES)
        if process.returncode or images != jobs:
            raise SystemExit(f"{images} of {jobs} images\n{log.read_text(encoding='utf-8')[-3000:]}")
        answer = json.loads(out.read_text(encoding="utf-8"))
        with Simulator(catalog=open_catalog(CATALOG), state_path=state) as simulator:
            latencies_s = [task.ends_at - task.created_at for task in simulator.tasks() if task.ends_at is not None]
    return Call(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=peak_kib / 1024,
        polls=answer if isinstance(answer, int) else answer["requests"]["poll"],
        ideal_s=sum(latencies_s) / slots,
    )


def peak_kib_of(pid: int) -> int:
    """Return the most memory that a process has held so far; 0 when it has ended, and where there is no /proc."""
    # VmHWM and not wait4: a child inherits the latter's maximum from the process that started it
    try:
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    except OSError:
        return 0
    return int(found[1]) if found else 0


async def cpu_ms(call: Callable[[int], Awaitable[None]], *, calls: int, at_once: int) -> float:
    """Return the CPU milliseconds of one call, with so many on their way at once."""
    todo = iter(range(calls))

    async def worker() -> None:
        for number in todo:
            await call(number)

    before = time.process_time()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return (time.process_time() - before) * 1000 / calls


async def measured_bare(base_url: str, *, calls: int, at_once: int, folder: Path) -> Bare:
    """Return what the requests take without anything around them."""
    ids, urls, sizes, headers = [""] * calls, [""] * calls, [0] * calls, {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

        async def submit(number: int) -> None:
            request = {"model": "z-image-turbo", "prompt": "A teahouse", "seed": number}
            async with session.post(f"{base_url}/tasks", json=request, headers=headers) as response:
                ids[number] = (await response.json())["task_id"]

        async def poll(number: int) -> None:
            async with session.get(f"{base_url}/tasks/{ids[number]}", headers=headers) as response:
                task = await response.json()
            urls[number] = task["result"]["images"][0]["url"][0]

        async def download(number: int) -> None:
            async with session.get(urls[number]) as response:
                sizes[number] = (folder / f"{number}.png").write_bytes(await response.read())

        async def keep(number: int) -> None:
            file = folder / f"{number}.png"
            inspect_bytes(file.read_bytes())
            sync(file)
            file.replace(file.with_suffix(".kept"))
            sync(folder)

        spent = [await cpu_ms(call, calls=calls, at_once=at_once) for call in (submit, poll, download, keep)]
    submit_ms, poll_ms, download_ms, keep_ms = spent
    return Bare(
        submit_ms=submit_ms,
        poll_ms=poll_ms,
        download_ms=download_ms,
        keep_ms=keep_ms,
        image_kb=sum(sizes) / calls / 1000,
    )


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def bare_requests(calls: int, at_once: int) -> Bare:
    """Measure the bare requests against an embedded API of their own."""
    with tempfile.TemporaryDirectory() as folder, served(NO_TIME, Path(folder, "state.sqlite")) as base_url:
        return asyncio.run(measured_bare(base_url, calls=calls, at_once=at_once, folder=Path(folder)))


def row(name: str, way: Way, bare: Bare, *, jobs: int, slots: int, latency: str) -> str:
    """Measure a way and return its line of the table."""
    whole = called(way, jobs=jobs, slots=slots, latency=latency)
    start_ms = called(way, jobs=1, slots=slots, latency=NO_TIME).cpu_s * 1000
    polls, job_ms = whole.polls / jobs, (whole.cpu_s * 1000 - start_ms) / jobs
    bare_ms, kept_ms = bare.job_ms(polls), bare.kept_ms(polls)
    return (
        f"{name:24}{whole.wall_s:8.2f} s{whole.wall_s / whole.ideal_s:10.3f}{polls:8.2f}{start_ms:10.0f} ms"
        f"{job_ms:9.2f} ms{bare_ms:8.2f} ms{job_ms / bare_ms:8.2f}{kept_ms:8.2f} ms{job_ms / kept_ms:8.2f}"
        f"{whole.peak_mib:8.0f} MiB"
    )


def at_full_load(bare: Bare, *, jobs: int, slots: int) -> str:
    """Measure a run of jobs that take no time and return its line."""
    whole = called(RUN, jobs=jobs, slots=slots, latency=NO_TIME)
    start_s = called(RUN, jobs=1, slots=slots, latency=NO_TIME).cpu_s
    polls, job_ms = whole.polls / jobs, (whole.cpu_s - start_s) * 1000 / jobs
    return (
        f"run of {jobs:,} jobs that take no time: {whole.peak_mib:.0f} MiB at most, "
        f"{jobs / whole.wall_s:.0f} a second, {job_ms:.2f} ms CPU a job, {job_ms / bare.job_ms(polls):.2f} times bare, "
        f"{job_ms / bare.kept_ms(polls):.2f} times kept"
    )


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=832)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--latency", default="normal(2,0.3)", help="what a task takes: 2, 1..4, normal(2,0.3)")
    parser.add_argument("--memory", type=int, nargs="*", default=[1000], metavar="JOBS", help="runs for their memory")
    args = parser.parse_args(argv)
    bare = bare_requests(args.jobs, args.slots)
    print(
        f"{args.jobs} jobs at {args.slots} slots, each {args.latency} s; bare requests: submit {bare.submit_ms:.2f}, "
        f"poll {bare.poll_ms:.2f}, download of {bare.image_kb:.0f} KB {bare.download_ms:.2f} ms CPU, "
        f"keeping it {bare.keep_ms:.2f}"
    )
    heads = "".join(f"{head:>{width}}" for head, width in HEADS)
    print(f"{'':24}{heads}", flush=True)
    for name, way in WAYS.items():
        print(row(name, way, bare, jobs=args.jobs, slots=args.slots, latency=args.latency), flush=True)
    for jobs in args.memory:
        print(at_full_load(bare, jobs=jobs, slots=args.slots), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
