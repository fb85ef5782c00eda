"""What does a check cost: near duplicates among 100,000 hashes, images a second, and memory at ten times the images?

The search runs over hashes of chance, over hashes of flat pictures that have most bits in common, and over hashes of
which each has ten near it; beside it stands the time that comparing every two would take, from a part of them. Images
are those of the simulator, in a folder that is made without a run. Each check is a process of its own.

    python -m benchmarks.checks
    python -m benchmarks.checks --hashes 20000 --images 2000
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from benchmarks.folder import Design, Measured, make_folder, measured
from qwave_batch.imaging.image_inspection import inspect_bytes
from qwave_batch.imaging.picture_fingerprint import fingerprint_of
from qwave_batch.quality.alike_search import DEFAULT_DISTANCE, AlikeSearch
from qwave_batch.simulator.image_drawing import ImageDesign, render

BITS = 64
CELLS = bytes(192)
COMPARED = 300
"""Hashes by which the time of comparing every two is told."""
DISTINCT = 400
"""Pictures of a folder; each stands there several times, in files of its own."""


def of_chance(rng: random.Random, count: int) -> list[int]:
    """Return hashes that have nothing to do with each other."""
    return [rng.getrandbits(BITS) for _ in range(count)]


def of_flat_pictures(rng: random.Random, count: int) -> list[int]:
    """Return hashes that differ in 24 bits only, and most of them seldom in more than a few of those."""
    bits = rng.sample(range(BITS), 24)
    return [sum(1 << bit for bit in bits if rng.random() < 0.25) for _ in range(count)]


def in_groups(rng: random.Random, count: int) -> list[int]:
    """Return hashes in groups of eleven that are near each other."""
    first = of_chance(rng, count // 11 + 1)
    return [rng.choice(first) ^ sum({1 << rng.randrange(BITS) for _ in range(2)}) for _ in range(count)]


def searched(hashes: Sequence[int], distance: int) -> tuple[float, int]:
    """Return the CPU seconds of a search and how many pictures stay."""
    began = time.process_time()
    search = AlikeSearch(distance, expected=len(hashes), sample=hashes, cells_of=lambda _: CELLS)
    stay = sum(search.first_like(number, value, CELLS) is None for number, value in enumerate(hashes))
    return time.process_time() - began, stay


def compared(hashes: Sequence[int], distance: int) -> float:
    """Return the CPU seconds that comparing every two would take."""
    some = hashes[:COMPARED]
    began = time.process_time()
    for value in some:
        sum((value ^ other).bit_count() <= distance for other in some)
    return (time.process_time() - began) * len(hashes) ** 2 / 2 / len(some) ** 2


def pictures(count: int, tier: str) -> list[Design]:
    """Return pictures of the simulator, PNG and JPEG in turn."""
    made = []
    for number in range(count):
        design = ImageDesign(
            model="model", prompt=f"prompt {number}", seed=None, variation=str(number), ratio="1:1", tier=tier,
            format=("png", "jpeg")[number % 2], transparent=False, count=1,
        )  # fmt: skip
        data = render(design, 1)
        made.append(Design(data, inspect_bytes(data)))
    return made


def photographs(pixels: int) -> Mapping[str, bytes]:
    """Return one picture that packs as a photograph does, in each format."""
    rng, files = random.Random(1), {}
    noise = Image.frombytes("L", (pixels, pixels), rng.randbytes(pixels * pixels))
    slope = Image.linear_gradient("L").resize((pixels, pixels))
    image = Image.merge("RGB", (Image.blend(slope, noise, 0.1), slope.rotate(90), slope))
    for image_format in ("jpeg", "png", "webp"):
        out = BytesIO()
        image.save(out, image_format)
        files[image_format] = out.getvalue()
    return files


def a_second(data: bytes, seconds: float = 1.0) -> tuple[float, float]:
    """Return how many images a second one core judges, and how many fingerprints it takes."""
    info = inspect_bytes(data)
    rates = []
    for work in (lambda: inspect_bytes(data), lambda: fingerprint_of(data, info.format, (info.width, info.height))):
        began, done = time.process_time(), 0
        while time.process_time() - began < seconds:
            work()
            done += 1
        rates.append(done / (time.process_time() - began))
    return rates[0], rates[1]


def checked(folder: Path) -> Measured:
    """Measure one check of a folder, which finds the copies in it."""
    return measured(("-m", "qwave_batch", "check", str(folder)), fine=(0, 1))


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hashes", type=int, default=100_000)
    parser.add_argument("--near", type=int, nargs="*", default=[DEFAULT_DISTANCE, 6, 8])
    parser.add_argument("--images", type=int, default=100_000, help="of the larger folder; 0 for none")
    args = parser.parse_args(argv)
    for kind in (of_chance, of_flat_pictures, in_groups):
        hashes = kind(random.Random(1), args.hashes)
        for distance in args.near:
            took, stay = searched(hashes, distance)
            every = compared(hashes, distance)
            what = f"{len(hashes):,} hashes {kind.__name__.replace('_', ' ')}, within {distance}"
            print(f"{what}: {took:.1f} s, every two {every:.0f} s, {stay:,} stay")
    for image_format, data in photographs(1024).items():
        judged, fingerprints = a_second(data)
        print(f"{image_format} of 1024 x 1024: {judged:.0f} judged a second and core, {fingerprints:.0f} fingerprints")
    for images in (args.images // 10, args.images) if args.images else ():
        with tempfile.TemporaryDirectory() as name:
            folder = make_folder(Path(name), images, pictures(DISTINCT, "0.02k"))
            print(f"{images:,} images, first check: {checked(folder)}   second:{checked(folder)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
