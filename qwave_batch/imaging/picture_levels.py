"""Plain measures of one picture: how bright, how rich in contrast and how sharp it is. The same on every machine."""

from dataclasses import dataclass

from PIL import Image, ImageChops

from qwave_batch.imaging.picture_fingerprint import in_eight_bits, is_blank, opaque

_FULL = 255
_APART = 2
"""Pixels between those that are compared for sharpness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLevels:
    """The measures of a picture in grey, what is transparent laid over grey."""

    is_blank: bool
    """Whether it is one-coloured, or nearly so."""
    brightness: float
    """The mean, from 0 (black) to 1 (white)."""
    contrast: float
    """The standard deviation (RMS contrast), from 0 to 0.5."""
    sharpness: float
    """The mean squared difference of pixels that are two apart (Brenner's focus measure), across and down, from 0 to 1.
    It depends on the picture's size: compare pictures of one size."""


def picture_levels(image: Image.Image) -> PictureLevels:
    """Return the measures of a decoded picture."""
    grey = opaque(image).convert("L")
    mean = _moment(grey, 1)
    return PictureLevels(
        is_blank=is_blank(in_eight_bits(image)),
        brightness=mean,
        contrast=max(0.0, _moment(grey, 2) - mean * mean) ** 0.5,
        sharpness=(_differences(grey, _APART, 0) + _differences(grey, 0, _APART)) / 2,
    )


def _differences(grey: Image.Image, across: int, down: int) -> float:
    width, height = grey.width - across, grey.height - down
    if width < 1 or height < 1:
        return 0.0
    here = grey.crop((0, 0, width, height))
    there = grey.crop((across, down, grey.width, grey.height))
    return _moment(ImageChops.difference(here, there), 2)


def _moment(grey: Image.Image, power: int) -> float:
    """Return the mean of a power of the levels, which are from 0 to 1."""
    counts = grey.histogram()
    whole = sum(float(number * level**power) for level, number in enumerate(counts))
    return whole / float(sum(counts) * _FULL**power)
