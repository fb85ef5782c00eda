"""Opens regular files of known size (never a pipe or a device, which would block), and makes names durable."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from qwave_batch.errors import UsageError

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # without O_NONBLOCK a pipe nobody writes to holds the call itself
_NO_LINK = os.O_NOFOLLOW


class NotRegular(UsageError):
    """A name that leads to something other than a regular file of acceptable size; ``reason`` continues its path."""

    def __init__(self, shown_as: str, reason: str) -> None:
        self.shown_as, self.reason = shown_as, reason
        super().__init__(f"{shown_as} {reason}")


def system_reason(error: OSError) -> str:
    """Return why the system refused, to stand inside of a sentence."""
    return (error.strerror or str(error)).lower()


def open_regular(
    path: str | Path, *, shown_as: str | None = None, dir_fd: int | None = None, follows_link: bool = False
) -> BufferedReader:
    """Open a regular file to read.

    Args:
        path: The file; with ``dir_fd`` a single name in that folder.
        shown_as: Its name in errors; defaults to its path.
        dir_fd: The folder's handle.
        follows_link: Whether the name itself may be a symbolic link; folders above it always may.

    Raises:
        NotRegular: it is a symbolic link, a folder, a pipe, a socket or a device.
        OSError: it is not there, or the system refuses.
    """
    named = shown_as or str(path)
    try:
        descriptor = os.open(path, _READ | (0 if follows_link else _NO_LINK), dir_fd=dir_fd)
    except OSError as error:
        reason = _kind_at(path, dir_fd, follows_link=follows_link)
        if reason is not None:
            raise NotRegular(named, reason) from error
        raise
    reason = irregular_kind(os.fstat(descriptor).st_mode)
    if reason is not None:
        os.close(descriptor)
        raise NotRegular(named, reason)
    return os.fdopen(descriptor, "rb")


def read_regular(file: BinaryIO, *, shown_as: str, most_bytes: int) -> bytes:
    """Return the whole content of an open regular file.

    Raises:
        NotRegular: it holds more than ``most_bytes``; nothing of it was read then.
        OSError: the system refuses.
    """
    size_bytes = os.fstat(file.fileno()).st_size
    data = file.read(most_bytes + 1) if size_bytes <= most_bytes else b""
    if size_bytes > most_bytes or len(data) > most_bytes:
        raise NotRegular(shown_as, f"is too large: {size_bytes:,} bytes, at most {most_bytes:,} are read")
    return data


def irregular_kind(mode: int) -> str | None:
    """Return ``is a named pipe`` and the like for an ``st_mode``, None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "is not a regular file")


_KINDS = (
    (stat.S_ISLNK, "is a symbolic link"),
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISFIFO, "is a named pipe, not a regular file"),
    (stat.S_ISSOCK, "is a socket, not a regular file"),
    (stat.S_ISCHR, "is a device, not a regular file"),
    (stat.S_ISBLK, "is a device, not a regular file"),
)


def _kind_at(path: str | Path, dir_fd: int | None, *, follows_link: bool) -> str | None:
    """Return why a name cannot be opened as a regular file, if its kind is the reason."""
    try:
        return irregular_kind(os.stat(path, dir_fd=dir_fd, follow_symlinks=follows_link).st_mode)
    except OSError:
        return None


_LET_BE = frozenset(
    {
        errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.ENOSYS, errno.EACCES, errno.EPERM,
        errno.EISDIR, errno.ENOTTY,
    }
)  # fmt: skip
"""Errors of file systems that cannot sync folders (network, foreign): not treated as failures."""


def sync_folder(handle: int) -> bool:
    """Make the names in a folder durable; return False if the file system cannot do that.

    Raises:
        OSError: the disk failed.
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _LET_BE:
            raise
        return False
    return True
