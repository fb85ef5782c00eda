"""Whether images can be stored in a folder, found out by doing what a run does to store one, before one is paid."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath

from qwave_batch.errors import FolderError, StorageError, UsageError
from qwave_batch.files.folder_handles import TEMPORARY_PREFIX
from qwave_batch.folder.artifacts import IMAGES, read_artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import reason_of
from qwave_batch.folder.workspace import PARTIAL
from qwave_batch.model.next_step import NextStep

_SUFFIX = ".probe"
"""As long as the longest extension of an image."""
_CONTENT = b"This file shows that an image can be stored here.\n"


class StorageProbe:
    """The places in which one run is going to store images; for worker threads, several at once."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._artifacts = layout.artifacts
        self._folders: set[str] = set()
        self._longest = 0
        """Bytes of the longest name that was tried."""
        self._characters = set[str]()
        """Of all names that were tried."""

    def try_out(self) -> str | None:
        """Store and remove a file among the images; return a note about what the file system can't do, or None.

        Raises:
            StorageError: it fails, with the step and the reason.
        """
        self._store(IMAGES, f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}{_SUFFIX}")
        with self._step(IMAGES, "syncing the folder"):
            is_durable = self._artifacts.keeps_names(IMAGES)
        if is_durable:
            return None
        return (
            f"the file system of {self._layout.root} can't sync folders: after a power cut the newest files may have "
            "lost their names, and images among them are fetched again"
        )

    def is_known(self, job_path: str, *, of_many: bool) -> bool:
        """Whether a job's images have a folder and a name of which the like was tried; it only looks."""
        if self._artifacts.is_remote:  # it takes any name that ``Placing`` gives, and has no folders
            return True
        path = _path_of(job_path, of_many=of_many)
        return (
            str(path.parent) in self._folders
            and len(path.name.encode()) <= self._longest
            and self._characters.issuperset(path.name)
        )

    def try_name(self, job_path: str, *, of_many: bool) -> None:
        """Store and remove a file that is named as a job's image will be, in its folder.

        Raises:
            StorageError: it fails, with the step and the reason.
        """
        path = _path_of(job_path, of_many=of_many)
        if not self._is_blocked(path):  # else the image is placed elsewhere
            self._store(str(path.parent), path.name)
        self._folders.add(str(path.parent))
        self._longest = max(self._longest, len(path.name.encode()))
        self._characters.update(path.name)

    def try_folder(self, folder: str) -> None:
        """Store and remove a file in a folder (``images/...``) that is to have images that are paid already.

        Raises:
            StorageError: it fails, with the step and the reason.
        """
        name = f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}{_SUFFIX}"
        if not self._artifacts.is_remote and not self._is_blocked(
            PurePosixPath(f"{folder}/{name}")
        ):  # else the images are placed elsewhere
            self._store(folder, name)

    def _store(self, folder: str, name: str) -> None:
        tree = self._layout.tree
        partial = f"{PARTIAL}/{TEMPORARY_PREFIX}{secrets.token_hex(4)}"
        target = f"{folder}/{name}"
        try:
            with self._step(partial, "writing and syncing a file"):
                tree.write_synced(partial, _CONTENT)
            with self._step(folder, "making the folder"):
                self._artifacts.make_folder(folder)
            with self._step(target, "moving a file from .qwave/partial"):
                self._artifacts.move_in(target, tree, partial)
            with self._step(target, "removing a file"):
                self._artifacts.remove(target)
        except StorageError:
            with suppress(OSError, FolderError):
                tree.remove(partial)
            with suppress(StorageError, FolderError):
                self._artifacts.remove(target)
            raise

    def _is_blocked(self, path: PurePosixPath) -> bool:
        """Whether a file stands where one of the folders must be."""
        if self._artifacts.is_remote:
            return False
        with self._step(str(path.parent), "looking at the folder"):
            found = (self._artifacts.look(str(folder)) for folder in path.parents if folder.name)
            return any(folder is not None and folder.is_file for folder in found)

    @contextmanager
    def _step(self, path: str, step: str) -> Iterator[None]:
        try:
            yield
        except (OSError, FolderError, StorageError) as error:
            refusal = error.__cause__ if isinstance(error, StorageError) else error  # of the system, without its path
            reason = reason_of(refusal) if isinstance(refusal, OSError) else str(error)
            raise StorageError(
                f"images can't be stored in {self._layout.root}: {step} fails at {path}: {reason}. This was tried "
                "before anything was sent for it, so no image is paid in vain",
                next_steps=(NextStep.MEND_FOLDER, NextStep.NAME_FOLDER),
            ) from error


def is_probe(path: str) -> bool:
    """Whether a file among the images is named like one with which a run tries out its folder."""
    return path.endswith(_SUFFIX)


def remove_probes(layout: RunLayout) -> None:
    """Remove the files with which killed runs tried out a folder; the caller holds its lock."""
    for found in list(layout.artifacts.list(IMAGES)):
        if is_probe(found.path) and found.is_file and found.size_bytes == len(_CONTENT):
            with suppress(OSError, StorageError, UsageError):  # what can't be removed does no harm
                if read_artifact(layout.artifacts, found.path, most_bytes=len(_CONTENT)) == _CONTENT:
                    layout.artifacts.remove(found.path)


def _path_of(job_path: str, *, of_many: bool) -> PurePosixPath:
    return PurePosixPath(f"{IMAGES}/{job_path}{'_99' if of_many else ''}{_SUFFIX}")
