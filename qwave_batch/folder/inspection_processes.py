"""Looks at many stored images on all cores, by processes of this program that read nothing but the artifacts.

Small images keep the interpreter busy, which one process can be but once. They are processes of our own and not those
of ``multiprocessing``, which would run the main script of a program that uses this package a second time.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import cycle
from typing import Generic, Self, TypeVar

from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import ArtifactStore, LocalArtifacts
from qwave_batch.folder.inspection_worker import INSPECTION, Found, Inspection
from qwave_batch.folder.stored_images import FileFault
from qwave_batch.imaging import formats
from qwave_batch.imaging.image_inspection import ImageInfo

T = TypeVar("T")

BATCH = 32
"""Images that a process is told of at a time."""
MOST_CHARACTERS = 8_000
"""Of what a process is told at a time: all that waits for it fits into a pipe, so that telling it more never blocks
while it waits to be listened to. A longer path is looked at without it."""
AHEAD = 2
"""Batches that a process has at once, so that it need not wait for the next one."""
MOST_PROCESSES = 16

_WORK = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from importlib import import_module
from qwave_batch.folder.inspection_worker import work
work(sys.argv[2], int(sys.argv[3]), import_module(sys.argv[4]).INSPECTION)
"""


def cores() -> int:
    """Return how many processes can work at once."""
    if hasattr(os, "sched_getaffinity"):  # macOS has none
        return min(len(os.sched_getaffinity(0)), MOST_PROCESSES)
    return min(os.cpu_count() or 1, MOST_PROCESSES)


def inspect_by_processes(
    tree: Tree, items: Iterable[tuple[T, str]], *, processes: int
) -> Iterator[tuple[T, ImageInfo | FileFault]]:
    """Yield each item with what ``inspect_stored`` says of its path; see ``ask_processes``."""
    return ask_processes(tree, items, INSPECTION, processes=processes)


def ask_processes(
    tree: Tree, items: Iterable[tuple[T, str]], inspection: Inspection[Found], *, processes: int
) -> Iterator[tuple[T, Found]]:
    """Yield each item with what an inspection says of its path, in order, and never many ahead.

    Args:
        tree: The root of local artifacts.
        items: Anything, with the path of an image.
        inspection: The question about each image.
        processes: How many processes work on it; they end with the iterator. This one does the work if none can be
            started.
    """
    artifacts = LocalArtifacts(tree)
    waiting: deque[tuple[_Worker[Found] | None, Sequence[tuple[T, str]]]] = deque()
    with ExitStack() as stack:
        workers = _workers(stack, tree, inspection, processes)
        turns = cycle(workers or [None])
        for batch, told in _batches(items):
            worker = next(turns) if len(told) <= MOST_CHARACTERS else None
            if worker is not None:
                worker.ask(told)
            waiting.append((worker, batch))
            if len(waiting) >= AHEAD * max(1, len(workers)):
                yield from _answers(artifacts, inspection, *waiting.popleft())
        while waiting:
            yield from _answers(artifacts, inspection, *waiting.popleft())


def _workers(stack: ExitStack, tree: Tree, inspection: Inspection[Found], processes: int) -> "list[_Worker[Found]]":
    workers: list[_Worker[Found]] = []
    if sys.getfilesystemencoding() != "utf-8":  # they would read names otherwise than this one, without its environment
        return workers
    with suppress(OSError):  # no more processes, no interpreter to start, or no place for temporary files
        shared = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the stack
        while len(workers) < processes:
            workers.append(stack.enter_context(_Worker(tree, shared.fileno(), inspection)))
    return workers


def _batches(items: Iterable[tuple[T, str]]) -> Iterator[tuple[list[tuple[T, str]], str]]:
    """Yield batches, each with the text that tells of its paths."""
    batch: list[tuple[T, str]] = []
    told = ""
    for item, path in items:
        text = json.dumps(path)
        if batch and (len(batch) == BATCH or len(told) + len(text) + 2 > MOST_CHARACTERS):
            yield batch, f"[{told}]"
            batch, told = [], ""
        batch.append((item, path))
        told += f",{text}" if told else text
    if batch:
        yield batch, f"[{told}]"


def _answers(
    artifacts: ArtifactStore,
    inspection: Inspection[Found],
    worker: "_Worker[Found] | None",
    batch: Sequence[tuple[T, str]],
) -> Iterator[tuple[T, Found]]:
    answers = None if worker is None else worker.answer()
    if answers is None:  # there is none, or it has ended, of its own or by the system
        answers = [inspection.look(artifacts, path) for _, path in batch]
    for (item, _), found in zip(batch, answers, strict=True):
        yield item, found


class _Worker(Generic[Found]):
    """One process; it ends with its block."""

    def __init__(self, tree: Tree, shared: int, inspection: Inspection[Found]) -> None:
        self._from_json = inspection.from_json
        arguments = (json.dumps(sys.path), str(tree.root), str(shared), inspection.module)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-I", "-X", "utf8", "-c", _WORK, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[shared],
            env=formats.apart.bare_environment(),
        )

    def ask(self, paths: str) -> None:
        """Tell it of the paths of some images, as a JSON array; it answers later."""
        stdin = self._process.stdin
        if stdin is not None:
            with suppress(BrokenPipeError):
                stdin.write(paths.encode() + b"\n")
                stdin.flush()

    def answer(self) -> list[Found] | None:
        """Return what it says of the images that it was told of first, or None when it has ended."""
        stdout = self._process.stdout
        line = b"" if stdout is None else stdout.readline()
        return [self._from_json(value) for value in json.loads(line)] if line.endswith(b"\n") else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # nobody waits for the image that it is at
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()
