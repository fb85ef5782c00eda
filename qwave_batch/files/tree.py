"""A folder and its content: opened, created, moved and removed through handles, and never through a link."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from qwave_batch.files.folder_handles import (
    NEW_FILE_FLAGS,
    Found,
    LinkInTheWay,
    create_temporary,
    entries_of_folder,
    folder_handle,
    names_in_folder,
    parts_of_path,
)
from qwave_batch.files.regular_files import NotRegular, irregular_kind, open_regular, read_regular, sync_folder

PRIVATE_MODE = 0o600
SHARED_MODE = 0o640
PRIVATE_FOLDER_MODE = 0o700
SHARED_FOLDER_MODE = 0o750
MAX_DEPTH = 100
"""Levels of folders that a walk enters: each level costs a walk from the root."""
_UPDATE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE_BYTES = 1 << 20
_BATCH = 1_000
"""Entries of a walk that are looked at together."""
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR)


@dataclass(frozen=True, slots=True)
class Tree:
    """A root folder. Every path is relative to it, with ``/``; the root itself may be reached over links.

    Each call walks from the root by handles, so a folder that is swapped for a link between two calls, or within one,
    is rejected and not followed.
    """

    root: Path

    def look(self, path: str) -> os.stat_result | None:
        """Return the status of the entry itself, or None when it, or a folder above it, is missing.

        Raises:
            LinkInTheWay: a folder above it is a link or a file.
        """
        try:
            with self._at(path) as (folder, name):
                return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise

    def is_file(self, path: str) -> bool:
        """Whether the path is a regular file."""
        status = self.look(path)
        return status is not None and stat.S_ISREG(status.st_mode)

    def is_folder(self, path: str) -> bool:
        """Whether the path is a folder, and not a link to one."""
        status = self.look(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def open(self, path: str) -> BufferedReader:
        """Open a regular file to read.

        Raises:
            NotRegular, LinkInTheWay: it is not one, or is reached over a link.
            OSError: it is not there, or the system refuses.
        """
        with self._at(path) as (folder, name):
            return open_regular(name, shown_as=str(self.root / path), dir_fd=folder)

    def read(self, path: str, *, most_bytes: int) -> bytes:
        """Return the content of a small regular file; raises as ``open`` does, and NotRegular when it is larger."""
        with self.open(path) as file:
            return read_regular(file, shown_as=str(self.root / path), most_bytes=most_bytes)

    def create(self, path: str, *, mode: int = SHARED_MODE) -> BinaryIO:
        """Create a new file for writing; a file or link of that name is removed and not written to.

        Raises:
            NotRegular: a folder, a pipe or a device has the name.
            OSError: its folder is not there, or the system refuses.
        """
        with self._at(path) as (folder, name):
            with suppress(FileNotFoundError):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if not stat.S_ISLNK(status.st_mode):
                    _refuse_other_kinds(status, self.root / path)
                os.unlink(name, dir_fd=folder)
            # unbuffered: the writer counts the bytes that the disk accepted
            return os.fdopen(os.open(name, NEW_FILE_FLAGS, mode, dir_fd=folder), "wb", buffering=0)

    def open_to_update(self, path: str, *, mode: int = PRIVATE_MODE) -> int:
        """Return the descriptor of a regular file to read and write in place, created if missing.

        Raises:
            NotRegular, LinkInTheWay: it is not one, or is reached over a link.
            OSError: the system refuses.
        """
        with self._at(path) as (folder, name):
            with suppress(FileNotFoundError):
                _refuse_other_kinds(os.stat(name, dir_fd=folder, follow_symlinks=False), self.root / path)
            descriptor = os.open(name, _UPDATE, mode, dir_fd=folder)
            try:
                _refuse_other_kinds(os.fstat(descriptor), self.root / path)
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor

    def unshare(self, path: str) -> None:
        """Give a file with several names, as in a snapshot of hard links, content of its own under this name.

        Later writes to it do not affect the other names.
        """
        status = self.look(path)
        if status is None or status.st_nlink <= 1:
            return
        with self.open(path) as file:
            self.write_atomic(path, iter(partial(file.read, _PIECE_BYTES), b""), mode=stat.S_IMODE(status.st_mode))

    def write_atomic(self, path: str, data: bytes | Iterable[bytes], *, mode: int = SHARED_MODE) -> None:
        """Replace a file by ``data``, all of it or nothing; an iterable is streamed.

        A concurrent reader sees either the old content or the new one. When this returns, the new one survives
        a power cut; when ``data`` or the system raises, the old one is untouched and nothing is left beside it.
        """
        with self._at(path) as (folder, name):
            with suppress(FileNotFoundError):
                _refuse_other_kinds(os.stat(name, dir_fd=folder, follow_symlinks=False), self.root / path)
            temporary, file = create_temporary(folder, name, mode)
            try:
                for piece in (data,) if isinstance(data, bytes) else data:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
                file.close()
                os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
                sync_folder(folder)
            except BaseException:
                with suppress(OSError):
                    file.close()  # on a full disk it fails a second time, over what is still in its buffer
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise

    def move(self, source: str, target: str, *, is_durable: bool = True) -> None:
        """Rename a file, replacing any file of that name, and make the name durable."""
        self.move_from(self, source, target, is_durable=is_durable)

    def move_from(self, other: "Tree", source: str, target: str, *, is_durable: bool = True) -> None:
        """Move a file of another tree here, as ``move`` does; both must be on one file system."""
        with other._at(source) as (from_folder, old), self._at(target) as (to_folder, new):  # noqa: SLF001 - a Tree too
            os.replace(old, new, src_dir_fd=from_folder, dst_dir_fd=to_folder)
            if is_durable:
                self._make_durable(to_folder)

    def remove(self, path: str) -> None:
        """Remove a file, or a link itself; raises FileNotFoundError when nothing is there."""
        with self._at(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder."""
        with self._at(path) as (folder, name):
            os.rmdir(name, dir_fd=folder)

    def make_folder(self, path: str = "", *, mode: int = SHARED_FOLDER_MODE) -> None:
        """Create a folder, by default the root, and all missing folders above it, durably.

        Raises:
            LinkInTheWay: one of them is a link.
            OSError: a file has the name of one of them, or the system refuses.
        """
        if not path:
            self.root.mkdir(mode=mode, parents=True, exist_ok=True)
            return
        with self._folder(parts_of_path(path), mode=mode):
            pass

    def link_from(self, other: "Tree", source: str, target: str) -> bool:
        """Give a file of another tree a second name here; return False if the file system has no hard links."""
        with other._at(source) as (there, old), self._at(target) as (here, new):  # noqa: SLF001 - a Tree too
            try:
                os.link(old, new, src_dir_fd=there, dst_dir_fd=here, follow_symlinks=False)
            except OSError:
                return False
            return True

    def write_synced(self, path: str, data: bytes, *, mode: int = SHARED_MODE) -> int:
        """Create a file as ``create`` does, durable once this returns; return its time in nanoseconds."""
        with self.create(path, mode=mode) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file.fileno(), rest) :]
            os.fsync(file.fileno())
            return os.fstat(file.fileno()).st_mtime_ns

    def sync(self, path: str) -> int:
        """Make the bytes of a file durable and return its time in nanoseconds."""
        with self.open(path) as file:
            os.fsync(file.fileno())
            return os.fstat(file.fileno()).st_mtime_ns

    def sync_folder(self, path: str = "") -> bool:
        """Make the names in a folder (the root, without a path) durable; return False if the system can't do that."""
        with self._folder(parts_of_path(path) if path else []) as folder:
            return sync_folder(folder)

    def free_bytes(self) -> int:
        """Return how many bytes this user can still write to the root's file system."""
        found = os.statvfs(self.root)
        return found.f_bavail * found.f_frsize

    def entries(self, path: str = "") -> list[Found]:
        """Return the entries of a folder by name; none if it is missing."""
        try:
            with self._folder(parts_of_path(path) if path else []) as folder:
                return entries_of_folder(folder, path, names_in_folder(folder))
        except OSError as error:
            if error.errno in _NOT_THERE:
                return []
            raise

    def walk(self, path: str) -> Iterator[Found]:
        """Yield everything below a folder except folders, by name; a link is yielded as such and never entered.

        A folder nested deeper than any that this program creates is yielded as one entry.
        """
        waiting = [self._in_batches(path)]
        while waiting:
            found = next(waiting[-1], None)
            if found is None:
                waiting.pop()
            elif found.is_folder and found.path.count("/") < MAX_DEPTH:
                waiting.append(self._in_batches(found.path))
            else:
                yield found

    def _in_batches(self, path: str) -> Iterator[Found]:
        """Yield the entries of a folder by name; only their names are all in memory, and no handle is kept."""
        parts = parts_of_path(path)
        try:
            with self._folder(parts) as folder:
                names = names_in_folder(folder)
            for at in range(0, len(names), _BATCH):
                with self._folder(parts) as folder:
                    batch = entries_of_folder(folder, path, names[at : at + _BATCH])
                yield from batch
        except OSError as error:
            if error.errno not in _NOT_THERE:
                raise

    def look_all(self, paths: Iterable[str]) -> Iterator[os.stat_result | None]:
        """Yield the status of each entry itself, or None where it can't be looked at without following a link.

        Paths in one folder that follow each other are looked at by one handle.
        """
        for above, names in groupby(map(parts_of_path, paths), lambda parts: parts[:-1]):
            batch = [parts[-1] for parts in names]
            try:
                with self._folder(above) as folder:
                    found = [_status_in(folder, name) for name in batch]
            except (OSError, LinkInTheWay):
                found = [None for _ in batch]
            yield from found

    @contextmanager
    def _at(self, path: str, *, mode: int | None = None) -> Iterator[tuple[int, str]]:
        """Yield the handle of the folder that an entry is in, and the entry's name."""
        *above, name = parts_of_path(path)
        with self._folder(above, mode=mode) as folder:
            yield folder, name

    def _folder(self, parts: list[str], *, mode: int | None = None) -> AbstractContextManager[int]:
        """Return what yields the handle of a folder; with ``mode``, missing folders are created."""
        return folder_handle(self.root, parts, mode=mode)

    def _make_durable(self, folder: int) -> None:
        """Make the names in the folder of a handle durable."""
        sync_folder(folder)


def _status_in(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None


def place_of(path: Path) -> tuple[Tree, str]:
    """Return a file's location in the tree above its own folder, so that this folder is not reached through a link."""
    folder = path.parent
    if folder.name in {"", ".."}:  # the current folder, one above it, or the root
        folder = folder.resolve()
    return Tree(folder.parent), f"{folder.name}/{path.name}" if folder.name else path.name


def _refuse_other_kinds(status: os.stat_result, path: Path) -> None:
    kind = irregular_kind(status.st_mode)
    if kind is not None:
        raise NotRegular(str(path), kind)
