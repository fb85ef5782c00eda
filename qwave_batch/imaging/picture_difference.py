"""How far two pictures are from each other, pixel by pixel."""

from dataclasses import dataclass

from PIL import ImageChops, ImageStat

from qwave_batch.imaging.formats.judging import Size, memory
from qwave_batch.imaging.picture_fingerprint import decode_bytes, decoded_picture, is_decoded, opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedPicture:
    """An image file that ``inspect_bytes`` found to be whole."""

    data: bytes
    format: str
    size: Size


def mean_difference(one: EncodedPicture, other: EncodedPicture) -> float | None:
    """Return by how many of 256 levels the channels of two pictures differ on average, over all pixels.

    Returns:
        None for pictures of two sizes, and for one that is not decoded here.

    Raises:
        BadImage: Pillow does not decode one of them.
    """
    if one.size != other.size or not (is_decoded(one.format, one.size) and is_decoded(other.format, other.size)):
        return None
    with (
        memory(decode_bytes(one.size) + decode_bytes(other.size)),
        decoded_picture(one.data, one.format) as left,
        decoded_picture(other.data, other.format) as right,
    ):
        if left.size != right.size:  # turned by their metadata in one way only
            return None
        means = ImageStat.Stat(ImageChops.difference(opaque(left), opaque(right))).mean
        return sum(means) / len(means)
