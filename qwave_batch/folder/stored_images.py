"""Looks at an image among the artifacts: what it is, or what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Literal, TypeVar

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.folder.artifacts import ArtifactStore
from qwave_batch.folder.storage import reason_of
from qwave_batch.imaging.image_inspection import BadImage, ImageInfo, inspect_file
from qwave_batch.model.portable_paths import path_fault

Judged = TypeVar("Judged")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFault:
    """A fault of an image file."""

    kind: Literal["missing", "damaged"]
    message: str


def inspect_stored(artifacts: ArtifactStore, path: str) -> ImageInfo | FileFault:
    """Return what a stored image is, decoded to its end, or its fault. It blocks."""
    return judge_stored(artifacts, path, inspect_file)


def judge_stored(artifacts: ArtifactStore, path: str, judge: Callable[[BinaryIO], Judged]) -> Judged | FileFault:
    """Return what ``judge`` says of a stored image's file, or its fault where there is none or it raises BadImage.

    Raises:
        StorageError: a remote store can't be reached; nothing follows from that for the image.
    """
    fault = path_fault(path)
    if fault is not None:
        return FileFault(kind="damaged", message=f"the path can't be right: {fault}")
    try:
        with artifacts.open(path) as file:
            return judge(file)
    except BadImage as bad:
        return FileFault(kind="damaged", message=str(bad))
    except (OSError, UsageError, StorageError) as error:
        if isinstance(error, StorageError) and artifacts.is_remote:
            raise
        return _fault_of(artifacts, path, error)


def _fault_of(artifacts: ArtifactStore, path: str, error: Exception) -> FileFault:
    """Return the fault of a file that can't be opened or read: a link, a pipe, larger than any image, or not there."""
    try:
        is_there = artifacts.look(path) is not None
    except (UsageError, StorageError) as refusal:
        return FileFault(kind="damaged", message=str(refusal))
    if not is_there:
        return FileFault(kind="missing", message="the file is not there")
    message = f"it can't be read: {reason_of(error)}" if isinstance(error, OSError) else str(error)
    return FileFault(kind="damaged", message=message)
