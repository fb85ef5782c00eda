"""Reads two images of run folders, and tells how alike they are."""

from dataclasses import dataclass

from qwave_batch.folder.stored_images import FileFault
from qwave_batch.imaging.image_inspection import BadImage
from qwave_batch.imaging.picture_difference import EncodedPicture, mean_difference
from qwave_batch.imaging.picture_fingerprint import PictureFingerprint
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.quality.image_look import look_at
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


def compare_images(one: StoredImage, other: StoredImage) -> ImageDifference | Uncompared:
    """Return how two images differ. Files with the same hash on record are not read. It blocks.

    Raises:
        StorageError: a remote store can't be reached.
    """
    if one.image.sha256 == other.image.sha256:
        return SAME_BYTES
    left, right = _fingerprint(one), _fingerprint(other)
    if isinstance(left, Uncompared):
        return left
    if isinstance(right, Uncompared):
        return right
    if left.pixels == right.pixels:
        return SAME_PIXELS
    try:
        levels = mean_difference(_encoded(one), _encoded(other))
    except (BadImage, OSError) as error:  # too large to have both in memory, or gone since
        return Uncompared(f"{one.place} and {other.place}: {error}")
    return difference_of(left, right, levels)


def _fingerprint(stored: StoredImage) -> PictureFingerprint | Uncompared:
    look = look_at(stored.reader.layout.artifacts, stored.image.path)
    if isinstance(look, FileFault):
        return Uncompared(f"{stored.place}: {look.message}")
    if look.sha256 != stored.image.sha256:
        return Uncompared(f"{stored.place}: it is not the image on record")
    return look.picture or Uncompared(f"{stored.place}: a {stored.image.format} of its size is not compared")


def _encoded(stored: StoredImage) -> EncodedPicture:
    """Return a file that was found to be the one on record."""
    image = stored.image
    with stored.reader.layout.artifacts.open(image.path) as file:
        data = file.read(image.size_bytes + 1)
    return EncodedPicture(data=data, format=image.format, size=(image.width, image.height))
