"""Formats that nobody asked for: read where Pillow reads them, and else named, once and for all."""

import struct
import sys
from io import BytesIO

import pytest
from PIL import Image

from qwave_batch.imaging.formats import apart
from qwave_batch.imaging.image_inspection import EXTENSIONS, STRANGE_FORMATS, BadImage, OtherFormat, inspect_bytes
from tests.unit.imaging.test_image_inspection import drawing

OPTIONS: dict[str, dict[str, object]] = {
    "avif": {},
    "tiff": {"compression": "tiff_lzw"},
    "bmp": {},
    "jpeg2000": {"no_jp2": True},
}


def encoded(image_format: str) -> bytes:
    out = BytesIO()
    drawing(64, 48).save(out, image_format, **OPTIONS[image_format])
    return out.getvalue()


@pytest.mark.parametrize("name", OPTIONS)
def test_what_the_library_decodes_is_an_image(name: str) -> None:
    data = encoded(name)
    image = inspect_bytes(data + b"trailing")
    assert (image.format, image.width, image.height) == (name, 64, 48)
    for cut in (len(data) // 2, len(data) - 30):
        with pytest.raises(BadImage, match="does not decode") as bad:
            inspect_bytes(data[:cut])
        assert not isinstance(bad.value, OtherFormat)
        assert bad.value.extension == EXTENSIONS[name]


def test_every_strange_format_has_a_case() -> None:
    assert OPTIONS.keys() == STRANGE_FORMATS


@pytest.mark.parametrize(
    ("data", "named", "extension"),
    [
        (b"\0\0\0\x20ftypheic" + bytes(50), "HEIF", ".heic"),
        (b"\0\0\0\x20ftypmp42" + bytes(50), "a video", ".mp4"),
        (b"\x1a\x45\xdf\xa3" + bytes(50), "a video", ".webm"),
        (b"\xff\x0a" + bytes(50), "JPEG XL", ".jxl"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG", ".svg"),
        (b"PK\x03\x04" + bytes(50), "a ZIP file", ".zip"),
        (b"8BPS" + bytes(50), "a Photoshop file", ".psd"),
    ],
)
def test_what_it_can_not_decode_is_named_with_its_extension(data: bytes, named: str, extension: str) -> None:
    with pytest.raises(OtherFormat, match=f"neither PNG, JPEG, WebP nor GIF: {named} of {len(data)} bytes") as other:
        inspect_bytes(data)
    assert other.value.extension == extension


@pytest.mark.parametrize(
    "data", [b"<!doctype html><p>502", b'{"error": {}}', b"Bad gateway", b"<Error/>", b"\x7fELF", b""]
)
def test_an_error_page_is_not_a_result_in_another_format(data: bytes) -> None:
    with pytest.raises(BadImage) as bad:
        inspect_bytes(data)
    assert not isinstance(bad.value, OtherFormat)


def test_a_library_without_the_decoder_has_it_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])  # as where Pillow was built without it
    with pytest.raises(OtherFormat, match="AVIF of"):
        inspect_bytes(encoded("avif"))


def test_a_header_of_too_many_pixels_is_refused_before_a_decode() -> None:
    header = struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0)
    with pytest.raises(BadImage, match="60000 x 60000 pixels are more"):
        inspect_bytes(b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header)


def test_the_system_bounds_what_a_decode_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    out = BytesIO()
    Image.new("RGB", (6000, 6000)).save(out, "TIFF", compression="tiff_deflate")
    monkeypatch.setattr(apart, "_MEMORY_BYTES", 120 * 2**20)
    with pytest.raises(BadImage, match="TIFF takes more than 120 MiB of memory"):
        inspect_bytes(out.getvalue())
