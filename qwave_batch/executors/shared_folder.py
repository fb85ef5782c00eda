"""A run folder that workers reach as this process does: by the same path, or by the address of its store."""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from qwave_batch.errors import FolderError, QwaveError
from qwave_batch.executors.workers import Work, Workers
from qwave_batch.folder.artifacts import MANIFEST, size_of
from qwave_batch.folder.layout import RunLayout, is_run_folder

_END_BYTES = 1 << 16
"""Read of the manifest's beginning and of its end to tell it from another one."""
_TRIES = 5
"""A run at work replaces its manifest now and then; it does not do so between every two looks."""

_Mark: TypeAlias = tuple[int, str]
"""The size of a manifest, and a hash of its ends."""


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """The place of a run folder, for workers."""

    address: str
    """An absolute path, or the address of the store that has the artifacts."""
    root: str
    """The folder's path as messages of this process name it."""

    @classmethod
    def of(cls, layout: RunLayout) -> "SharedFolder":
        """Return the place of a folder."""
        return cls(layout.store_address or os.path.abspath(layout.root), str(layout.root))  # noqa: PTH100 - without ..

    def layout(self) -> RunLayout:
        """Return the folder's layout, on a worker; raises as ``RunLayout.at`` does."""
        return RunLayout.at(self.address)

    def check_is_there(self, layout: RunLayout) -> None:
        """Refuse a folder that has gone from under a worker, as with a disk of the network: its images are not missing.

        Raises:
            FolderError: it is gone.
        """
        if layout.store is None and not is_run_folder(layout.root):
            raise FolderError(
                f"a worker does not reach {self.address} any more; nothing follows from that for its images"
            )

    def as_shown(self, message: str) -> str:
        """Return what a worker says of a file in the words of this process, which may name the folder otherwise."""
        if self.address == self.root:
            return message
        below = "" if self.root == "." else f"{self.root}/"
        return message.replace(f"{self.address}/", below).replace(self.address, self.root)


def check_reach(workers: Workers, layouts: Iterable[RunLayout]) -> None:
    """Refuse folders that the workers of some machine do not reach, or where they find another one; nothing is written.

    Raises:
        FolderError: there is one, with the machine.
        WorkersGone: there are no workers any more.
    """
    for layout in layouts:
        _check_reach(workers, layout)


def _check_reach(workers: Workers, layout: RunLayout) -> None:
    folder = SharedFolder.of(layout)
    for tries_left in reversed(range(_TRIES)):
        before = _mark_of(layout)
        found = workers.on_each_node(Work(_looking, folder), None)
        marks = {before, _mark_of(layout)}
        refused = [each for each in found if each.result not in marks]
        if not refused:
            return
        first = refused[0]
        if isinstance(first.result, str):
            raise _unreached(folder, first.host, first.result)
        if len(marks) == 1 or not tries_left:
            raise _unreached(folder, first.host, "another manifest lies there")


def _unreached(folder: SharedFolder, host: str, reason: str) -> FolderError:
    if Path(folder.address).is_absolute():
        way_out = "keep the folder on a disk that all machines share, under the same path"
    else:
        way_out = "give the workers access to the store"
    return FolderError(
        f"the workers on {host} do not reach {folder.address}: {reason}; {way_out}, or do the work on one machine"
    )


def _looking(folder: SharedFolder) -> "Callable[[None], _Mark | str | None]":
    """Return what looks at a folder, on a worker."""

    def look(_: None) -> _Mark | str | None:
        try:
            return _mark_of(folder.layout())
        except QwaveError as error:
            return str(error)

    return look


def _mark_of(layout: RunLayout) -> _Mark | None:
    """Return what tells a folder's manifest from others; None when it is not there."""
    try:
        with layout.artifacts.open(MANIFEST) as file:
            size_bytes = size_of(file)
            ends = file.read(_END_BYTES)
            file.seek(max(0, size_bytes - _END_BYTES))
            return size_bytes, hashlib.sha256(ends + file.read(_END_BYTES)).hexdigest()
    except FileNotFoundError:
        return None
