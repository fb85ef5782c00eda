"""The images themselves beside the page, under names that say nothing of where they come from.

They are hard links where the file system has them, which take no space, and else copies. A vote shows them, so neither
a name nor an ending may tell one model from another.
"""

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os.path import samestat
from pathlib import Path
from typing import Final

from qwave_batch.errors import FolderError, QwaveError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.image_files import in_threads, threads_over
from qwave_batch.report.reported_images import ReportedImage, images_of, name_of_image

FULL: Final = "full"
_PART: Final = f"{FULL}/.part"
"""Half-written files."""
_DOING = "bringing originals"
_FILE: Final = re.compile(r"full/([0-9a-f]{2})/(\1[0-9a-f]{30})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Originals:
    """The originals of a report."""

    missing: Sequence[ReportedImage]
    """Images whose files are not there, or not of the size on record."""
    removed: int
    """Those of images that are in none of the folders any more."""
    looked_for: frozenset[str]
    """The names of all images that were on record."""

    def was_looked_for(self, sha256: str) -> bool:
        """Whether the image was on record when the originals were brought; a run at work stores more meanwhile."""
        return name_of_image(sha256) in self.looked_for


def original_path(sha256: str) -> str:
    """Return where the original of an image belongs, relative to the report's folder."""
    name = name_of_image(sha256)
    return f"{FULL}/{name[:2]}/{name}"


def keep_originals(readers: Sequence[FolderReader], out: Path, on_work: OnWork = ignore_work) -> Originals:
    """Bring the images of some run folders into a report, where they are not there; remove those of no folder.

    Args:
        readers: The run folders.
        out: The report's folder, which is there.
        on_work: Told how many are looked at.

    Raises:
        StorageError: the disk fails, or a store can't be reached.
        FolderError: a link stands in the way, or a folder's lines can't be read.
    """
    tree, wanted = Tree(out), images_of(readers)
    with storage_errors(out, "read", FULL):
        there = {found.path: found.status for found in tree.walk(FULL) if found.is_file}
    brought: set[str] = set()
    missing: list[ReportedImage] = []

    def bring(places: Sequence[ReportedImage]) -> str | None:
        path = original_path(places[0].sha256)
        status = there.get(path)
        is_there = status is not None and any(status.st_size == image.file.size_bytes for image in places)
        if is_there and not any(_is_newer(readers[image.folder], image, status) for image in places):
            return path
        return path if any(_bring(readers[image.folder], image, tree, path) for image in places) or is_there else None

    threads = threads_over(*(reader.layout.artifacts for reader in readers))
    for number, (places, path) in enumerate(in_threads(bring, wanted.values(), threads=threads), start=1):
        if path is None:
            missing.append(places[0])
        else:
            brought.add(path)
        on_work(WorkProgress(done=number, total=len(wanted), doing=_DOING))
    removed = _remove_others(tree, there, brought)
    return Originals(missing=missing, removed=removed, looked_for=frozenset(wanted))


def put_original(out: Path, sha256: str, data: bytes) -> None:
    """Put an image that is at hand into a report, whole or not at all.

    Raises:
        StorageError: the disk refuses.
        FolderError: a link stands in the way.
    """
    tree, path, part = Tree(out), original_path(sha256), f"{_PART}/{name_of_image(sha256)}"
    with storage_errors(out, below=path):
        tree.make_folder(_PART)
        tree.make_folder(path.rpartition("/")[0])
        with tree.create(part) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
        tree.move(part, path, is_durable=False)


def _is_newer(reader: FolderReader, image: ReportedImage, original: os.stat_result | None) -> bool:
    """Whether a run has replaced an image since its original was brought, as it does with one that was damaged."""
    if original is None or reader.layout.artifacts.is_remote or path_fault(image.file.path) is not None:
        return False
    (status,) = reader.layout.tree.look_all((image.file.path,))
    return status is not None and not samestat(status, original) and status.st_mtime_ns > original.st_mtime_ns


def _bring(reader: FolderReader, image: ReportedImage, tree: Tree, path: str) -> bool:
    """Put an image under a path, whole or not at all; return whether it has the size on record."""
    if path_fault(image.file.path) is not None:
        return False
    part = f"{_PART}/{image.name}"
    with storage_errors(tree.root, below=path):
        tree.make_folder(_PART)
        tree.make_folder(path.rpartition("/")[0])
    if not _copied(reader, image, tree, part):
        return False
    with storage_errors(tree.root, below=path):
        status = tree.look(part)
        if status is None or not tree.is_file(part) or status.st_size != image.file.size_bytes:
            with suppress(FileNotFoundError):
                tree.remove(part)
            return False
        tree.move(part, path, is_durable=False)
        with suppress(FileNotFoundError):  # a file that has both names already is not renamed
            tree.remove(part)
    return True


def _copied(reader: FolderReader, image: ReportedImage, tree: Tree, part: str) -> bool:
    artifacts = reader.layout.artifacts
    if not artifacts.is_remote and not _can_be_read(reader, image):
        return False
    try:
        artifacts.copy_out(image.file.path, tree, part)
    except (FileNotFoundError, FolderError):
        return False
    return True


def _can_be_read(reader: FolderReader, image: ReportedImage) -> bool:
    """Whether the file is there, regular and not reached over a link; what fails after that is the report's disk."""
    try:
        file = reader.open_image(image.file)
    except QwaveError:
        return False
    if file is None:
        return False
    file.close()
    return True


def _remove_others(tree: Tree, there: Iterable[str], wanted: set[str]) -> int:
    """Remove originals that were there and are not wanted; what has another name is somebody else's."""
    removed = 0
    for path in there:
        if path not in wanted and (_FILE.fullmatch(path) or path.startswith(f"{_PART}/")):
            with storage_errors(tree.root, "remove", path), suppress(FileNotFoundError):
                tree.remove(path)
                removed += 1
            with suppress(OSError):  # others are in it
                tree.remove_folder(path.rpartition("/")[0])
    with suppress(OSError):
        tree.remove_folder(_PART)
    return removed
