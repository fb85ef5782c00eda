"""What does it cost to reach the files of a run folder by handles, and not by paths that links can bend?

For many small files, processor time a file for what a run does with each: make it, look whether its name is free, and
move it there; without syncs, which cost the same both ways. Paths and handles take turns within one run.

    python -m benchmarks.handles
"""

import os
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from qwave_batch.files.tree import Tree

FILES, ROUNDS = 2_000, 7
DATA = b"x" * 1_000


def by_path(root: Path) -> float:
    """Return microseconds a file."""
    began = time.process_time()
    (root / "images" / "m").mkdir(parents=True)
    (root / ".qwave" / "partial").mkdir(parents=True)
    for number in range(FILES):
        partial, target = root / ".qwave" / "partial" / f"{number}.part", root / "images" / "m" / f"{number}.png"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.write(descriptor, DATA)
        os.close(descriptor)
        if not target.exists():
            partial.replace(target)
    return (time.process_time() - began) / FILES * 1e6


def by_handle(root: Path) -> float:
    """Return microseconds a file."""
    began = time.process_time()
    tree = Tree(root)
    tree.make_folder("images/m")
    tree.make_folder(".qwave/partial")
    for number in range(FILES):
        partial, target = f".qwave/partial/{number}.part", f"images/m/{number}.png"
        with tree.create(partial) as file:
            file.write(DATA)
        if tree.look(target) is None:
            tree.move(partial, target, is_durable=False)
    return (time.process_time() - began) / FILES * 1e6


def main() -> None:
    """Print the medians."""
    paths: list[float] = []
    handles: list[float] = []
    for _ in range(ROUNDS):
        with TemporaryDirectory() as first, TemporaryDirectory() as second:
            paths.append(by_path(Path(first)))
            handles.append(by_handle(Path(second)))
    print(f"CPU a file: {median(paths):.0f} us by paths, {median(handles):.0f} us by handles")


if __name__ == "__main__":
    main()
