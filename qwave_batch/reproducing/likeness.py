"""How alike two images of the same request are: their bytes, their pixels, their look, or nothing of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qwave_batch.imaging.picture_fingerprint import PictureFingerprint
from qwave_batch.quality.alike_search import DEFAULT_DISTANCE, are_alike, levels_of

NEAR_BITS: Final = DEFAULT_DISTANCE
"""In how many of 64 bits the perceptual hashes of two near images differ at most: as for near duplicates."""
NEAR_LEVELS: Final = levels_of(NEAR_BITS)
"""By how many of 256 levels the mean colour of any of their 8 x 8 parts differs at most."""


class Likeness(StrEnum):
    """The strongest of what two images have in common; the first is the strongest."""

    BYTES = "bytes"
    """Their files are the same."""
    PIXELS = "pixels"
    """Their files differ, and their pixels are the same."""
    NEAR = "near"
    """They look the same, within ``NEAR_BITS`` and ``NEAR_LEVELS``."""
    OTHER = "other"
    """They are different pictures."""


_FROM_WEAKEST = tuple(reversed(Likeness))


def weakest(found: "list[Likeness]") -> Likeness:
    """Return what holds for all of several pairs of images."""
    return next(likeness for likeness in _FROM_WEAKEST if likeness in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDifference:
    """Two images beside each other."""

    likeness: Likeness
    bits: int
    """In how many of 64 bits their perceptual hashes differ."""
    levels: float | None
    """By how many of 256 levels their pixels differ on average; None for pictures of two sizes."""


SAME_BYTES = ImageDifference(likeness=Likeness.BYTES, bits=0, levels=0.0)
SAME_PIXELS = ImageDifference(likeness=Likeness.PIXELS, bits=0, levels=0.0)


def difference_of(one: PictureFingerprint, other: PictureFingerprint, levels: float | None) -> ImageDifference:
    """Return the difference of two pictures whose files differ.

    Args:
        one: A fingerprint.
        other: The other one.
        levels: By how much their pixels differ on average.
    """
    if one.pixels == other.pixels:
        return SAME_PIXELS
    bits = (one.look ^ other.look).bit_count()
    is_near = bits <= NEAR_BITS and are_alike(one.cells, other.cells, NEAR_LEVELS)
    return ImageDifference(likeness=Likeness.NEAR if is_near else Likeness.OTHER, bits=bits, levels=levels)
