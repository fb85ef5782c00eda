"""What does a job cost in CPU, beside a careful script that does the same without a ledger, start-up included?

Runs of this project and careful.py make the same images of the same embedded API, each in a process of its own, in
turn, round after round; the best round of each counts. The API's images are made beforehand: small ones of 64 x 64
pixels with 200 KB of metadata, where the calls and the bytes count, and large ones of 1024 x 1024, where decoding does.
The script decodes with Pillow, and once more with this project's own check ("same check"), which takes less.
CPU is the kernel's count for the whole process, user and system time.

    python -m benchmarks.job
    python -m benchmarks.job --jobs 208 --rounds 1 small:wait
"""

import argparse
import io
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from benchmarks.engine import CATALOG, CHECKOUT, ENVIRONMENT, KEY, served

DIFFERENT = 16
"""Images that are made beforehand."""
SPEC = """\
version: 1
name: job
catalog: "{catalog}"
completion: {completion}
prompts: [A teahouse]
request: {{model: z-image-turbo}}
matrix: {{seed: {{start: 1, count: {jobs}}}}}
limits: {{concurrency: {slots}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The work of all ways."""

    jobs: int
    slots: int
    latency_s: float
    completion: str
    side: int
    """Of the images, in pixels."""
    metadata_bytes: int
    """Of each image, as of a provenance manifest."""


KINDS = {"small": (64, 200_000), "large": (1024, 0)}


def load_of(name: str, *, jobs: int, slots: int, latency_s: float) -> Load:
    """Return the load of a name such as ``small:poll``."""
    kind, _, completion = name.partition(":")
    side, metadata_bytes = KINDS[kind]
    return Load(
        jobs=jobs, slots=slots, latency_s=latency_s, completion=completion, side=side, metadata_bytes=metadata_bytes
    )


@cache
def images_of(load: Load) -> Sequence[bytes]:
    """Return the images that the API serves for a load."""
    return [image_of(seed, load.side, load.metadata_bytes) for seed in range(DIFFERENT)]


def image_of(seed: int, side: int, metadata_bytes: int) -> bytes:
    """Return a PNG with soft shapes and some noise, as a photograph has."""
    rng = random.Random(seed)
    soft = Image.frombytes("RGB", (8, 8), rng.randbytes(192)).resize((side, side), Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", (side, side), bytes(value & 7 for value in rng.randbytes(side * side)))
    image = Image.merge("RGB", [Image.blend(band, noise, 0.1) for band in soft.split()])
    out = io.BytesIO()
    image.save(out, "PNG")
    data = out.getvalue()
    if not metadata_bytes:
        return data
    body = b"caBX" + rng.randbytes(metadata_bytes)
    chunk = struct.pack(">I", metadata_bytes) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]  # after IHDR


def served_load(load: Load, state: Path) -> AbstractContextManager[str]:
    """Serve the embedded API with the images of a load from another process; the base URL is its value."""
    return served(str(load.latency_s), state, images_of(load))


Way: TypeAlias = Callable[[str, Load, Path], Sequence[str]]
"""From base URL, load and an empty folder to the command that makes the images."""


def by_run(base_url: str, load: Load, folder: Path) -> Sequence[str]:
    """Return the command line of this project."""
    spec = folder / "spec.yaml"
    text = SPEC.format(catalog=CATALOG, completion=load.completion, jobs=load.jobs, slots=load.slots)
    spec.write_text(text, encoding="utf-8")
    return ("-m", "qwave_batch", "run", str(spec), "-o", str(folder / "made"), "--base-url", base_url, "--yes")


def by_care(check: str) -> Way:
    """Return what gives the command line of the careful script, with images checked by Pillow or by this project."""

    def command(base_url: str, load: Load, folder: Path) -> Sequence[str]:
        script = str(CHECKOUT / "benchmarks" / "careful.py")
        told = (str(load.jobs), str(load.slots), str(load.latency_s), load.completion, check)
        return (script, base_url, *told, str(folder / "made"))

    return command


WAYS: dict[str, Way] = {"run": by_run, "careful": by_care("pillow"), "same check": by_care("project")}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process."""

    cpu_s: float
    wall_s: float


def cost_of(way: str, load: Load) -> Cost:
    """Make the images in a process of its own and return what it took.

    Raises:
        SystemExit: it failed, or an image is missing; what it said is passed on.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {**ENVIRONMENT, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": KEY, "NO_COLOR": "1"}
        with served_load(load, folder / "state.sqlite") as base_url, (folder / "log").open("wb") as log:
            command = (sys.executable, *WAYS[way](base_url, load, folder))
            began = os.times()
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            wall_s = os.times().elapsed - began.elapsed
        images = sum(1 for _ in (folder / "made").rglob("*.png"))
        if process.returncode or images != load.jobs:
            raise SystemExit(f"{images} of {load.jobs} images\n{(folder / 'log').read_text(encoding='utf-8')[-3000:]}")
        return Cost(usage.ru_utime + usage.ru_stime, wall_s)


def compared(name: str, load: Load, rounds: int) -> str:
    """Measure all ways in turn and return a line of the table."""
    costs = [{way: cost_of(way, load) for way in WAYS} for _ in range(rounds)]
    cpu_ms = {way: min(each[way].cpu_s for each in costs) * 1000 / load.jobs for way in WAYS}
    wall_s = {way: min(each[way].wall_s for each in costs) for way in WAYS}
    run, *scripts = WAYS
    beside = "".join(f"{cpu_ms[way]:9.2f} ms{cpu_ms[run] / cpu_ms[way]:8.2f}" for way in scripts)
    return f"{name:12}{cpu_ms[run]:9.2f} ms{beside}" + "".join(f"{wall_s[way]:10.2f} s" for way in WAYS)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    asked = [f"{kind}:{completion}" for kind in KINDS for completion in ("poll", "wait")]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loads", nargs="*", default=asked, metavar="KIND:COMPLETION", help=" ".join(asked))
    parser.add_argument("--jobs", type=int, default=832)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that a task takes")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(argv)
    print(f"{args.jobs} jobs at {args.slots} slots; CPU a job, best of {args.rounds}")
    run, *scripts = WAYS
    heads = "".join(f"{way:>12}{'times':>8}" for way in scripts)
    print(f"{'':12}{run:>12}{heads}" + "".join(f"{way:>12}" for way in WAYS), flush=True)
    for name in args.loads:
        load = load_of(name, jobs=args.jobs, slots=args.slots, latency_s=args.latency)
        print(compared(name, load, args.rounds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
