"""Artifacts: what a run leaves for its readers (images, inputs, spec, manifest, summary), behind a small Protocol.

They lie in the run folder today. The Protocol asks for no more than an object store can do, so that they can lie in
one; the workspace (ledger, lock, half downloads) stays local. Every path is relative, with ``/``.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from qwave_batch.files.regular_files import read_regular
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import sha256_of, storage_errors, write_atomic

MANIFEST = "manifest.jsonl"
SUMMARY = "summary.json"
SPEC = "spec.yaml"
IMAGES = "images"
"""The places of the artifacts; those of inputs are in ``model.portable_paths``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An artifact as a look at it shows."""

    path: str
    size_bytes: int
    modified_ns: int
    is_file: bool = True
    """False for a link or the like, which has no place there and is never read."""


class ArtifactStore(Protocol):
    """A place for artifacts. Its calls block."""

    def put(self, path: str, data: bytes | Iterable[bytes]) -> None:
        """Replace an artifact by ``data``, all of it or nothing; an iterable is streamed.

        A reader sees the old one or the new one. When this returns, the new one survives a power cut; when ``data``
        or the store raises, the old one is untouched.

        Raises:
            StorageError: the store refuses.
            FolderError, NotRegular: a link is on the way, or something other than a file has the name.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """Open an artifact to read; what replaces it meanwhile does not show.

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

    def list(self, folder: str) -> Iterator[Artifact]:
        """Yield every artifact below a folder, by name; a link is yielded as such and never entered.

        Raises:
            FolderError, StorageError: as ``look`` does.
        """
        ...

    def remove(self, path: str) -> None:
        """Remove an artifact; what is not there is let be.

        Raises:
            FolderError: it is reached over a link.
            StorageError: the store refuses.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalArtifacts:
    """Artifacts in a local folder, reached through handles and never over a link; see ``ArtifactStore``."""

    tree: Tree

    def put(self, path: str, data: bytes | Iterable[bytes]) -> None:
        """Replace a file whole, by way of a temporary one that is synced and renamed."""
        write_atomic(self.tree, path, data)

    def open(self, path: str) -> BinaryIO:
        """Open a regular file."""
        try:
            return self.tree.open(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            with storage_errors(self.tree.root / path, "read"):
                raise error from None

    def look(self, path: str) -> Artifact | None:
        """Return a file's size and time."""
        with storage_errors(self.tree.root / path, "read"):
            status = self.tree.look(path)
        return None if status is None else _artifact(path, status)

    def list(self, folder: str) -> Iterator[Artifact]:
        """Walk a folder."""
        with storage_errors(self.tree.root / folder, "read"):
            for found in self.tree.walk(folder):
                yield _artifact(found.path, found.status)

    def remove(self, path: str) -> None:
        """Unlink a file, or a link itself."""
        with storage_errors(self.tree.root / path, "remove"):
            try:
                self.tree.remove(path)
            except FileNotFoundError:
                return


def read_artifact(store: ArtifactStore, path: str, *, most_bytes: int) -> bytes:
    """Return the content of a small artifact; raises as ``open`` does, and NotRegular when it is larger."""
    with store.open(path) as file:
        return read_regular(file, shown_as=path, most_bytes=most_bytes)


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
        is_file=stat.S_ISREG(status.st_mode),
    )
