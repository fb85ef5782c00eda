"""How a whole image gets its final name, and never another job's."""

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.image_inspection import EXTENSIONS, ImageInfo
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import sha256_of_file, storage_errors
from qwave_batch.model.portable_paths import path_fault

MOST_ATTEMPTS = 4
"""Names that are the job's id with a number; only files put there on purpose can take them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageName:
    """The name that an image asks for."""

    job_path: str
    """``Job.path``: below ``images/``, with ``/``, without extension."""
    job_id: str
    number: int = 1
    """Which of the job's images it is, from 1."""
    of_many: bool = False
    """Whether the request may return several (``Job.max_images > 1``), so that each is numbered."""


class Placing:
    """Gives images their final names in one run folder; for worker threads, several at once."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._folders: set[str] = set()
        """Those that were found right, or made, by their path relative to the run folder."""

    def place(self, partial: Path, image: ImageInfo, name: ImageName, owner_of: Callable[[str], str | None]) -> str:
        """Move a whole image to its final name and return that, relative to the folder: ``images/...``.

        A name that is taken by anything else than this job's own earlier file gives way to one with the job id in
        it. When this returns, the name survives a power cut. It blocks: call it in a thread.

        Args:
            partial: The file as it was downloaded, synced, anywhere below the folder.
            image: The result of ``inspect_bytes`` for it.
            name: The name it asks for.
            owner_of: Returns the id of the job that has a path (``images/...``) on record, or None.

        Raises:
            StorageError: the disk refuses, or a symbolic link would lead out of the folder.
        """
        for path in _candidates(name, EXTENSIONS[image.format]):
            with self._errors(path):
                is_free = self._is_free(path, image, owner_of(path), name.job_id)
            if is_free:
                self._move(partial, path)
                return path
        raise StorageError(f"cannot write images/{name.job_id}: other files have this name and all that are like it")

    def restore(self, partial: Path, path: str) -> bool:
        """Put an image that was fetched again where the record says it stood (``ImageFile.path``).

        Return False where that can't be, and nothing was done: a folder stands there, or a file where one of its
        folders must be.

        Raises:
            StorageError: the disk refuses, or a symbolic link would lead out of the folder.
        """
        with self._errors(path):
            is_in_a_folder = path.rpartition("/")[0] in self._folders or not self._is_blocked(path)
            if not is_in_a_folder or self._layout.tree.is_folder(path):
                return False
        self._move(partial, path)
        return True

    def _is_free(self, path: str, image: ImageInfo, owner: str | None, job_id: str) -> bool:
        if owner is not None and owner != job_id:
            return False
        tree = self._layout.tree
        status = tree.look(path)
        if status is None:  # nothing is there, unless a file stands where one of its folders must be
            return path.rpartition("/")[0] in self._folders or not self._is_blocked(path)
        if stat.S_ISDIR(status.st_mode):
            return False
        if owner is not None:
            return True
        # The very same bytes are what a crash between renaming and recording leaves.
        is_ours = stat.S_ISREG(status.st_mode) and status.st_size == image.size_bytes
        return is_ours and sha256_of_file(tree, path) == image.sha256

    def _is_blocked(self, path: str) -> bool:
        above = [str(folder) for folder in PurePosixPath(path).parents][:-1]
        return any(self._layout.tree.is_file(folder) for folder in above)

    def _move(self, partial: Path, path: str) -> None:
        tree, source = self._layout.tree, self._layout.relative(partial)
        folder = path.rpartition("/")[0]
        with self._errors(path):
            if folder not in self._folders:
                tree.make_folder(folder)
                self._folders.add(folder)
            try:
                tree.move(source, path)
            except FileNotFoundError:  # a folder that was there a moment ago was removed
                self._folders.clear()
                tree.make_folder(folder)
                tree.move(source, path)

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        """Turn what the system says, or a link on the way, into a StorageError: the job keeps its paid image."""
        fault = path_fault(path)
        if fault is not None:
            raise StorageError(f"cannot write {path}: {fault}")
        try:
            with storage_errors(self._layout.root / path, "put in place"):
                yield
        except FolderError as error:
            raise StorageError(f"cannot write {path}: {error}") from error


def possible_paths(name: ImageName) -> Iterator[str]:
    """Yield every path that ``place`` may give to an image of this name, whatever its format."""
    for extension in sorted(set(EXTENSIONS.values())):
        yield from _candidates(name, extension)


def _candidates(name: ImageName, extension: str) -> Iterator[str]:
    ending = f"_{name.number}{extension}" if name.of_many else extension
    yield f"images/{name.job_path}{ending}"
    yield f"images/{name.job_path}-{name.job_id}{ending}"
    yield f"images/{name.job_id}{ending}"
    for attempt in range(2, MOST_ATTEMPTS + 1):
        yield f"images/{name.job_id}-{attempt}{ending}"
