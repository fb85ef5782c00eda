"""Damage in a JPEG that its decoder passes over in silence."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes
from tests.unit.imaging.hostile_images import jpeg_segment


def photo(mode: str = "RGB", size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Soft shapes with some grain, like an image that a model makes."""
    whole = Image.radial_gradient("L").resize(size)
    small = Image.linear_gradient("L").rotate(45).resize((40, 30)).resize(size, Image.Resampling.BICUBIC)
    return Image.merge("RGB", (whole, small, Image.blend(whole, small, 0.3))).convert(mode)


def jpeg(mode: str = "RGB", size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    out = BytesIO()
    photo(mode, size).save(out, "JPEG", **{"quality": 92, **options})
    return out.getvalue()


SOUND = {
    "plain": jpeg(),
    "tables of its own": jpeg(optimize=True),
    "full colour": jpeg(subsampling=0),
    "grey": jpeg("L"),
    "for print": jpeg("CMYK"),
    "stretches": jpeg(restart_marker_blocks=7),
    "grey in stretches": jpeg("L", restart_marker_rows=1),
    "odd size": jpeg(size=(333, 17)),
    "one pixel": jpeg(size=(1, 1)),
    "progressive": jpeg(progressive=True),
}


def grey_with_factors() -> bytes:
    """Grey with the factors of colour, as some encoders write it."""
    data = SOUND["grey in stretches"]
    at = data.index(b"\xff\xc0")
    return data[: at + 11] + b"\x22" + data[at + 12 :]


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_jpeg_is_fine(name: str) -> None:
    data = SOUND[name]
    assert inspect_bytes(data).format == "jpeg"
    assert inspect_bytes(data.removesuffix(b"\xff\xd9") + bytes(20) + b"\xff\xff\xd9trailing").format == "jpeg"
    assert inspect_bytes(data.removesuffix(b"\xff\xd9") + jpeg_segment(0xFE, b"made by hand") + b"\xff\xd9").width


def test_a_grey_jpeg_with_the_factors_of_colour_is_fine() -> None:
    assert inspect_bytes(grey_with_factors()).width == 640


@pytest.mark.parametrize("name", ["plain", "tables of its own", "full colour", "grey", "for print", "stretches"])
@pytest.mark.parametrize("at", [0.3, 0.5, 0.8])
def test_a_jpeg_that_is_cut_and_has_an_end_is_bad(name: str, at: float) -> None:
    data = SOUND[name]
    with pytest.raises(BadImage, match=r"is damaged: (its coded data ends before|its restart markers)"):
        inspect_bytes(data[: int(len(data) * at)].rstrip(b"\xff") + b"\xff\xd9")


@pytest.mark.parametrize("name", ["plain", "tables of its own", "full colour", "grey", "for print", "stretches"])
@pytest.mark.parametrize("damage", ["missing", "zeros"])
def test_a_jpeg_that_is_damaged_in_its_middle_is_bad(name: str, damage: str) -> None:
    data, middle = SOUND[name], len(SOUND[name]) // 2
    with pytest.raises(BadImage, match="is damaged"):
        inspect_bytes(
            data[:middle] + data[middle + 600 :]
            if damage == "missing"
            else data[:middle] + bytes(400) + data[middle + 400 :]
        )


def test_coded_data_of_another_image_is_bad() -> None:
    """A header that is too small for it leaves data over."""
    data = SOUND["plain"]
    size = data.index(b"\xff\xc0") + 5
    smaller = data[:size] + struct.pack(">HH", 240, 640) + data[size + 4 :]
    with pytest.raises(BadImage, match="goes on after its image has ended"):
        inspect_bytes(smaller)
