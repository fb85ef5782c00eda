import hashlib
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes, inspect_file

FORMATS = ("png", "jpeg", "webp", "gif")


def drawing(width: int = 24, height: int = 17) -> Image.Image:
    image = Image.new("RGB", (width, height))
    image.putdata([((x * 9) % 256, (y * 13) % 256, (x * y) % 256) for y in range(height) for x in range(width)])
    return image


def encoded(image_format: str, **options: object) -> bytes:
    out = BytesIO()
    drawing().save(out, image_format, **options)
    return out.getvalue()


WHOLE = {
    **{name: encoded(name) for name in FORMATS},
    "jpeg-progressive": encoded("jpeg", progressive=True),
    "jpeg-restarts": encoded("jpeg", restart_marker_rows=1),
    "jpeg-with-thumbnail-inside": encoded("jpeg", exif=b"Exif\x00\x00" + encoded("jpeg")),
    "webp-lossless": encoded("webp", lossless=True),
    "gif-animated": encoded("gif", save_all=True, append_images=[drawing().rotate(90), drawing().rotate(180)]),
    "webp-animated": encoded("webp", save_all=True, append_images=[drawing().rotate(90)]),
    "png-animated": encoded("png", save_all=True, append_images=[drawing().rotate(90)]),
}


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_image_is_described(name: str, tmp_path: Path) -> None:
    path = tmp_path / "misleading.name"
    path.write_bytes(WHOLE[name])
    with path.open("rb") as file:
        image = inspect_file(file)
    assert (image.format, image.width, image.height) == (name.partition("-")[0], 24, 17)
    assert image.sha256 == hashlib.sha256(WHOLE[name]).hexdigest()
    assert image.size_bytes == len(WHOLE[name])


@pytest.mark.parametrize("name", WHOLE)
def test_an_image_cut_anywhere_is_bad(name: str) -> None:
    data = WHOLE[name]
    accepted = []
    for size in range(len(data)):
        try:
            inspect_bytes(data[:size])
        except BadImage:
            continue
        accepted.append(size)
    assert accepted == []


@pytest.mark.parametrize("name", WHOLE)
def test_bytes_after_the_end_are_let_be(name: str) -> None:
    data = WHOLE[name] + b"\x00trailing"
    assert inspect_bytes(data).sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("offset", [40, 60, 100])
def test_a_flipped_bit_in_a_png_is_bad(offset: int) -> None:
    data = bytearray(WHOLE["png"])
    data[offset] ^= 1
    with pytest.raises(BadImage, match="checksum"):
        inspect_bytes(bytes(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><title>502</title>", "neither PNG.*: an HTML page of 33 bytes"),
        (b'{"error": {"code": "task_not_found"}}', "neither PNG"),
        (b"RIFF\x04\x00\x00\x00WAVE", "neither PNG"),
        (b"GIF89a" + b"\x01\x00\x01\x00\x00\x00\x00;", "GIF does not decode"),
        (b"\xff\xd8\xff\xd9", "JPEG does not decode"),
        (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IEND", b""), "PNG does not decode"),
    ],
)
def test_what_is_no_image_says_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        inspect_bytes(data)


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")
    with pytest.raises(BadImage, match="60000 x 60000 pixels"):
        inspect_bytes(bomb)


def test_an_image_above_the_librarys_own_warning_is_fine() -> None:
    out = BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "png")
    assert inspect_bytes(out.getvalue()).width == 10_000


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x1a\0\x05"])
def test_broken_metadata_is_no_broken_image(exif: bytes) -> None:
    assert inspect_bytes(encoded("jpeg", exif=exif)).width == 24
