"""How alike two images are."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from qwave_batch.imaging.picture_difference import EncodedPicture, mean_difference
from qwave_batch.imaging.picture_fingerprint import PictureFingerprint
from qwave_batch.reproducing.likeness import NEAR_BITS, NEAR_LEVELS, SAME_PIXELS, Likeness, difference_of, weakest

PICTURE = PictureFingerprint(pixels="1", look=0, cells=bytes(192), is_blank=False)


def flat(colour: tuple[int, ...], size: tuple[int, int] = (8, 4), mode: str = "RGB") -> EncodedPicture:
    file = BytesIO()
    Image.new(mode, size, colour).save(file, "PNG")
    return EncodedPicture(data=file.getvalue(), format="png", size=size)


@pytest.mark.parametrize(
    ("bits", "levels", "likeness"),
    [
        (NEAR_BITS, NEAR_LEVELS, Likeness.NEAR),
        (NEAR_BITS + 1, 0, Likeness.OTHER),
        (0, NEAR_LEVELS + 1, Likeness.OTHER),
    ],
)
def test_near_images_differ_in_few_bits_and_in_few_levels_anywhere(bits: int, levels: int, likeness: Likeness) -> None:
    other = replace(PICTURE, pixels="2", look=(1 << bits) - 1, cells=bytes([*bytes(191), levels]))
    found = difference_of(PICTURE, other, 0.5)
    assert (found.likeness, found.bits, found.levels) == (likeness, bits, 0.5)


def test_the_same_pixels_are_the_same_whatever_the_file() -> None:
    assert difference_of(PICTURE, PICTURE, None) == SAME_PIXELS


def test_the_weakest_of_several_images_counts() -> None:
    assert weakest([Likeness.BYTES, Likeness.NEAR, Likeness.PIXELS]) is Likeness.NEAR
    assert weakest([Likeness.BYTES]) is Likeness.BYTES


def test_the_mean_difference_is_of_all_channels_and_pixels() -> None:
    assert mean_difference(flat((10, 20, 30)), flat((13, 20, 24))) == 3.0


def test_pictures_of_two_sizes_have_no_mean_difference() -> None:
    assert mean_difference(flat((0, 0, 0)), flat((0, 0, 0), (4, 8))) is None


def test_what_shows_through_is_seen_before_grey() -> None:
    clear, grey = flat((255, 0, 0, 0), mode="RGBA"), flat((128, 128, 128))
    assert mean_difference(clear, grey) == 0.0
