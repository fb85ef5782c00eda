"""The thumbnails of a report's folder: found again by the hash of their image, each made once."""

import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

from qwave_batch.errors import FolderError
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.imaging.thumbnail import Thumbnail
from qwave_batch.report.kept_thumbnails import (
    MADE,
    MOST_THUMBNAIL_BYTES,
    THUMBS,
    KeptThumbnail,
    path_of_name,
    read_thumbnail_record,
    still_there,
    thumbnail_line,
    thumbnail_record,
)
from qwave_batch.report.reported_images import name_of_image

_MAKING: Final = f"{THUMBS}/making.txt"
"""The record of those that were made since ``made.txt`` was written; each has its line before its file is in place, so
that a process that is killed loses none of them and leaves none that nobody knows."""
_PART: Final = f"{THUMBS}/.part"
"""Half-written files."""
_TRIES: Final = 5


class ThumbnailStore:
    """The thumbnails of one folder; ``add`` may be called from many threads. See ``open_thumbnails``."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lock = Lock()
        """Held to change what is known, and to write the record."""
        self._kept: dict[str, KeptThumbnail] = {}
        self._recorded: dict[str, KeptThumbnail] = {}
        """The content of ``made.txt``."""
        self._mark = secrets.token_hex(4)
        """Tells half-written files from those of another process."""
        self._log: BinaryIO | None = None
        self._is_closed = False

    @property
    def path(self) -> Path:
        """The report's folder."""
        return self._tree.root

    def has(self, sha256: str) -> bool:
        """Whether there is a thumbnail of an image."""
        return name_of_image(sha256) in self._kept

    def tiny(self, sha256: str) -> str | None:
        """Return the nine pixels that stand in for an image; None for one that has no thumbnail."""
        kept = self._kept.get(name_of_image(sha256))
        return None if kept is None else kept.tiny

    def add(self, sha256: str, thumbnail: Thumbnail) -> None:
        """Keep the thumbnail of an image.

        Raises:
            StorageError: the disk refuses.
            FolderError, NotRegular: a link or a folder stands where it belongs.
        """
        name, kept = name_of_image(sha256), KeptThumbnail.of(thumbnail)
        part = self._begin(name, kept)
        if part is None:
            return
        self._put(name, kept, part, thumbnail.webp)

    def take(self, other: Tree, path: str, name: str, kept: KeptThumbnail) -> bool:
        """Give a thumbnail of another folder a second name here, or copy it where there can't be one.

        Returns:
            False if it is gone, or not what is on record there.
        """
        part = self._begin(name, kept)
        if part is None:
            return False
        with storage_errors(self.path, "remove", part), suppress(FileNotFoundError):
            self._tree.remove(part)
        if self._tree.link_from(other, path, part):
            self._finish(name, kept, part)
            return True
        try:
            data = other.read(path, most_bytes=MOST_THUMBNAIL_BYTES)
        except (OSError, FolderError, NotRegular):
            return False
        if zlib.crc32(data) != kept.checksum:
            return False
        self._put(name, kept, part, data)
        return True

    def refresh(self) -> frozenset[str]:
        """Forget thumbnails whose files are not as they were left, and return the names of the others."""
        with self._lock:
            known = dict(self._kept)
        with storage_errors(self.path, "read", THUMBS):
            there = still_there(self._tree, known)
        with self._lock:
            for name, kept in known.items():
                if self._kept.get(name) == kept and name not in there:  # else it was made meanwhile
                    del self._kept[name]
            self._kept.update(there)
        return frozenset(there)

    def remove(self, names: Iterable[str]) -> int:
        """Remove thumbnails by name, and return how many were there. Files that were not made here stay."""
        removed = 0
        for name in names:
            path = path_of_name(name)
            with self._lock:
                is_known = self._kept.pop(name, None) is not None
            if not is_known:
                continue
            with storage_errors(self.path, "remove", path), suppress(FileNotFoundError):
                self._tree.remove(path)
                removed += 1
            with suppress(OSError):  # other thumbnails are in it
                self._tree.remove_folder(path.rpartition("/")[0])
        return removed

    def open(self) -> None:
        """Read the record, with what a process that was killed has left of its own."""
        with storage_errors(self.path, "make the folder", THUMBS):
            self._tree.make_folder(THUMBS)
        self._recorded = read_thumbnail_record(self._tree, MADE)
        left = read_thumbnail_record(self._tree, _MAKING)
        self._kept = {**self._recorded, **left}
        self.refresh()
        with storage_errors(self.path, "remove", _PART):
            for found in self._tree.entries(_PART):
                self._tree.remove(found.path)
        if left or not self._tree.is_file(
            MADE
        ):  # which tells the folder of a report from others, from the first moment
            self._write_record()

    def close(self) -> None:
        """Write the record; what is added from now on is not kept: a thread that nobody waits for may be at work."""
        with self._lock:
            self._is_closed = True
            if self._log is not None:
                self._log.close()
                self._log = None
            if self._kept != self._recorded:
                self._write_record()
            with suppress(OSError):
                self._tree.remove_folder(_PART)

    def _begin(self, name: str, kept: KeptThumbnail) -> str | None:
        """Put a thumbnail that is about to be written on record, and return the path of its half-written file.

        Returns:
            None once the store is closed.
        """
        with storage_errors(self.path, below=_MAKING), self._lock:
            if self._is_closed:
                return None
            if self._log is None:
                self._tree.make_folder(_PART)
                self._log = self._tree.create(_MAKING)
                _write(self._log, thumbnail_record({}))
            _write(self._log, thumbnail_line(name, replace(kept, modified_ns=None)))
        return f"{_PART}/{name}-{self._mark}.webp"

    def _put(self, name: str, kept: KeptThumbnail, part: str, data: bytes) -> None:
        """Write a file, and give it its place.

        Another process may keep the same report, as a server beside a run does: when it begins and when it ends, it
        clears half-written files away.
        """
        for tries_left in reversed(range(_TRIES)):
            with storage_errors(self.path, below=part):
                try:
                    self._tree.make_folder(_PART)
                    with self._tree.create(part) as file:
                        _write(file, data)
                    status = self._place(part, path_of_name(name))
                except FileNotFoundError:
                    if not tries_left:
                        raise
                else:
                    self._note(name, kept, status)
                    return

    def _finish(self, name: str, kept: KeptThumbnail, part: str) -> None:
        """Give a whole file its place."""
        path = path_of_name(name)
        with storage_errors(self.path, below=path):
            status = self._place(part, path)
        self._note(name, kept, status)

    def _place(self, part: str, path: str) -> os.stat_result | None:
        self._tree.make_folder(path.rpartition("/")[0])
        status = self._tree.look(part)
        self._tree.move(part, path, is_durable=False)
        with suppress(FileNotFoundError):  # a file that has both names already is not renamed
            self._tree.remove(part)
        return status

    def _note(self, name: str, kept: KeptThumbnail, status: os.stat_result | None) -> None:
        with self._lock:
            self._kept[name] = replace(kept, modified_ns=None if status is None else status.st_mtime_ns)

    def _write_record(self) -> None:
        write_atomic(self._tree, MADE, thumbnail_record(self._kept))
        self._recorded = dict(self._kept)
        with storage_errors(self.path, "remove", _MAKING), suppress(FileNotFoundError):
            self._tree.remove(_MAKING)


@contextmanager
def open_thumbnails(out: Path) -> Iterator[ThumbnailStore]:
    """Yield the thumbnails of a report's folder, which is there.

    Raises:
        FolderError: a link stands in the way.
        StorageError: the disk refuses.
    """
    store = ThumbnailStore(Tree(out))
    store.open()
    try:
        yield store
    finally:
        store.close()


def _write(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
