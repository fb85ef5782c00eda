"""A thumbnail: an image at most 256 pixels long as WebP, and nine pixels to stand in for it until it is loaded.

The same bytes of an image, under the same version of the libraries, give the same bytes of a thumbnail. A picture that
is transparent in places stays so; the nine pixels lie on grey. Of an animation the first picture is taken.
"""

import base64
import io
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from PIL import Image

from qwave_batch.imaging.formats.shrinking import SIDE, Shrinker
from qwave_batch.imaging.image_inspection import ImageInfo, inspect_bytes, inspect_file

__all__ = ["SIDE", "TINY_CHARACTERS", "Thumbnail", "ThumbnailFault", "inspect_with_picture", "thumbnail_of"]

TINY_CHARACTERS: Final = 36
"""Of base64: 27 bytes, 3 rows of 3 pixels of red, green and blue."""
_TINY_SIDE = 3
_QUALITY, _METHOD = 80, 2
"""A method that looks longer for savings takes twice the time and saves a thirtieth."""
_BEHIND = (128, 128, 128)


class ThumbnailFault(Exception):
    """No thumbnail can be made of an image; the text says why."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The thumbnail of one image."""

    webp: bytes = field(repr=False)
    tiny: str
    """The nine pixels as base64."""


def inspect_with_picture(source: bytes | BinaryIO) -> tuple[ImageInfo, Shrinker]:
    """Judge an image as ``inspect_bytes`` and ``inspect_file`` do, and take its small picture from the same decode.

    Raises:
        BadImage: it is not a whole image.
        OSError: the file can't be read.
    """
    shrinker = Shrinker()
    if isinstance(source, bytes):
        return inspect_bytes(source, shrinker), shrinker
    return inspect_file(source, shrinker), shrinker


def thumbnail_of(shrinker: Shrinker) -> Thumbnail:
    """Return the thumbnail of a small picture.

    Raises:
        ThumbnailFault: there is no picture, or it can't be written.
    """
    small = shrinker.small
    if small is None:
        raise ThumbnailFault(shrinker.fault)
    out = io.BytesIO()
    try:
        small.save(out, "WEBP", quality=_QUALITY, method=_METHOD)
    except (KeyError, OSError, ValueError) as error:  # Pillow may be built without WebP
        raise ThumbnailFault(f"it can't be written as WebP: {error}") from error
    return Thumbnail(out.getvalue(), _tiny(small))


def _tiny(small: Image.Image) -> str:
    plain = small
    if small.mode == "RGBA":
        plain = Image.new("RGB", small.size, _BEHIND)
        plain.paste(small, mask=small.getchannel("A"))
    pixels = plain.resize((_TINY_SIDE, _TINY_SIDE), Image.Resampling.BOX).tobytes()
    return base64.b64encode(pixels).decode("ascii")
