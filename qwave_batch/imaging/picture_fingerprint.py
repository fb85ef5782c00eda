"""The fingerprint of a picture, a few bytes: enough to find equal, nearly equal and one-coloured pictures.

- ``pixels``: a hash of the decoded pixels, so that the same picture in two files is known by it.
- ``look``: a perceptual hash (pHash): the discrete cosine transform of the picture in grey at 16 x 16, and for each of
  its 64 lowest frequencies whether it is above their median. It stays nearly the same when a picture is compressed,
  resized or stretched, and differs in about half of its bits between two pictures. All sums are of integers, so that
  it is the same on every machine.
- ``cells``: the mean colours of 8 x 8 parts, which tell pictures apart that are composed alike.
"""

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from operator import mul
from typing import Final

from PIL import Image

from qwave_batch.imaging.formats.judging import BadImage, Size, memory

CELL_BYTES: Final = 192
"""Of ``cells``: 8 rows of 8 colours of 3 bytes."""
BLANK_LEVELS = 8
"""Of 256: a picture is blank if each of its channels stays within so many, ..."""
BLANK_EXCEPT = 10_000
"""... but for one in so many pixels."""

_READ = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF"}
_MOST_PIXELS = 64_000_000
"""Of a picture that is looked at; no model makes half of it."""
_BYTES_PER_PIXEL = 12
"""Pillow keeps 4, a conversion as many again, and the hash reads a copy."""
_SIDE, _KEPT = 16, 8
_LEVEL = (128, 128, 128)
"""Stands behind what is transparent, so that black and white both show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFingerprint:
    """The look of one picture."""

    pixels: str
    """SHA-256 of its size and its pixels."""
    look: int
    """The perceptual hash, 64 bits."""
    cells: bytes
    """The colours of its 8 x 8 parts, row by row, a byte for each of red, green and blue."""
    is_blank: bool
    """Whether it is one-coloured, or nearly so."""


def fingerprint_of(data: bytes, image_format: str, size: Size) -> PictureFingerprint | None:
    """Return the fingerprint of an image that ``inspect_bytes`` found to be whole; of an animation, its first picture.

    Returns:
        None for one of a strange format, which is not decoded here, or larger than any that is made.

    Raises:
        BadImage: Pillow does not decode it, and so nothing that is made with Pillow does.
    """
    if not is_decoded(image_format, size):
        return None
    with memory(decode_bytes(size)), decoded_picture(data, image_format) as image:
        return picture_fingerprint(image)


def is_decoded(image_format: str, size: Size) -> bool:
    """Whether a picture is decoded here: not one of a strange format, nor one larger than any that is made."""
    return image_format in _READ and size[0] * size[1] <= _MOST_PIXELS


def decode_bytes(size: Size) -> int:
    """Return how much memory it takes at most to decode a picture of a size and to look at it."""
    return size[0] * size[1] * _BYTES_PER_PIXEL


@contextmanager
def decoded_picture(data: bytes, image_format: str) -> Iterator[Image.Image]:
    """Yield the picture of an image that ``is_decoded``; of an animation, the first one.

    Raises:
        BadImage: Pillow does not decode it.
    """
    try:
        with Image.open(BytesIO(data), formats=(_READ[image_format],)) as image:
            image.load()
            yield image
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadImage(f"{image_format.upper()} does not decode: {str(error) or type(error).__name__}") from error


def picture_fingerprint(image: Image.Image) -> PictureFingerprint:
    """Return the fingerprint of a picture."""
    plain = in_eight_bits(image)
    exact = image if _is_deep(image) else plain
    head = f"{exact.mode} {exact.width} {exact.height} ".encode()
    small = _before_grey(plain).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return PictureFingerprint(
        pixels=hashlib.sha256(head + exact.tobytes()).hexdigest(),
        look=_perceptual_hash(small.convert("L").tobytes()),
        cells=small.resize((_KEPT, _KEPT), Image.Resampling.BOX).tobytes(),
        is_blank=is_blank(plain),
    )


def _is_deep(image: Image.Image) -> bool:
    """Whether it has more than 8 bits a sample."""
    return image.mode.startswith("I")


def in_eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture as RGB, or as RGBA where something shows through."""
    if _is_deep(image):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        clear = image.convert("RGBA")
        return clear.convert("RGB") if clear.getchannel("A").getextrema() == (255, 255) else clear
    return image.convert("RGB")


def opaque(image: Image.Image) -> Image.Image:
    """Return a picture as RGB, before grey where something shows through."""
    return _before_grey(in_eight_bits(image))


def _before_grey(plain: Image.Image) -> Image.Image:
    if plain.mode == "RGB":
        return plain
    behind = Image.new("RGB", plain.size, _LEVEL)
    behind.paste(plain, mask=plain.getchannel("A"))
    return behind


def is_blank(plain: Image.Image) -> bool:
    """Whether every channel, those of what is transparent weighed by it, has nearly one value."""
    counts = (plain if plain.mode == "RGB" else plain.convert("RGBa")).histogram()
    most_others = plain.width * plain.height // BLANK_EXCEPT
    return all(_span(counts[start : start + 256], most_others) <= BLANK_LEVELS for start in range(0, len(counts), 256))


def _span(counts: list[int], most_others: int) -> int:
    """Return the least difference between two levels that all pixels lie between, but for some."""
    needed = sum(counts) - most_others
    best, inside, low = 255, 0, 0
    for high, number in enumerate(counts):
        inside += number
        while inside - counts[low] >= needed:
            inside -= counts[low]
            low += 1
        if inside >= needed:
            best = min(best, high - low)
    return best


def _waves(frequency: int) -> tuple[int, ...]:
    """Return one wave of the discrete cosine transform in whole numbers."""
    return tuple(round(4096 * math.cos(math.pi * (2 * at + 1) * frequency / (2 * _SIDE))) for at in range(_SIDE))


_WAVES = tuple(_waves(frequency) for frequency in range(_KEPT + 1))


def _perceptual_hash(grey: bytes) -> int:
    """Return the hash of 16 x 16 levels of grey."""
    rows = [[sum(map(mul, wave, grey[at : at + _SIDE])) for wave in _WAVES] for at in range(0, len(grey), _SIDE)]
    columns = list(zip(*rows, strict=True))
    found = [sum(map(mul, wave, column)) for wave in _WAVES[:_KEPT] for column in columns[:_KEPT]]
    found[0] = sum(map(mul, _WAVES[0], columns[_KEPT]))  # in place of the mean, which says nothing of the picture
    median = sorted(found)[len(found) // 2 - 1]
    bits = 0
    for strength in found:
        bits = bits << 1 | (strength > median)
    return bits
