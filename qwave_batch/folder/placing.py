"""How a whole image gets its final name, and never another job's."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.folder.artifacts import Artifact, ArtifactKind, sha256_of_artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.image_inspection import EXTENSIONS, ImageInfo
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
    """Gives images their final names among a run's artifacts; for worker threads, several at once."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._artifacts = layout.artifacts
        self._folders: set[str] = set()
        """Those that have got an image, by their path relative to the run folder."""

    def within(self, layout: RunLayout) -> "Placing":
        """Return what gives names in the same folder, held for a few steps (``RunLayout.held``)."""
        placing = Placing(layout)
        placing._folders = self._folders
        return placing

    def place(
        self, source: str | bytes, image: ImageInfo, name: ImageName, owner_of: Callable[[str], str | None]
    ) -> Artifact:
        """Bring a whole image to its final name and return the artifact that it is now, at ``images/...``.

        A name that is taken by anything else than this job's own earlier file gives way to one with the job id in
        it. When this returns, the name survives a power cut. It blocks: call it in a thread.

        Args:
            source: The file as it was downloaded, synced: its path relative to the folder. Or its bytes.
            image: The result of ``inspect_bytes`` for it.
            name: The name it asks for.
            owner_of: Returns the id of the job that has a path (``images/...``) on record, or None.

        Raises:
            StorageError: the store refuses, or a symbolic link would lead out of the folder.
        """
        for path in _candidates(name, EXTENSIONS[image.format]):
            with self._errors(path):
                is_free = self._is_free(path, image, owner_of(path), name.job_id)
            if is_free:
                return self._bring(source, path)
        raise StorageError(f"cannot write images/{name.job_id}: other files have this name and all that are like it")

    def restore(self, source: str | bytes, path: str) -> Artifact | None:
        """Put an image that was fetched again where the record says it stood (``ImageFile.path``).

        Return None where that can't be, and nothing was done: a folder stands there, or a file where one of its
        folders must be.

        Raises:
            StorageError: the store refuses, or a symbolic link would lead out of the folder.
        """
        with self._errors(path):
            is_in_a_folder = path.rpartition("/")[0] in self._folders or not self._is_blocked(path)
            found = self._artifacts.look(path) if is_in_a_folder else None
            if not is_in_a_folder or (found is not None and found.kind is ArtifactKind.FOLDER):
                return None
        return self._bring(source, path)

    def _is_free(self, path: str, image: ImageInfo, owner: str | None, job_id: str) -> bool:
        if (owner is not None and owner != job_id) or self._artifacts.fault_of(path) is not None:
            return False
        found = self._artifacts.look(path)
        if found is None:  # nothing is there, unless a file stands where one of its folders must be
            return path.rpartition("/")[0] in self._folders or not self._is_blocked(path)
        if found.kind is ArtifactKind.FOLDER:
            return False
        if owner is not None:
            return True
        # The very same bytes are what a crash between renaming and recording leaves.
        is_ours = found.is_file and found.size_bytes == image.size_bytes
        return is_ours and sha256_of_artifact(self._artifacts, path) == image.sha256

    def _is_blocked(self, path: str) -> bool:
        if self._artifacts.is_remote:  # it has no folders
            return False
        above = [str(folder) for folder in PurePosixPath(path).parents][:-1]
        found = map(self._artifacts.look, above)
        return any(folder is not None and folder.is_file for folder in found)

    def _bring(self, source: str | bytes, path: str) -> Artifact:
        with self._errors(path):
            if isinstance(source, bytes):
                placed = self._artifacts.take_in(path, source)
            else:
                placed = self._artifacts.move_in(path, self._layout.tree, source)
        self._folders.add(path.rpartition("/")[0])
        return placed

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        """Turn a link on the way, or what can't be read, into a StorageError: the job keeps its paid image."""
        fault = path_fault(path)
        if fault is not None:
            raise StorageError(f"cannot write {path}: {fault}")
        try:
            yield
        except (FolderError, NotRegular) as error:
            raise StorageError(f"cannot write {path}: {error}") from error


def possible_names(name: ImageName) -> Iterator[str]:
    """Yield every path that ``place`` may give to an image of this name, without its ending."""
    return _candidates(name, "")


def without_ending(path: str) -> str:
    """Return the path of an image as ``possible_names`` has it."""
    return path.rpartition(".")[0]


def _candidates(name: ImageName, extension: str) -> Iterator[str]:
    ending = f"_{name.number}{extension}" if name.of_many else extension
    yield f"images/{name.job_path}{ending}"
    yield f"images/{name.job_path}-{name.job_id}{ending}"
    yield f"images/{name.job_id}{ending}"
    for attempt in range(2, MOST_ATTEMPTS + 1):
        yield f"images/{name.job_id}-{attempt}{ending}"
