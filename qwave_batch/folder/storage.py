"""Files on disk: the system's errors in plain words, writes that are whole or not at all, and hashes."""

import errno
import hashlib
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

from qwave_batch import lazy
from qwave_batch.errors import StorageError
from qwave_batch.files.tree import SHARED_MODE, Tree

_PIECE_BYTES = 1 << 20

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

_DATABASE_REASONS = {8: errno.EROFS, 10: errno.EIO, 13: errno.ENOSPC, 14: errno.EACCES}
"""By the primary code of SQLite: READONLY, IOERR, FULL, CANTOPEN."""
_PRIMARY = 0xFF


def reason_of(error: OSError) -> str:
    """Return in plain words why the system refused."""
    known = _REASONS.get(error.errno) if error.errno is not None else None
    return known or error.strerror or type(error).__name__


class _StorageErrors:
    """See ``storage_errors``; a class, as the blocks of an image are entered ten times and rarely fail."""

    __slots__ = ("_below", "_doing", "_path")

    def __init__(self, path: Path, doing: str, below: str) -> None:
        self._path, self._doing, self._below = path, doing, below

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise StorageError(f"cannot {self._doing} {self._path / self._below}: {reason_of(error)}") from error


def storage_errors(path: Path, doing: str = "write", below: str = "") -> AbstractContextManager[None, None]:
    """Turn an OSError inside the block into a StorageError that names the path, or one below it, and the reason."""
    return _StorageErrors(path, doing, below)


@contextmanager
def database_errors(path: Path, doing: str = "write") -> Iterator[None]:
    """Turn what SQLite meets on the disk inside the block into a StorageError that names the path and the reason."""
    try:
        yield
    except lazy.sqlite3.OperationalError as error:
        known = _DATABASE_REASONS.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
        raise StorageError(f"cannot {doing} {path}: {reason_of(OSError(known, '')) if known else error}") from error


def write_atomic(tree: Tree, path: str, data: bytes | Iterable[bytes], *, mode: int = SHARED_MODE) -> None:
    """Replace the file at ``path`` below ``tree`` by ``data``, all of it or nothing; an iterable is streamed.

    A reader sees the old file or the new one. When this returns, the new one survives a power cut; when ``data`` or
    the disk raises, the old one is untouched and nothing is left beside it.

    Raises:
        StorageError: the disk refuses.
        FolderError, NotRegular: a link is on the way, or something other than a file has the name.
    """
    pieces = (data,) if isinstance(data, bytes) else data
    try:
        with storage_errors(tree.root, below=path):
            tree.make_folder(path.rpartition("/")[0])
            tree.write_atomic(path, _marked(pieces), mode=mode)
    except _SourceFailed as failed:
        raise failed.error from None


def is_taken(tree: Tree, path: str, data: bytes) -> bool:
    """Whether something other than a file with these bytes has the name."""
    status = tree.look(path)
    if status is None:
        return False
    is_same_size = stat.S_ISREG(status.st_mode) and status.st_size == len(data)
    return not (is_same_size and tree.read(path, most_bytes=len(data)) == data)


class _SourceFailed(Exception):
    def __init__(self, error: OSError) -> None:
        self.error = error


def _marked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces, and keep an OSError of their source apart from the target's."""
    try:
        yield from pieces
    except OSError as error:
        raise _SourceFailed(error) from error


def sha256_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of what an open file holds, in hex."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()
