"""How fast are exports of many images, beside a plain copy of them, and does their memory stay as it is?

A finished folder of tiny images, each another picture, is made through the ledger's own journal, as folder.py does it.
Then the images are copied by `cp -r`, the folder is verified and checked, and exported in every format: each by a
process of its own, start-up included. CPU and memory are those of the process and of all that it starts. With more than
one size the peaks of memory are compared in the end: an export streams, so they should not grow with the images.

Input images are what the format `pairs` is about, so it has a folder of edits, all of one input.

    python -m benchmarks.exports
    python -m benchmarks.exports 1000 5000 --only hf --only parquet --keep /tmp/folders
    python -m benchmarks.exports --only webdataset --executor ray --workers 2
"""

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from benchmarks.folder import Design, Measured, make_folder, measured
from qwave_batch.cli.overview import COMMANDS
from qwave_batch.export.formats import FORMATS
from qwave_batch.imaging.image_inspection import ImageInfo

SIZES = (10_000, 100_000)
PIXELS = 32
COPY = "cp -r"
LOOKS = tuple(command for command in ("verify", "check") if command in COMMANDS)
GROWTH = 1.25
"""A peak of memory that is larger by more than this, and by more than the slack, has grown with the images."""
SLACK_MIB = 16
EDITS = """\
version: 1
name: folder
catalog: "2026-10"
prompts: ["The same teahouse, in snow"]
request: {{model: qwen-image-2.0, action: edit, image_urls: [input.png]}}
repeat: {jobs}
"""


class DistinctDesigns(Sequence[Design]):
    """As many tiny pictures as are asked for, each another one, PNG and JPEG in turn; drawn when they are taken."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int | slice) -> Design:  # type: ignore[override]
        """Return a picture; only single ones are asked for."""
        assert isinstance(number, int)
        noise = Image.frombytes("RGB", (5, 5), random.Random(number).randbytes(75))
        form, out = ("png", "jpeg")[number % 2], BytesIO()
        noise.resize((PIXELS, PIXELS), Image.Resampling.BICUBIC).save(out, form)
        data = out.getvalue()
        info = ImageInfo(
            format=form, width=PIXELS, height=PIXELS, sha256=sha256(data).hexdigest(), size_bytes=len(data)
        )
        return Design(data, info)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    name: str
    images: int
    measured: Measured


@contextmanager
def finished_folder(keep: Path | None, jobs: int, spec: str | None) -> Iterator[Path]:
    """Yield a finished folder, kept where a place for it is named, and used again from there."""
    with tempfile.TemporaryDirectory() as scratch:
        place = (keep or Path(scratch)) / f"{'edits' if spec else 'images'}-{jobs}"
        if not (place / "whole").exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            Image.new("RGB", (PIXELS, PIXELS), "teal").save(place / "input.png")
            make_folder(place, jobs, DistinctDesigns(jobs), *((spec,) if spec else ()))
            (place / "whole").touch()
        yield place / "made"


def export_line(name: str, folder: Path, out: Path, executor: Sequence[str]) -> Sequence[str]:
    """Return the arguments of Python that export a folder."""
    place = out / ("dataset" if FORMATS[name].is_folder else f"dataset.{name}")
    return ("-m", "qwave_batch", "export", str(folder), "--to", name, str(place), *executor)


def copied(folder: Path, out: Path) -> Measured:
    """Measure a plain copy of the images."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(("cp", "-r", folder / "images", out / "copy"), check=True)
    wall_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall_s=wall_s, cpu_s=cpu_s, peak_mib=0.0)


def lines_of(folder: Path, names: Sequence[str], images: int, executor: Sequence[str]) -> Iterator[Line]:
    """Measure one after the other, each into a place of its own that is removed again."""
    for name in names:
        with tempfile.TemporaryDirectory() as scratch:
            if name == COPY:
                found = copied(folder, Path(scratch))
            elif name in LOOKS:
                found = measured(("-m", "qwave_batch", name, str(folder), "--json"), fine=(0, 1))
            else:
                found = measured(export_line(name, folder, Path(scratch), executor))
        yield Line(name, images, found)


def shown(line: Line, copy: Measured) -> str:
    """Return a line of the table."""
    one = line.measured
    times, of_cpu = one.wall_s / copy.wall_s, one.cpu_s / copy.cpu_s
    return f"{line.name:12}{line.images:>9,}{line.images / one.wall_s:>10,.0f}/s{one}{times:>8.1f}{of_cpu:>8.1f}"


def grown(lines: Sequence[Line]) -> Iterator[str]:
    """Yield a sentence for each name of which there are two sizes."""
    for name in dict.fromkeys(line.name for line in lines if line.measured.peak_mib):
        of_name = sorted((line for line in lines if line.name == name), key=lambda line: line.images)
        least, most = of_name[0], of_name[-1]
        if least.images == most.images:
            continue
        before, after = least.measured.peak_mib, most.measured.peak_mib
        verdict = "GROWS" if after > before * GROWTH and after > before + SLACK_MIB else "stays"
        print_of = f"{before:,.0f} MiB at {least.images:,}, {after:,.0f} MiB at {most.images:,}"
        yield f"memory of {name:12} {verdict}: {print_of}"


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=int, nargs="*", default=SIZES, help="how many, for each folder")
    names = (*LOOKS, *FORMATS)
    parser.add_argument("--only", choices=names, action="append", help="may be given again")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the folders there, and use them again")
    parser.add_argument("--executor", choices=("local", "ray"), default="local", help="what does the exports' work")
    parser.add_argument("--workers", metavar="N", help="with ray")
    args = parser.parse_args(argv)
    executor = ["--executor", args.executor, *(["--workers", args.workers] if args.workers else [])]
    asked = [name for name in names if args.only is None or name in args.only]
    bar = tqdm(total=len(args.images) * (len(asked) + 1), unit="measurement", leave=False)
    lines: list[Line] = []
    bar.write(f"{'':12}{'images':>9}{'':>12}{'wall':>10}{'CPU':>10}{'peak':>11}{'times':>8}{'CPU':>8}", file=sys.stdout)
    for images in sorted(args.images):
        copy: Measured | None = None
        for spec, of_folder in (
            (None, [COPY, *(name for name in asked if name != "pairs")]),
            (EDITS, ["pairs"] if "pairs" in asked else []),
        ):
            if not of_folder:
                continue
            bar.set_description(f"a folder of {images:,}")
            with finished_folder(args.keep, images, spec) as folder:
                for line in lines_of(folder, of_folder, images, executor):
                    copy = copy or line.measured
                    lines.append(line)
                    bar.write(shown(line, copy), file=sys.stdout)
                    bar.set_description(f"after {line.name}")
                    bar.update()
    bar.close()
    for sentence in grown(lines):
        print(sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
