"""How a whole picture gets its final name, and never another job's."""

import itertools
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qwave_batch.errors import StorageError
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.hashing import sha256_of_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.pictures import Picture
from qwave_batch.folder.syncing import sync_folder

EXTENSIONS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "gif": ".gif"}
"""The extension of each format that ``inspect_picture`` knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureName:
    """The name that a picture asks for."""

    job_path: str
    """``Job.path``: below ``images/``, with ``/``, without extension."""
    job_id: str
    number: int = 1
    """Which of the job's images it is, from 1."""
    of_many: bool = False
    """Whether the request may return several (``Job.max_images > 1``), so that each is numbered."""


class Placing:
    """Gives pictures their final names in one run folder; for worker threads, several at once."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._folders: dict[str, Path] = {}
        """Those that were found right, or made, by their path relative to the run folder."""

    def place(self, partial: Path, picture: Picture, name: PictureName, owner_of: Callable[[str], str | None]) -> str:
        """Move a whole picture to its final name and return that, relative to the folder: ``images/...``.

        A name that is taken by anything else than this job's own earlier file gives way to one with the job id in
        it. When this returns, the name survives a power cut. It blocks: call it in a thread.

        Args:
            partial: The file as it was downloaded, synced, anywhere below the folder.
            picture: What ``inspect_picture`` found in it.
            name: The name it asks for.
            owner_of: Returns the id of the job that has a path (``images/...``) on record, or None.

        Raises:
            StorageError: the disk refuses, or a symbolic link would lead out of the folder.
        """
        for path in _candidates(name, EXTENSIONS[picture.format]):
            if self._is_free(path, picture, owner_of(path), name.job_id) and self._is_possible(path):
                self._move(partial, path)
                return path
        raise AssertionError("the candidates never end")

    def restore(self, partial: Path, path: str) -> None:
        """Put a picture that was fetched again where the record says it stood (``ImageFile.path``).

        Raises:
            StorageError: the disk refuses, or a symbolic link would lead out of the folder.
        """
        self._move(partial, path)

    def _is_free(self, path: str, picture: Picture, owner: str | None, job_id: str) -> bool:
        if owner is not None and owner != job_id:
            return False
        target = self._layout.root / path
        try:
            found = target.lstat()
        except OSError:  # nothing is there, or its folder is none, which is looked at next
            return True
        if stat.S_ISDIR(found.st_mode):
            return False
        if owner is not None:
            return not target.is_dir()
        # The very same bytes are what a crash between renaming and recording leaves.
        is_ours = stat.S_ISREG(found.st_mode) and found.st_size == picture.size_bytes
        return is_ours and sha256_of_file(target) == picture.sha256

    def _is_possible(self, path: str) -> bool:
        """Whether no file stands where one of the folders of ``path`` must be."""
        if path.rpartition("/")[0] in self._folders:
            return True
        return not any((self._layout.root / folder).is_file() for folder in PurePosixPath(path).parents)

    def _move(self, partial: Path, path: str) -> None:
        target = self._layout.root / path
        with storage_errors(target, "put in place"):
            folder = self._folder_of(path)
            try:
                partial.replace(target)
            except FileNotFoundError:  # a folder that was there a moment ago was removed
                self._folders.clear()
                folder = self._folder_of(path)
                partial.replace(target)
            sync_folder(folder)

    def _folder_of(self, path: str) -> Path:
        above = path.rpartition("/")[0]
        folder = self._folders.get(above)
        if folder is None:
            folder = self._folders[above] = _make_folders(self._layout, PurePosixPath(path))
        return folder


def _candidates(name: PictureName, extension: str) -> Iterator[str]:
    ending = f"_{name.number}{extension}" if name.of_many else extension
    yield f"images/{name.job_path}{ending}"
    yield f"images/{name.job_path}-{name.job_id}{ending}"
    yield f"images/{name.job_id}{ending}"
    for attempt in itertools.count(2):
        yield f"images/{name.job_id}-{attempt}{ending}"


def _make_folders(layout: RunLayout, path: PurePosixPath) -> Path:
    """Make the folders above ``path`` one by one, so that none of them is a way out."""
    if path.is_absolute() or ".." in path.parts or path.parts[:1] != ("images",):
        raise StorageError(f"cannot write {path}: it lies outside the images of {layout.root}")
    folder = layout.root
    for part in path.parts[:-1]:
        above, folder = folder, folder / part
        if folder.is_symlink():
            raise StorageError(f"cannot write {path}: {folder} is a symbolic link, and pictures stay in their folder")
        with storage_errors(folder, "make the folder"):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                sync_folder(above)
    return folder
