"""Folders as open handles: entered step by step from a root, and never through a link."""

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from qwave_batch.errors import FolderError, UnsupportedSystem
from qwave_batch.files.regular_files import sync_folder

if not hasattr(os, "O_DIRECTORY"):  # not POSIX
    raise UnsupportedSystem

TEMPORARY_PREFIX = ".tmp-"
"""Prefix of the names of half-written files."""
_NO_PARTS = frozenset(("", ".", ".."))
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LinkInTheWay(FolderError):
    """A symbolic link, or something else that is not a folder, where a folder must be."""


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of a walk."""

    path: str
    """Relative to the root, with ``/``."""
    status: os.stat_result
    """Of the entry itself, never of what a link leads to."""

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.status.st_mode)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and not a link to one."""
        return stat.S_ISDIR(self.status.st_mode)


@contextmanager
def folder_handle(root: Path, parts: Iterable[str], *, mode: int | None = None) -> Iterator[int]:
    """Yield the handle of the folder below ``root``; with ``mode``, missing folders are created."""
    handle = open_root(root)
    try:
        way = str(root)
        for part in parts:
            way = f"{way}/{part}"
            below = enter_folder(handle, part, way, mode)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def open_root(root: Path) -> int:
    """Return the handle of a folder that may itself be reached over links; the caller closes it."""
    return os.open(root, FOLDER_FLAGS)


def parts_of_path(path: str) -> list[str]:
    """Return the components of a relative path; a programming error or an unchecked record otherwise."""
    parts = path.split("/")
    if "\0" in path or not _NO_PARTS.isdisjoint(parts):
        raise FolderError(f"{path!r} is not a path below a folder")
    return parts


def enter_folder(handle: int, name: str, way: str, mode: int | None) -> int:
    """Return the handle of a folder in the folder of a handle, never over a link; with ``mode`` it is created.

    Args:
        handle: The folder that it is in.
        name: Its name there.
        way: Its path, for error messages.
        mode: The permissions of a new one; None if it must exist.
    """
    for _ in range(2):
        try:
            return os.open(name, FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=handle)
        except FileNotFoundError:
            if mode is None:
                raise
            with suppress(FileExistsError):  # another thread was quicker
                os.mkdir(name, mode, dir_fd=handle)
                sync_folder(handle)
        except OSError as error:
            _refuse(handle, name, way, error)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), way)


def _refuse(handle: int, name: str, way: str, error: OSError) -> NoReturn:
    """Raise LinkInTheWay for a link; other failures stay the system's."""
    with suppress(OSError):
        mode = os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise LinkInTheWay(
                f"{way} is a symbolic link where a folder is needed; links are not followed here"
            ) from error
    raise error


def create_temporary(folder: int, name: str, mode: int) -> tuple[str, BinaryIO]:
    """Return the name of a new, empty file in a folder, and the file: for content that is later moved to ``name``."""
    while True:
        temporary = f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}-{name[-40:]}"
        with suppress(FileExistsError):
            return temporary, os.fdopen(os.open(temporary, NEW_FILE_FLAGS, mode, dir_fd=folder), "wb")


def names_in_folder(folder: int) -> list[str]:
    """Return the names in the folder of a handle, in order."""
    return sorted(os.listdir(folder))


def entries_of_folder(folder: int, path: str, names: Iterable[str]) -> list[Found]:
    """Return entries of the folder of a handle; ``path`` is the folder's own, put before their names."""
    prefix = f"{path}/" if path else ""
    found: list[Found] = []
    for name in names:
        with suppress(FileNotFoundError):  # it went away meanwhile
            found.append(Found(f"{prefix}{name}", os.stat(name, dir_fd=folder, follow_symlinks=False)))
    return found
