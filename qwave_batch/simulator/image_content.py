"""Content of an image: what a picture that is made of it takes over, and what shows that it was this one."""

import math
from colorsys import rgb_to_hls
from dataclasses import dataclass
from hashlib import sha256

from qwave_batch.imaging.formats.judging import Size
from qwave_batch.imaging.image_inspection import BadImage
from qwave_batch.imaging.picture_fingerprint import decoded_picture, is_decoded, opaque

HUES = 72
_MOST_PIXELS = 1 << 20  # larger images keep their colours to themselves: decoding would hold up every other request


@dataclass(frozen=True, slots=True)
class ImageContent:
    """Content of an image: the same however a request passes it."""

    digest: str
    """The SHA-256 of the file, in hex."""
    hue: int | None = None
    """The colour of its sky, as one of 72 hues; None for an image that is grey or large."""


def content_of(data: bytes, image_format: str, size: Size) -> ImageContent:
    """Return the content of a file that is a whole image of a format and size, in pixels."""
    is_small = size[0] * size[1] <= _MOST_PIXELS and is_decoded(image_format, size)
    hue = _hue_of(data, image_format) if is_small else None
    return ImageContent(sha256(data).hexdigest(), hue)


def _hue_of(data: bytes, image_format: str) -> int | None:
    try:
        with decoded_picture(data, image_format) as image:
            top = image.height // 5
            rgb = opaque(image).crop((0, top, image.width, max(top + 1, image.height // 3))).tobytes()
    except BadImage:
        return None
    mean = [sum(rgb[channel::3]) / (85 * len(rgb)) for channel in range(3)]  # 85 is a third of 255
    hue, _, saturation = rgb_to_hls(*mean)
    return math.floor(hue * HUES) % HUES if saturation > 0 else None
