"""A WebP whose image is whole is a good one, whatever stands around its pixels."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes
from tests.unit.imaging.hostile_images import webp, webp_frame, webp_pixels
from tests.unit.imaging.test_image_inspection import drawing


def encoded(*, alpha: bool = False, **options: object) -> bytes:
    out = BytesIO()
    image = drawing(40, 31)
    if alpha:
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(out, "WEBP", **options)
    return out.getvalue()


WHOLE = {
    "lossy": encoded(),
    "lossless": encoded(lossless=True),
    "alpha": encoded(alpha=True),
    "exif": encoded(exif=b"Exif\0\0" + bytes(40)),
    "animated": encoded(save_all=True, append_images=[drawing(40, 31).rotate(90), drawing(40, 31).rotate(180)]),
}


def with_size(data: bytes, slip: int) -> bytes:
    return data[:4] + struct.pack("<I", int.from_bytes(data[4:8], "little") + slip) + data[8:]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("slip", [-8, -4, -1, 1, 2, 8, 12])
def test_a_size_that_is_a_little_off_is_let_be(name: str, slip: int) -> None:
    image = inspect_bytes(with_size(WHOLE[name], slip))
    assert (image.format, image.width, image.height) == ("webp", 40, 31)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("slip", [0, -4, 8])
def test_a_file_that_is_cut_is_still_bad(name: str, slip: int) -> None:
    data = with_size(WHOLE[name], slip)
    for size in range(12, len(data) - 70 if name == "exif" else len(data) - 17, 13):
        with pytest.raises(BadImage):
            inspect_bytes(data[:size])


@pytest.mark.parametrize("kind", [b"EXIF", b"XMP ", b"ICCP", b"abcd"])
@pytest.mark.parametrize("told", [3, 40, 4_000_000_000])
def test_metadata_that_runs_over_the_end_condemns_nothing(kind: bytes, told: int) -> None:
    broken = kind + struct.pack("<I", told) + b"\xff\xff"
    assert inspect_bytes(webp(24, 17, webp_pixels(24, 17), broken, is_animated=False)).height == 17
    assert inspect_bytes(webp(24, 17, webp_frame(24, 17, webp_pixels(24, 17)), broken)).height == 17


def test_pixels_that_run_over_the_end_are_bad() -> None:
    pixels = webp_pixels(24, 17)
    with pytest.raises(BadImage, match="longer than the file"):
        inspect_bytes(webp(24, 17, pixels[:4] + struct.pack("<I", 5000) + pixels[8:], is_animated=False))
