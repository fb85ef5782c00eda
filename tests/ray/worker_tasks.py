"""Pieces of work that tests give to workers, which import them by name."""

import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path

from qwave_batch.folder.artifacts import ArtifactStore
from qwave_batch.folder.stored_images import FileFault


def adding(amount: int) -> Callable[[int], int]:
    return lambda item: item + amount


def dividing(_: None) -> Callable[[int], float]:
    return lambda item: 1 / item


def naming_variables(_: None) -> Callable[[int], list[str]]:
    return lambda _: sorted(os.environ)


def ending_on(deadly: int) -> Callable[[int], int]:
    """End the worker by one of the items, as the system does to one that takes too much memory."""

    def do(item: int) -> int:
        if item == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    return do


def ending_once(flag: Path) -> Callable[[int], int]:
    """End the worker by the first item that comes while the file is not there."""

    def do(item: int) -> int:
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    return do


def writing_for_ever(folder: Path) -> Callable[[int], None]:
    """Make files in a folder, named by the worker's id."""

    def do(_: int) -> None:
        for number in count():
            (folder / f"{os.getpid()}-{number}").touch()

    return do


def ending_at_the_last(_: ArtifactStore, path: str) -> FileFault:
    """Look at an image; the one with the number 8 ends the worker."""
    if path.endswith("8.png"):
        os.kill(os.getpid(), signal.SIGKILL)
    return FileFault(kind="missing", message=path)
