"""Artifacts: what a run leaves for its readers (images, inputs, spec, manifest, summary), behind a small Protocol.

They lie in the run folder, or in an object store (``folder.stores``); the workspace (ledger, lock, half downloads)
stays local. Every path is relative, with ``/``.

An image comes in from the workspace by ``move_in``, or from memory by ``take_in``, and leaves by ``copy_out``. A store
without folders does nothing when it is told to make or remove one, and never shows one.
"""

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Protocol

from qwave_batch.files.regular_files import NotRegular
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import sha256_of, storage_errors, write_atomic

MANIFEST = "manifest.jsonl"
SUMMARY = "summary.json"
SPEC = "spec.yaml"
IMAGES = "images"
CHECKS = "checks.jsonl"
VOTES = "votes.jsonl"
PICKS = "picks.jsonl"
SCORES = "scores.jsonl"
"""The places of the artifacts; those of inputs are in ``model.portable_paths``."""


_PIECE_BYTES = 1 << 20
_NS = 1_000_000_000


class ArtifactKind(StrEnum):
    """The kinds of entries under a name. Only files are read; the others are found in folders that people change."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An artifact as a look at it shows."""

    path: str
    size_bytes: int
    modified_ns: int
    """A number that changes whenever the content does: in a folder, nanoseconds since 1970 by the clock of the system;
    elsewhere what the store tells versions apart by."""
    kind: ArtifactKind = ArtifactKind.FILE
    stamped_at: float | None = field(default=None, compare=False)
    """Unix seconds by the store's clock, where ``modified_ns`` does not count time."""
    sha256: str | None = field(default=None, compare=False)
    """Its hash, where the store knows it without reading."""

    @property
    def is_file(self) -> bool:
        """False for a link or the like, which has no place there and is never read."""
        return self.kind is ArtifactKind.FILE

    @property
    def written_at(self) -> float:
        """Unix seconds at which it was written, by the store's clock."""
        return self.modified_ns / _NS if self.stamped_at is None else self.stamped_at


