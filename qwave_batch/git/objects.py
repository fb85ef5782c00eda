"""The objects of a repository as they are stored: no filter, no conversion, each of known size before it is read."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.files.regular_files import open_regular
from qwave_batch.git.git_process import GitRefused, RunningGit
from qwave_batch.git.repository import Repository

_PIECE_BYTES = 1 << 20
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ANSWER = re.compile(rb"([0-9a-f]{40,64}) (blob|tree|commit|tag) ([0-9]{1,18})\n")
_MOST_LINE_BYTES = 1000


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Type and size of an object, before it is read."""

    oid: str
    kind: str
    size_bytes: int


class Objects:
    """Reads objects, one at a time."""

    def __init__(self, checker: RunningGit, reader: RunningGit) -> None:
        self._checker, self._reader = checker, reader

    def info(self, name: str) -> ObjectInfo | None:
        """Return kind and size of an object, or None when it is not here; what is elsewhere is not fetched.

        Args:
            name: An object's id, or ``<id>^{tree}`` for the tree of a commit.
        """
        return _asked(self._checker, name)

    def read(self, info: ObjectInfo) -> bytes:
        """Return an object; the caller has looked at its size."""
        return b"".join(self.pieces(info))

    def pieces(self, info: ObjectInfo) -> Iterator[bytes]:
        """Yield an object piece by piece; all of them are to be taken."""
        if _asked(self._reader, info.oid) != info:
            raise GitRefused(f"the object {info.oid} is damaged")
        left = info.size_bytes
        while left:
            piece = self._reader.output.read(min(left, _PIECE_BYTES))
            if not piece:
                raise GitRefused(f"the object {info.oid} is damaged, or takes too long to read")
            left -= len(piece)
            yield piece
        self._reader.output.read(1)  # a line end


def is_object_id(text: str) -> bool:
    """Return whether a text is the whole id of an object."""
    return _OID.fullmatch(text) is not None


@contextmanager
def objects_of(repository: Repository) -> Iterator[Objects]:
    """Yield the objects of a repository, as long as it may be asked."""
    with ExitStack() as stack:
        checker, reader = (
            stack.enter_context(repository.git.started("cat-file", option, timeout_s=repository.left_s(), given=None))
            for option in ("--batch-check", "--batch")
        )
        yield Objects(checker, reader)


def _asked(running: RunningGit, name: str) -> ObjectInfo | None:
    if not is_object_id(name.removesuffix("^{tree}")):  # which would be several questions, or one of another kind
        raise GitRefused(f"{name!r} is not the id of an object")
    running.put(f"{name}\n".encode())
    line = running.output.readline(_MOST_LINE_BYTES)
    answer = _ANSWER.fullmatch(line)
    if answer:
        return ObjectInfo(answer[1].decode(), answer[2].decode(), int(answer[3]))
    if line.endswith(b" missing\n"):
        return None
    raise GitRefused("git ended early, or took too long to read an object")


MOST_POINTER_BYTES = 1024
"""A larger file is not a pointer, by the definition of LFS."""
_POINTER = re.compile(rb"version https://[^\n]{1,200}\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n")
_BEGINS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """The pointer file that git stores in place of the content."""

    sha256: str
    size_bytes: int

    def is_of(self, file: Path) -> bool:
        """Return whether a file is the one that is meant; the filter need not run for that."""
        try:
            with open_regular(file) as content:
                content.seek(0, 2)
                if content.tell() != self.size_bytes:
                    return False
                content.seek(0)
                return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256
        except (OSError, UsageError):
            return False


def is_pointer(blob: bytes) -> bool:
    """Return whether a file in git is a pointer."""
    return len(blob) <= MOST_POINTER_BYTES and blob.startswith(_BEGINS)


def pointer_in(blob: bytes) -> Pointer | None:
    """Return what a pointer says, or None when the file is not one."""
    found = _POINTER.match(blob) if is_pointer(blob) else None
    return Pointer(sha256=found[1].decode(), size_bytes=int(found[2])) if found else None
