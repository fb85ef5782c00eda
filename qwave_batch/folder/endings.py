"""Whether a picture file reaches its own end: a decoder is content with less than the whole file."""

import re
import zlib
from collections.abc import Callable

_PNG = b"\x89PNG\r\n\x1a\n"
_CUT = "is cut short"

# In JPEG's coded data FF 00 is a byte and FF D0-D7 a restart; any other FF is the next marker.
_JPEG_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_EOI = 0xD9
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def format_of(data: bytes) -> str | None:
    """Return ``png``, ``jpeg``, ``webp`` or ``gif`` by the first bytes, or None."""
    if data.startswith(_PNG):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return None


def missing_end(data: bytes, picture_format: str) -> str | None:
    """Return what keeps the file from being whole, such as ``is cut short``, or None when its end is there."""
    try:
        return _WALKS[picture_format](data)
    except IndexError:  # a walk that ran off the end of the bytes
        return _CUT


def _walk_png(data: bytes) -> str | None:
    at = len(_PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        kind, end = data[at + 4 : at + 8], at + 8 + size
        if end + 4 > len(data):
            return _CUT
        if zlib.crc32(memoryview(data)[at + 4 : end]) != int.from_bytes(data[end : end + 4]):
            return f"is damaged: the checksum of chunk {kind.decode('ascii', 'replace')} is wrong"
        if kind == b"IEND":
            return None
        at = end + 4
    return _CUT


def _walk_jpeg(data: bytes) -> str | None:
    at = 2
    while True:
        found = _JPEG_MARKER.search(data, at)
        if found is None:
            return _CUT
        marker, at = data[found.end() - 1], found.end()
        if marker == _EOI:
            return None
        if marker not in _JPEG_ALONE:
            at += (data[at] << 8) | data[at + 1]  # past the segment; after SOS the search runs through coded data


def _walk_webp(data: bytes) -> str | None:
    return None if len(data) >= 8 + int.from_bytes(data[4:8], "little") else _CUT


def _walk_gif(data: bytes) -> str | None:
    at = 13 + _colour_table_bytes(data[10])
    while True:
        match data[at : at + 1]:
            case b";":  # the trailer
                return None
            case b"!":  # an extension: label, then blocks
                at = _past_blocks(data, at + 2)
            case b",":  # an image: descriptor, colour table, code size, then blocks
                at = _past_blocks(data, at + 11 + _colour_table_bytes(data[at + 9]))
            case b"":
                return _CUT
            case kind:
                return f"is damaged: a block begins with {kind!r}"


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _past_blocks(data: bytes, at: int) -> int:
    while (size := data[at]) > 0:
        at += size + 1
    return at + 1


_WALKS: dict[str, Callable[[bytes], str | None]] = {
    "png": _walk_png,
    "jpeg": _walk_jpeg,
    "webp": _walk_webp,
    "gif": _walk_gif,
}
