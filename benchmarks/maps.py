"""Does the memory of verify, check and report stay as it is when the workers of a Ray look at many images?

Finished folders of tiny images, each another picture, as exports.py makes them. Each command runs with processes of its
own and with a Ray of its own, start-up included. The peak is that of the command's own process, without workers: with
a Ray it holds no image, so it should be no more than without one. Images so small are the worst case of a Ray: hardly
anything is done to them but to hand them on.

    python -m benchmarks.maps
    python -m benchmarks.maps 1000 10000 --workers 2 --only verify --keep /tmp/folders
"""

import argparse
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.exports import finished_folder

SIZES = (10_000, 100_000)
NAMES = ("verify", "check", "report")
LEFT = ("report", ".qwave/looks.sqlite", "checks.jsonl")
"""Removed before each command, so that it looks at all images."""
LOOK_S = 0.1
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Mapped:
    """One line of the table."""

    name: str
    executor: str
    images: int
    wall_s: float
    peak_mib: float

    def __str__(self) -> str:
        """Return the line."""
        told = f"{self.name:8}{self.executor:8}{self.images:>9,}{self.images / self.wall_s:>9,.0f}/s"
        return f"{told}{self.wall_s:>9.1f} s{self.peak_mib:>8.0f} MiB"


def mapped(name: str, folder: Path, images: int, workers: int | None) -> Mapped:
    """Measure a command over a folder at which nobody has looked."""
    for left in LEFT:
        place = folder / left
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    there = () if workers is None else ("--executor", "ray", "--workers", str(workers))
    began = time.monotonic()
    process = subprocess.Popen(
        (sys.executable, "-m", "qwave_batch", name, str(folder), "--json", *there), stdout=subprocess.DEVNULL
    )
    peaks = [0]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_S):
            peaks.extend(int(kib) for kib in _PEAK.findall(Path(f"/proc/{process.pid}/status").read_text()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    ended.set()
    watcher.join()
    if process.returncode not in (0, 1):  # 1: something was found
        raise SystemExit(f"{name} ended with {process.returncode}")
    return Mapped(name, "local" if workers is None else "ray", images, time.monotonic() - began, max(peaks) / 1024)


def measurements(folder: Path, images: int, names: Sequence[str], workers: int) -> Iterator[Mapped]:
    """Measure each command in both ways."""
    for name in names:
        for count in (None, workers):
            yield mapped(name, folder, images, count)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=int, nargs="*", default=SIZES, help="how many, for each folder")
    parser.add_argument("--workers", type=int, default=2, help="of the Ray; 2 without it")
    parser.add_argument("--only", choices=NAMES, action="append", help="may be given again")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the folders there, and use them again")
    args = parser.parse_args(argv)
    print(f"{'':16}{'images':>9}{'':>11}{'wall':>11}{'peak':>12}")
    found: list[Mapped] = []
    for images in sorted(args.images):
        with finished_folder(args.keep, images, None) as folder:
            for each in measurements(folder, images, args.only or NAMES, args.workers):
                found.append(each)
                print(each, flush=True)
    for name in args.only or NAMES:
        peaks = [
            f"{each.peak_mib:,.0f} MiB at {each.images:,}"
            for each in found
            if (each.name, each.executor) == (name, "ray")
        ]
        print(f"peak of {name} with a Ray: {', '.join(peaks)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
