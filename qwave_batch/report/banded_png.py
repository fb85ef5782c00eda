"""Writes a PNG band by band, so that a picture of any height takes the memory of one band."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image, ImageChops

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BITS = struct.pack(">BBBBB", 8, 2, 0, 0, 0)
_SUB = b"\x01"
"""The filter of each row: the difference to the pixel on the left."""
_PIXEL_BYTES = 3


def png_of_bands(width: int, height: int, bands: Iterator[Image.Image]) -> Iterator[bytes]:
    """Yield the bytes of a PNG whose rows are those of RGB bands, one below the other.

    Raises:
        ValueError: a band is not as wide, or all together are not as high.
    """
    yield _SIGNATURE
    yield _chunk(b"IHDR", struct.pack(">II", width, height) + _RGB_8_BITS)
    packer, rows = zlib.compressobj(6), 0
    for band in bands:
        if band.width != width or band.mode != "RGB":
            raise ValueError(f"a band of {band.width} pixels in a picture of {width}")
        rows += band.height
        packed = packer.compress(_filtered(band))
        if packed:
            yield _chunk(b"IDAT", packed)
    if rows != height:
        raise ValueError(f"{rows} rows in a picture of {height}")
    yield _chunk(b"IDAT", packer.flush())
    yield _chunk(b"IEND", b"")


def _filtered(band: Image.Image) -> bytes:
    left = Image.new("RGB", band.size)
    left.paste(band, (1, 0))
    data = memoryview(ImageChops.subtract_modulo(band, left).tobytes())
    stride = band.width * _PIXEL_BYTES
    return b"".join(part for at in range(0, len(data), stride) for part in (_SUB, data[at : at + stride]))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
