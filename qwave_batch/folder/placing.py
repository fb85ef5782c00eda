"""How a whole picture gets its final name, and never another job's."""

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qwave_batch.errors import StorageError
from qwave_batch.folder.atomic import sync_folder
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.hashing import sha256_of_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.pictures import Picture

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


def place_picture(
    layout: RunLayout,
    partial: Path,
    picture: Picture,
    name: PictureName,
    owner_of: Callable[[str], str | None],
) -> str:
    """Move a whole picture to its final name and return that, relative to the folder: ``images/...``.

    A name that is taken by anything else than this job's own earlier file gives way to one with the job id in it.
    When this returns, bytes and name survive a power cut. It blocks: call it in a thread.

    Args:
        layout: The run folder.
        partial: The file as it was downloaded, anywhere below the folder.
        picture: What ``inspect_picture`` found in it.
        name: The name it asks for.
        owner_of: Returns the id of the job that has a path (``images/...``) on record, or None.

    Raises:
        StorageError: the disk refuses, or a symbolic link would lead out of the folder.
    """
    for path in _candidates(name, EXTENSIONS[picture.format]):
        if _is_free(layout.root / path, picture, owner_of(path), name.job_id) and _is_possible(layout, path):
            _move(layout, partial, path)
            return path
    raise AssertionError("the candidates never end")


def restore_picture(layout: RunLayout, partial: Path, path: str) -> None:
    """Put a picture that was fetched again where the record says it stood (``ImageFile.path``).

    Raises:
        StorageError: the disk refuses, or a symbolic link would lead out of the folder.
    """
    _move(layout, partial, path)


def _candidates(name: PictureName, extension: str) -> Iterator[str]:
    ending = f"_{name.number}{extension}" if name.of_many else extension
    yield f"images/{name.job_path}{ending}"
    yield f"images/{name.job_path}-{name.job_id}{ending}"
    yield f"images/{name.job_id}{ending}"
    for attempt in itertools.count(2):
        yield f"images/{name.job_id}-{attempt}{ending}"


def _is_free(target: Path, picture: Picture, owner: str | None, job_id: str) -> bool:
    if target.is_dir():
        return False
    if owner is not None:
        return owner == job_id
    if not os.path.lexists(target):
        return True
    # The very same bytes are what a crash between renaming and recording leaves.
    is_ours = target.is_file() and not target.is_symlink() and target.stat().st_size == picture.size_bytes
    return is_ours and sha256_of_file(target) == picture.sha256


def _is_possible(layout: RunLayout, path: str) -> bool:
    """Whether no file stands where one of the folders of ``path`` must be."""
    folders = PurePosixPath(path).parents
    return not any((layout.root / folder).is_file() for folder in folders)


def _move(layout: RunLayout, partial: Path, path: str) -> None:
    target = layout.root / path
    parent = _make_folders(layout, PurePosixPath(path))
    with storage_errors(target, "put in place"):
        descriptor = os.open(partial, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        partial.replace(target)
        sync_folder(parent)


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
