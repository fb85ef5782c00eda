"""What do thumbnails cost: images a second and core, what ``run --report`` adds, and memory at ten times the images?

Images are of 1024 x 1024 pixels and pack as photographs do. A thumbnail comes from the decode that judges the image;
beside it stands the plain way, a check and then a second decode with Pillow, as small as Pillow lets it be. The runs
are of images that all differ, against the embedded API in another process, and of the report all is counted: its
thumbnails and its pages.

    python -m benchmarks.thumbnails
    python -m benchmarks.thumbnails --jobs 100 --images 500
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image

from benchmarks.checks import photographs, pictures
from benchmarks.engine import served
from benchmarks.folder import Measured, make_folder, measured
from benchmarks.job import Load, by_run, image_of
from qwave_batch.imaging.image_inspection import inspect_bytes
from qwave_batch.imaging.thumbnail import inspect_with_picture, thumbnail_of

SIDE = 1024
MAKE = """
import sys
from pathlib import Path
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.report.thumbnail_making import make_thumbnails
from qwave_batch.report.thumbnail_store import open_thumbnails
out = Path(sys.argv[1], "report")
out.mkdir(exist_ok=True)
with open_folder(sys.argv[1]) as reader, open_thumbnails(out) as store:
    make_thumbnails([reader], store, threads=int(sys.argv[2]) or None)
"""
"""Makes the thumbnails of a folder, in a process of its own."""


def plainly(data: bytes) -> bytes:
    """Check an image, decode it once more, and return its thumbnail."""
    inspect_bytes(data)
    out = BytesIO()
    with Image.open(BytesIO(data)) as image:
        image.thumbnail((256, 256), Image.Resampling.BICUBIC, reducing_gap=2.0)
        image.convert("RGB").save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def milliseconds(work: Callable[[], object], seconds: float) -> float:
    """Return the CPU milliseconds of one call; the best of several stretches."""
    best = float("inf")
    for _ in range(5):
        began, done = time.process_time(), 0
        while time.process_time() - began < seconds / 5:
            work()
            done += 1
        best = min(best, (time.process_time() - began) / done * 1000)
    return best


def by_format(data: bytes, seconds: float) -> str:
    """Return the columns of one format."""
    check = milliseconds(lambda: inspect_bytes(data), seconds)
    made = milliseconds(lambda: thumbnail_of(inspect_with_picture(data)[1]), seconds)
    plain = milliseconds(lambda: plainly(data), seconds)
    return f"check {check:5.1f} ms, with its thumbnail {made:5.1f} ms ({1000 / made:3.0f}/s), plainly {plain:5.1f} ms"


def run_of(jobs: int, *options: str) -> Measured:
    """Measure one run of so many large images, with these options."""
    load = Load(jobs=jobs, slots=16, latency_s=0.0, completion="wait", side=SIDE, metadata_bytes=0)
    images = [image_of(seed, SIDE, 0) for seed in range(jobs)]
    with tempfile.TemporaryDirectory() as name, served("0", Path(name, "state.sqlite"), images) as base_url:
        return measured((*by_run(base_url, load, Path(name)), *options))


def run_beside_report(jobs: int, rounds: int) -> str:
    """Return what a report adds to a run; the best round of each counts."""
    plain, reported = (
        min((run_of(jobs, *options) for _ in range(rounds)), key=lambda found: found.cpu_s)
        for options in ((), ("--report",))
    )
    added = (reported.cpu_s - plain.cpu_s) / jobs * 1000
    return f"{jobs:,} jobs: run {plain}   with --report {reported}   {added:.1f} ms of CPU an image more"


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement of one image")
    parser.add_argument("--jobs", type=int, default=300, help="of the runs; 0 for none")
    parser.add_argument("--rounds", type=int, default=2, help="of the runs")
    parser.add_argument("--images", type=int, default=20_000, help="of the larger folder; 0 for none")
    args = parser.parse_args(argv)
    for image_format, data in photographs(SIDE).items():
        print(f"{image_format:<5} of {SIDE} x {SIDE}: {by_format(data, args.seconds)}", flush=True)
    if args.jobs:
        print(run_beside_report(args.jobs, args.rounds), flush=True)
    for images in (args.images // 10, args.images) if args.images else ():
        with suppress(FileNotFoundError), tempfile.TemporaryDirectory() as name:
            folder = make_folder(Path(name), images, pictures(images, "0.02k"))
            first, second = (measured(("-c", MAKE, str(folder), "0")) for _ in range(2))
            print(f"{images:,} small images: {first}   again: {second}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
