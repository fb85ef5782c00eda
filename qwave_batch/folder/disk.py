"""The one border where the operating system's errors about files become ours."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qwave_batch.errors import StorageError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the system allows",
    errno.EACCES: "permission denied",
    errno.EPERM: "the system does not permit it",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "the name is too long for this file system",
    errno.EILSEQ: "this file system does not take the characters of the name",
    errno.EXDEV: "it lies on another file system than the rest of the run folder",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EISDIR: "a folder stands where a file is needed",
    errno.ENOENT: "it is not there",
    errno.EIO: "the device reports an error",
    errno.ENOLCK: "the file system keeps no locks",
    errno.ENOTSUP: "this file system has no such thing",
    errno.EINVAL: "this file system does not take that",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
}


def reason_of(error: OSError) -> str:
    """Return in plain words why the system refused."""
    known = _REASONS.get(error.errno) if error.errno is not None else None
    return known or error.strerror or type(error).__name__


@contextmanager
def storage_errors(path: Path, doing: str = "write") -> Iterator[None]:
    """Turn an OSError inside the block into a StorageError that names the path and the reason."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot {doing} {path}: {reason_of(error)}") from error
