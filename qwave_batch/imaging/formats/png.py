"""PNG: the checksums of what makes the image, and every row inflated as a stream, in memory that does not grow.

Chunks that do not make it (texts, profiles, the frames of an animation) are passed over, whatever they hold and
wherever they stand: they can neither condemn an image nor fill the memory.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qwave_batch.imaging import formats
from qwave_batch.imaging.formats.judging import (
    MAX_CHUNKS,
    BadImage,
    Content,
    Effort,
    Size,
    check_image_size,
    memory,
)
from qwave_batch.imaging.formats.orientation import MOST_EXIF_BYTES, orientation_of

if TYPE_CHECKING:
    from qwave_batch.imaging.formats.png_rows import RowForm

_SIGNATURE_BYTES = 8
_HEADER = struct.Struct(">IIBBBBB")
_NAMED = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
_ANCILLARY = 0x20
"""The bit of a chunk's first letter that says that the image is whole without it."""

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_INDEXED = 3
_MOST_COLOURS = 256
_PALETTE_BYTES = range(3, 3 * _MOST_COLOURS + 1, 3)
_MAX_RAW_BYTES = 2**30
"""Of all rows: 200 million pixels of four bytes, or 134 million of eight."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of Adam7: the first column and row, and the steps."""

_FILTERS = bytes(range(5))
_PIECE = 2**16
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class _Header:
    size: Size
    colour: int
    bits_per_pixel: int
    is_interlaced: bool

    def passes(self) -> Iterator[tuple[int, int]]:
        """Yield how many rows each pass has, and the bytes of a row with its filter."""
        width, height = self.size
        spans = _PASSES if self.is_interlaced else ((0, 0, 1, 1),)
        for x, y, step_x, step_y in spans:
            columns, rows = -((x - width) // step_x), -((y - height) // step_y)
            if columns > 0 and rows > 0:
                yield rows, 1 + (columns * self.bits_per_pixel + 7) // 8


@dataclass(slots=True)
class _Parts:
    """The parts of a file that make up its image."""

    header: bytes = b""
    palette: bytes | None = None
    pixels: list[tuple[int, int]] = field(default_factory=list)
    """The start and end of each chunk of compressed rows."""

    transparency: bytes = b""
    exif: bytes = b""

    def take(self, kind: bytes, data: bytes, start: int, end: int) -> None:
        """Take in the next chunk."""
        if not self.header and kind != b"IHDR":
            raise BadImage("PNG does not decode: its header is not at its beginning")
        if kind == b"IDAT":
            self.pixels.append((start, end))
        elif kind == b"IHDR":
            if self.header:
                raise BadImage("PNG does not decode: it has two headers")
            self.header = data[start:end] or b"\0"
        elif kind == b"PLTE":
            self.palette = data[start : min(end, start + _PALETTE_BYTES.stop)]
        elif kind == b"tRNS":
            self.transparency = data[start : min(end, start + _MOST_COLOURS)]
        elif kind == b"eXIf":
            self.exif = data[start : min(end, start + MOST_EXIF_BYTES)]


def check_png(content: Content, effort: Effort) -> Size:
    """Return the size of a PNG that is whole, or raise BadImage."""
    data = content.data
    parts = _walk(data, effort)
    header = _read_header(parts.header)
    check_image_size(header.size)
    if header.colour == _INDEXED and (parts.palette is None or len(parts.palette) not in _PALETTE_BYTES):
        raise BadImage("PNG does not decode: its palette is missing or damaged")
    blocks = _blocks(data, parts.pixels, effort)
    shrinker = content.shrinker
    rows = None if shrinker is None else formats.png_rows.PngRows(_form_of_rows(parts, header))
    if shrinker is None or rows is None or not shrinker.has_room(rows.memory_bytes):
        _inflate(blocks, header)
        return header.size
    with memory(rows.memory_bytes):
        _inflate(rows.watched(blocks, effort), header)
        with effort.paused():
            shrinker.take(rows.picture(), header.size, orientation=orientation_of(parts.exif))
    return header.size


def _walk(data: bytes, effort: Effort) -> _Parts:
    """Hold every chunk that makes the image to its checksum, up to the last one."""
    parts, at, view = _Parts(), _SIGNATURE_BYTES, memoryview(data)
    for number in range(MAX_CHUNKS):
        if number % 4096 == 0:
            effort.check()
        if at + 12 > len(data):
            raise BadImage("PNG is cut short")
        start, end = at + 8, at + 8 + int.from_bytes(data[at : at + 4])
        kind = data[at + 4 : start]
        if end + 4 > len(data):
            raise BadImage("PNG is cut short")
        makes_image = not data[at + 4] & _ANCILLARY or kind == b"tRNS"
        if makes_image and zlib.crc32(view[at + 4 : end]) != int.from_bytes(data[end : end + 4]):
            named = kind.decode() if kind in _NAMED else f"at byte {at:,}"
            raise BadImage(f"PNG is damaged: the checksum of chunk {named} is wrong")
        is_private = not makes_image and kind[:1].isalpha()  # some programs' own chunks have names that are not right
        if not kind.isalpha() and not (
            is_private and zlib.crc32(view[at + 4 : end]) == int.from_bytes(data[end : end + 4])
        ):
            raise BadImage(f"PNG is damaged: a chunk has no right name at byte {at:,}")
        if kind == b"IEND":
            return parts
        parts.take(kind, data, start, end)
        at = end + 4
    raise BadImage(f"PNG has more than the {MAX_CHUNKS:,} chunks that are read")


def _read_header(header: bytes) -> _Header:
    if len(header) < _HEADER.size:
        raise BadImage("PNG does not decode: it has no whole header")
    width, height, depth, colour, compression, filtering, interlace = _HEADER.unpack_from(header)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise BadImage("PNG does not decode: its header says what no PNG can be")
    return _Header((width, height), colour, depth * _SAMPLES[colour], interlace == 1)


def _form_of_rows(parts: _Parts, header: _Header) -> "RowForm":
    return formats.png_rows.RowForm(
        size=header.size,
        colour=header.colour,
        depth=header.bits_per_pixel // _SAMPLES[header.colour],
        is_interlaced=header.is_interlaced,
        palette=parts.palette or b"",
        transparency=parts.transparency,
    )


def _blocks(data: bytes, pixels: list[tuple[int, int]], effort: Effort) -> Iterator[bytes]:
    """Yield what the compressed rows unpack to, a little at a time."""
    unpacker, view = zlib.decompressobj(), memoryview(data)
    for start, end in pixels:
        for at in range(start, end, _PIECE):
            piece: bytes | memoryview = view[at : min(end, at + _PIECE)]
            while len(piece) and not unpacker.eof:
                effort.check()
                yield unpacker.decompress(piece, _BLOCK)
                piece = unpacker.unconsumed_tail
    yield unpacker.flush(_BLOCK)


def _inflate(blocks: Iterator[bytes], header: _Header) -> None:
    """Read all rows; their filters are the only bytes in them that can be wrong."""
    passes = list(header.passes())
    raw_bytes = sum(rows * row_bytes for rows, row_bytes in passes)
    if raw_bytes > _MAX_RAW_BYTES:
        raise BadImage(f"PNG unpacks to {raw_bytes:,} bytes, more than the {_MAX_RAW_BYTES:,} that are read")
    block = b""
    try:
        for rows, row_bytes in passes:
            left, to_next_row = rows * row_bytes, 0
            while left:
                block = block or next(blocks)
                part, block = block[:left], block[left:]
                if part[to_next_row::row_bytes].translate(None, _FILTERS):
                    raise BadImage("PNG does not decode: a row has an unknown filter")
                to_next_row = (to_next_row - len(part)) % row_bytes
                left -= len(part)
    except StopIteration:
        raise BadImage("PNG does not decode: its pixels are cut short") from None
    except zlib.error:
        raise BadImage("PNG does not decode: its compressed pixels are damaged") from None