class ArtifactStore(Protocol):
    """A place for artifacts. Its calls block."""

    @property
    def is_remote(self) -> bool:
        """Whether each call is a request over a network: then images go there from memory, and many at once."""
        ...

    def fault_of(self, path: str) -> str | None:
        """Return why no artifact can have this path, such as its length; None if nothing is known against it."""
        ...

    def put(self, path: str, data: bytes | Iterable[bytes]) -> None:
        """Replace an artifact by ``data``, all of it or nothing; an iterable is streamed.

        A reader sees the old one or the new one. When this returns, the new one survives a power cut; when ``data``
        or the store raises, the old one is untouched.

        Raises:
            StorageError: the store refuses.
            FolderError, NotRegular: a link is on the way, or something other than a file has the name.
        """
        ...

    def move_in(self, path: str, source: Tree, file: str) -> Artifact:
        """Replace an artifact by a synced file of the workspace, all of it or nothing, and return the new one.

        The file is gone from there when this returns, and the artifact survives a power cut. When the store raises, the
        file is still there and the old artifact is untouched. A link of that name is replaced, not followed.

        Raises:
            StorageError: the store refuses, or something other than a file or a link has the name.
            FolderError: a link is on the way.
        """
        ...

    def take_in(self, path: str, data: bytes) -> Artifact:
        """Replace an artifact by bytes in memory, all of it or nothing, and return the new, durable one.

        Raises:
            StorageError, FolderError, NotRegular: as for ``put``.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """Open an artifact to read and seek in; what replaces it meanwhile does not show.

        Raises:
            FileNotFoundError: it is not there.
            FolderError, NotRegular: it is not a file, or is reached over a link.
            StorageError: the store refuses.
        """
        ...

    def look(self, path: str) -> Artifact | None:
        """Return what can be seen of an artifact without reading it; None when it is not there.

        Raises:
            FolderError: it is reached over a link.
            StorageError: the store refuses.
        """
        ...

    def look_all(self, paths: Sequence[str]) -> Sequence[Artifact | None]:
        """Return what can be seen of each of some hundred artifacts, None for one that can't be looked at.

        Raises:
            StorageError: a remote store refuses, or can't be reached.
        """
        ...

    def list(self, folder: str) -> Iterator[Artifact]:
        """Yield every artifact below a folder, by name; a link is yielded as such and never entered.

        Raises:
            FolderError, StorageError: as ``look`` does.
        """
        ...

    def copy_out(self, path: str, target: Tree, file: str) -> None:
        """Bring a copy of an artifact to the workspace, in place of any file there; it need not be durable yet.

        A local store gives the same file a second name where it can, so the copy must never be written to.

        Raises:
            FileNotFoundError, FolderError, NotRegular, StorageError: as ``open`` does; or the workspace refuses.
        """
        ...

    def remove(self, path: str) -> None:
        """Remove an artifact; what is not there is let be.

        Raises:
            FolderError: it is reached over a link.
            StorageError: the store refuses.
        """
        ...

    def make_folder(self, folder: str) -> None:
        """Make a folder for artifacts ahead of them, to find out early whether it can be made.

        Raises:
            FolderError, StorageError: it can't be.
        """
        ...

    def remove_folder(self, folder: str) -> bool:
        """Remove a folder if nothing is in it; return whether it was removed.

        Raises:
            FolderError: it is reached over a link.
        """
        ...

    def keeps_names(self, folder: str) -> bool:
        """Whether the names in a folder survive a power cut; some file systems can't promise that.

        Raises:
            FolderError, StorageError: the folder is not there, or the store fails.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalArtifacts:
    """Artifacts in a local folder, reached through handles and never over a link; see ``ArtifactStore``."""

    tree: Tree

    @property
    def is_remote(self) -> bool:
        """Whether each call is a request over a network."""
        return False

    def fault_of(self, path: str) -> str | None:  # noqa: ARG002 - what a file system takes is found out by trying it
        """Return why no file can have this path."""
        return None

    def put(self, path: str, data: bytes | Iterable[bytes]) -> None:
        """Replace a file whole, by way of a temporary one that is synced and renamed."""
        write_atomic(self.tree, path, data)

    def move_in(self, path: str, source: Tree, file: str) -> Artifact:
        """Rename a file, whose time stays as it was; from another file system it is copied and then removed."""
        with storage_errors(self.tree.root, "put in place", path):
            status = source.look(file)
            try:
                self._rename(path, source, file)
            except OSError as error:
                # within one folder no copy is made: the probe has found a rename to work before anything was paid
                if error.errno != errno.EXDEV or source.root == self.tree.root:
                    raise
                return self._copy_in(path, source, file)
            return _artifact(path, status) if status is not None else self._found(path)

    def take_in(self, path: str, data: bytes) -> Artifact:
        """Replace a file whole."""
        self.put(path, data)
        with storage_errors(self.tree.root, "read", path):
            return self._found(path)

    def open(self, path: str) -> BinaryIO:
        """Open a regular file."""
        try:
            return self.tree.open(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            with storage_errors(self.tree.root, "read", path):
                raise error from None

    def look(self, path: str) -> Artifact | None:
        """Return a file's size and time."""
        with storage_errors(self.tree.root, "read", path):
            status = self.tree.look(path)
        return None if status is None else _artifact(path, status)

    def look_all(self, paths: Sequence[str]) -> Sequence[Artifact | None]:
        """Return sizes and times; files that lie in one folder and follow each other share its handle."""
        statuses = zip(paths, self.tree.look_all(paths), strict=True)
        return [None if status is None else _artifact(path, status) for path, status in statuses]

    def list(self, folder: str) -> Iterator[Artifact]:
        """Walk a folder."""
        with storage_errors(self.tree.root, "read", folder):
            for found in self.tree.walk(folder):
                yield _artifact(found.path, found.status)

    def remove(self, path: str) -> None:
        """Unlink a file, or a link itself."""
        with storage_errors(self.tree.root, "remove", path):
            try:
                self.tree.remove(path)
            except FileNotFoundError:
                return

    def copy_out(self, path: str, target: Tree, file: str) -> None:
        """Make a hard link, or copy between file systems."""
        with self.open(path) as source, storage_errors(target.root, below=file):
            with suppress(FileNotFoundError):
                target.remove(file)
            if not target.link_from(self.tree, path, file):
                with target.create(file) as copy:
                    shutil.copyfileobj(source, copy)

    def make_folder(self, folder: str) -> None:
        """Make a folder and those above it."""
        with storage_errors(self.tree.root, "make the folder", folder):
            self.tree.make_folder(folder)

    def remove_folder(self, folder: str) -> bool:
        """Remove an empty folder."""
        try:
            self.tree.remove_folder(folder)
        except OSError:  # not empty
            return False
        return True

    def keeps_names(self, folder: str) -> bool:
        """Sync a folder."""
        with storage_errors(self.tree.root, "sync", folder):
            return self.tree.sync_folder(folder)

    def _rename(self, path: str, source: Tree, file: str) -> None:
        try:
            self.tree.move_from(source, file, path)
        except FileNotFoundError:  # its folder is not there yet, or was removed a moment ago
            self.tree.make_folder(path.rpartition("/")[0])
            self.tree.move_from(source, file, path)

    def _copy_in(self, path: str, source: Tree, file: str) -> Artifact:
        found = self.tree.look(path)
        if found is not None and stat.S_ISLNK(found.st_mode):
            self.tree.remove(path)
        with source.open(file) as data:
            self.put(path, iter(partial(data.read, _PIECE_BYTES), b""))
        source.remove(file)
        return self._found(path)

    def _found(self, path: str) -> Artifact:
        found = self.look(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return found


def read_artifact(store: ArtifactStore, path: str, *, most_bytes: int) -> bytes:
    """Return the content of a small artifact; raises as ``open`` does, and NotRegular when it is larger."""
    with store.open(path) as file:
        size_bytes = size_of(file)
        data = file.read(most_bytes + 1) if size_bytes <= most_bytes else b""
    if size_bytes > most_bytes or len(data) > most_bytes:
        raise NotRegular(path, f"is too large: {size_bytes:,} bytes, at most {most_bytes:,} are read")
    return data


def size_of(file: BinaryIO) -> int:
    """Return how many bytes an open artifact holds, and leave it at its start."""
    size_bytes = file.seek(0, SEEK_END)
    file.seek(0)
    return size_bytes


def sha256_of_artifact(store: ArtifactStore, path: str) -> str:
    """Return the SHA-256 of an artifact in hex.

    Raises:
        StorageError: it can't be read, or is not there.
        FolderError, NotRegular: it is not a file, or is reached over a link.
    """
    with storage_errors(Path(path), "read"), store.open(path) as file:
        return sha256_of(file)


def _artifact(path: str, status: os.stat_result) -> Artifact:
    return Artifact(
        path=path,
        size_bytes=status.st_size,
        modified_ns=status.st_mtime_ns,
        kind=next((kind for is_kind, kind in _KINDS if is_kind(status.st_mode)), ArtifactKind.OTHER),
    )


_KINDS = (
    (stat.S_ISREG, ArtifactKind.FILE),
    (stat.S_ISDIR, ArtifactKind.FOLDER),
    (stat.S_ISLNK, ArtifactKind.LINK),
)
