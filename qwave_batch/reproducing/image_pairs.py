"""Reads two images of run folders, and tells how alike they are."""

from dataclasses import dataclass
from typing import BinaryIO

from qwave_batch.folder.stored_images import FileFault, judge_stored
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES, BadImage, inspect_bytes
from qwave_batch.imaging.picture_difference import EncodedPicture, mean_difference
from qwave_batch.imaging.picture_fingerprint import PictureFingerprint, fingerprint_of
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.reproducing.likeness import SAME_BYTES, SAME_PIXELS, ImageDifference, difference_of


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image on record in an open folder."""

    reader: FolderReader
    image: ImageFile

    @property
    def place(self) -> str:
        """Its folder and its path there."""
        return f"{self.reader.layout.address}/{self.image.path}"


@dataclass(frozen=True, slots=True)
class Uncompared:
    """Two images that could not be compared, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Picture:
    encoded: EncodedPicture
    fingerprint: PictureFingerprint


def compare_images(one: StoredImage, other: StoredImage) -> ImageDifference | Uncompared:
    """Return how two images differ. Files with the same hash on record are not read. It blocks.

    Raises:
        StorageError: a remote store can't be reached.
    """
    if one.image.sha256 == other.image.sha256:
        return SAME_BYTES
    left, right = _read(one), _read(other)
    if isinstance(left, Uncompared):
        return left
    if isinstance(right, Uncompared):
        return right
    if left.fingerprint.pixels == right.fingerprint.pixels:
        return SAME_PIXELS
    try:
        levels = mean_difference(left.encoded, right.encoded)
    except BadImage as bad:  # too large to have both in memory
        return Uncompared(f"{one.place} and {other.place}: {bad}")
    return difference_of(left.fingerprint, right.fingerprint, levels)


def _read(stored: StoredImage) -> _Picture | Uncompared:
    def judge(file: BinaryIO) -> _Picture | None:
        data = file.read(min(stored.image.size_bytes, MAX_IMAGE_BYTES) + 1)
        info = inspect_bytes(data)
        if info.sha256 != stored.image.sha256:
            raise BadImage("it is not the image on record")
        size = (info.width, info.height)
        found = fingerprint_of(data, info.format, size)
        return None if found is None else _Picture(EncodedPicture(data=data, format=info.format, size=size), found)

    found = judge_stored(stored.reader.layout.artifacts, stored.image.path, judge)
    if isinstance(found, FileFault):
        return Uncompared(f"{stored.place}: {found.message}")
    return found or Uncompared(f"{stored.place}: a {stored.image.format} of its size is not compared")
