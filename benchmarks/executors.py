"""How many images a second come in with the local executor and with Ray, with 1, 2 and 4 workers?

Runs of the command line, each a process of its own, fetch, check and store the same images of 1024 x 1024 from the same
embedded API, made beforehand and handed out as they are: as the simulator draws them, which are small and quickly
decoded, and with the noise of a photograph. The clock runs from the first submit to the end of the run; the start-up
before it is shown apart, with that of Ray. CPU is that of the coordinator's process alone, without Ray's own processes.
Server, coordinator, Ray and workers share the cores of this machine, so that more workers than cores can bring nothing
here: what is to be seen is what they take off the coordinator. It needs the extra ``ray``.

    python -m benchmarks.executors
    python -m benchmarks.executors --jobs 200 --images photo:png --workers 0 1 2
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from benchmarks.engine import CATALOG, CHECKOUT, ENVIRONMENT, KEY, served
from benchmarks.job import image_of
from qwave_batch.simulator.image_drawing import ImageDesign, render

DIFFERENT = 12
"""Images that are drawn beforehand."""
SIDE = 1024
KINDS = ("drawn:png", "drawn:jpeg", "photo:png", "photo:jpeg")
LATENCY = "0.2..0.4"
SPEC = """\
version: 1
name: executors
catalog: "{catalog}"
completion: wait
prompts: [A teahouse]
request: {{model: z-image-turbo}}
matrix: {{seed: {{start: 1, count: {jobs}}}}}
limits: {{concurrency: {slots}}}
"""
LOCAL = 0
"""Stands for no workers of Ray."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One run."""

    images_per_s: float
    start_up_s: float
    coordinator_ms: float
    """CPU of an image."""
    peak_mib: float

    def __str__(self) -> str:
        """Return the columns of a table."""
        return (
            f"{self.images_per_s:10.1f}{self.start_up_s:10.1f} s{self.coordinator_ms:12.2f} ms{self.peak_mib:8.0f} MiB"
        )


@cache
def images_of(kind: str) -> Sequence[bytes]:
    """Return the images of a kind such as ``photo:png``."""
    look, _, image_format = kind.partition(":")
    make = drawn if look == "drawn" else photographed
    return [make(seed, image_format) for seed in range(DIFFERENT)]


def drawn(seed: int, image_format: str) -> bytes:
    """Return an image as the simulator draws it."""
    design = ImageDesign(
        model="z-image-turbo",
        prompt="A teahouse by a canal in the rain, seen from a bridge, at dusk",
        seed=seed,
        variation=str(seed),
        ratio="1:1",
        tier="16k",  # the simulator draws with a sixteenth of the pixels
        format=image_format,
        transparent=False,
        count=1,
    )
    return render(design, 1)


def photographed(seed: int, image_format: str) -> bytes:
    """Return an image with soft shapes and some noise."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(image_of(seed, SIDE, 0))) as image:
        image.save(out, image_format, quality=90)
    return out.getvalue()


def timed(kind: str, workers: int, *, jobs: int, slots: int) -> Timed:
    """Make the images with so many workers.

    Raises:
        SystemExit: it failed, or an image is missing; what it said is passed on.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, spec = Path(name), Path(name, "spec.yaml")
        spec.write_text(SPEC.format(catalog=CATALOG, jobs=jobs, slots=slots), encoding="utf-8")
        chosen = () if workers == LOCAL else ("--executor", "ray", "--workers", str(workers))
        script = str(CHECKOUT / "benchmarks" / "metered_run.py")
        with served(LATENCY, folder / "state.sqlite", images_of(kind)) as base_url:
            told = ("run", str(spec), "-o", str(folder / "made"), "--base-url", base_url, "--yes", "--json", *chosen)
            done = subprocess.run(
                (sys.executable, script, "usual", *told),
                env={**ENVIRONMENT, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": KEY, "NO_COLOR": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
        images = sum(file.is_file() for file in (folder / "made" / "images").rglob("*"))
    if done.returncode or images != jobs:
        raise SystemExit(f"{images} of {jobs} images\n{done.stderr[-3000:]}")
    found = json.loads(done.stderr.strip().splitlines()[-1])
    return Timed(
        images_per_s=jobs / (found["wall"] - found["first submit, wall"]),
        start_up_s=found["first submit, wall"],
        coordinator_ms=(found["process"] - found["first submit, CPU"]) * 1000 / jobs,
        peak_mib=found["peak MiB"],
    )


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=600)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--images", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--workers", type=int, nargs="*", default=[LOCAL, 1, 2, 4], help="of Ray; 0 is no Ray")
    parser.add_argument("--rounds", type=int, default=2, help="the fastest counts")
    args = parser.parse_args(argv)
    print(f"{args.jobs} images of 1024 x 1024 at {args.slots} slots; {os.cpu_count()} cores; best of {args.rounds}")
    for kind in args.images:
        size_kb = sum(map(len, images_of(kind))) / DIFFERENT / 1000
        head = f"{kind}, {size_kb:,.0f} KB"
        print(f"{head:22}{'images/s':>10}{'start-up':>12}{'coordinator':>15}{'peak':>12}")
        rounds = [
            {workers: timed(kind, workers, jobs=args.jobs, slots=args.slots) for workers in args.workers}
            for _ in range(args.rounds)
        ]
        for workers in args.workers:
            best = max((each[workers] for each in rounds), key=lambda one: one.images_per_s)
            shown = "local" if workers == LOCAL else f"ray, {workers} worker{'s' * (workers > 1)}"
            print(f"  {shown:20}{best}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
