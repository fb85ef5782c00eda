"""Shards of images that a ``verify`` with an executor has looked at, so that one that is killed can be gone on with.

The log lies in the workspace while such a verify is at work, and is gone when it ends: each verify that ended has
looked at everything. A shard is taken from it while its lines of the manifest say the same, and its files have the
sizes and times that they had before they were looked at; not from another version, nor in a copy of the folder, nor
after a day: a verify is about what disks do to files whose size and time stay. There is none if nothing can be
written.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final, TypeAlias

from qwave_batch.errors import QwaveError
from qwave_batch.files.appended_lines import AppendedLines, appended_lines
from qwave_batch.files.lone_writer import WrittenByAnother
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import Artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stored_images import FileFault
from qwave_batch.folder.workspace import PRIVATE, VERIFIED
from qwave_batch.model.clock import Clock
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.model.record import ImageFile
from qwave_batch.output.versions import PROGRAM, versions

MOST_AGE_S: Final = 24 * 3600
"""Since the newest shard was written."""
_MOST_BYTES = 1 << 26
"""Of a log that is read: some hundred thousand shards, or as many faults."""

Faults: TypeAlias = list[FileFault | None]
"""Of the images of a shard, in order; None for one that is as recorded."""


class VerifyLog:
    """The log of one folder; see ``open_verify_log``."""

    def __init__(self, layout: RunLayout, file: AppendedLines | None, kept: Mapping[str, Faults], place: str) -> None:
        self._layout, self._file, self._kept, self._place = layout, file, kept, place

    def key_of(self, images: Sequence[ImageFile]) -> str | None:
        """Return what tells a shard, as its lines and its files are now, from any other; None if nothing is kept."""
        if self._file is None:
            return None
        digest = hashlib.sha256(self._place.encode())
        for image, found in zip(images, self._files([image.path for image in images]), strict=True):
            recorded = (image.path, image.sha256, image.size_bytes, image.width, image.height, image.format)
            seen = None if found is None else (found.size_bytes, found.modified_ns, found.kind.value)
            digest.update(json.dumps([recorded, seen]).encode() + b"\n")
        return digest.hexdigest()

    def faults(self, key: str | None, images: int) -> Faults | None:
        """Return what was found of a shard of so many images; None if it has to be looked at."""
        kept = None if key is None else self._kept.get(key)
        return kept if kept is not None and len(kept) == images else None

    def add(self, key: str | None, faults: Faults) -> None:
        """Keep what was found of a shard, durably; if the disk refuses, go on without."""
        if self._file is None or key is None:
            return
        told = [[at, fault.kind, fault.message] for at, fault in enumerate(faults) if fault is not None]
        try:
            self._file.append([json.dumps([key, len(faults), told]).encode() + b"\n"])
        except OSError:
            self._file = None

    def _files(self, paths: Sequence[str]) -> Sequence[Artifact | None]:
        if any(path_fault(path) is not None for path in paths):  # not the paths of any run
            return [None] * len(paths)
        return self._layout.artifacts.look_all(paths)


@contextmanager
def open_verify_log(layout: RunLayout, clock: Clock) -> Iterator[VerifyLog]:
    """Yield the log of a folder; it is gone after a block that ends well, and stays after one that does not."""
    with ExitStack() as stack:
        file, kept = None, {}
        if layout.tree.is_folder(PRIVATE):  # else a copy without its workspace
            with suppress(OSError, QwaveError, NotRegular, WrittenByAnother):
                _remove_old(layout.tree, clock)
                file = stack.enter_context(appended_lines(layout.tree, VERIFIED))
                kept = _read(layout.tree)
        yield VerifyLog(layout, file, kept, _place_of(layout))
        if file is not None:
            remove_verify_log(layout.tree)


def remove_verify_log(tree: Tree) -> None:
    """Remove the log, after a verify that looked at everything; where that can't be done, it gets old."""
    with suppress(OSError, QwaveError):
        tree.remove(VERIFIED)


def _remove_old(tree: Tree, clock: Clock) -> None:
    status = tree.look(VERIFIED)
    if status is not None and not 0 <= clock.now() - status.st_mtime <= MOST_AGE_S:
        tree.remove(VERIFIED)


def _read(tree: Tree) -> dict[str, Faults]:
    kept: dict[str, Faults] = {}
    for line in tree.read(VERIFIED, most_bytes=_MOST_BYTES).splitlines():
        with suppress(ValueError, TypeError, IndexError):  # anybody may have written it
            key, images, told = json.loads(line)
            faults: Faults = [None] * images
            for at, kind, message in told:
                faults[at] = FileFault(kind=kind, message=message)
            kept[key] = faults
    return kept


def _place_of(layout: RunLayout) -> str:
    """Return what tells this folder, and this program, from a copy and from another version."""
    private = layout.tree.look(PRIVATE)
    inode = None if private is None else private.st_ino
    return json.dumps([versions()[PROGRAM], versions()["pillow"], os.fspath(layout.root.absolute()), inode])
