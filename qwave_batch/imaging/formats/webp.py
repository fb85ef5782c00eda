"""WebP: a walk over its chunks, then each frame decoded alone, as a file of nothing but its pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qwave_batch.imaging import formats
from qwave_batch.imaging.formats.judging import (
    MAX_CHUNKS,
    BadImage,
    Content,
    Effort,
    Size,
    check_frame_place,
    check_frames,
    check_image_size,
    memory,
)
from qwave_batch.imaging.formats.orientation import MOST_EXIF_BYTES, orientation_of

if TYPE_CHECKING:
    from qwave_batch.imaging.formats.shrinking import Shrinker

_RIFF_BYTES = 12
_SIZE_SLIP_BYTES = 16
"""How many bytes the size in the header may be off: less than any chunk that holds a part of an image."""
_LOSSY, _LOSSLESS, _ALPHA, _EXIF = b"VP8 ", b"VP8L", b"ALPH", b"EXIF"
_JPEG_PREFIX = b"Exif\0\0"
"""Stands in front of EXIF in files of some programs, which took it from a JPEG."""
_CANVAS_BYTES = 10
_FRAME_BYTES = 16
_IS_ANIMATED, _HAS_ALPHA = 0x02, 0x10
_MAKE_IMAGE = frozenset({_LOSSY, _LOSSLESS, _ALPHA, b"VP8X", b"ANIM", b"ANMF"})

_BYTES_PER_PIXEL = 12
"""libwebp keeps a frame and the one before it, and Pillow takes a copy, all of 4 bytes a pixel."""
_ALPHA_BYTES_PER_PIXEL = 2
_MAX_FRAME_PIXELS = 300_000_000
"""All frames together, each counted by its own size: 145 frames of 1920 x 1080."""
_S_PER_PIXEL = 4e-8
"""Of a lossless photograph; others take a third."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _WebpFrame:
    place: Size
    size: Size
    pixels: _Chunk
    alpha: _Chunk | None


def check_webp(content: Content, effort: Effort) -> Size:
    """Return the size of a WebP that is whole, or raise BadImage; lets go of the content of a still image.

    Frames are decoded alone, so that neither metadata nor a size that is a little off keeps them from being read.
    """
    data = content.data
    end = 8 + int.from_bytes(data[4:8], "little")
    if len(data) + _SIZE_SLIP_BYTES < end:
        raise BadImage("WEBP is cut short")
    chunks = list(_walk(data, _RIFF_BYTES, _Border(end, len(data)), effort))
    canvas, frames = _read(data, chunks, effort)
    if not frames:
        raise BadImage("WEBP does not decode: it holds no image")
    check_frames([frame.size for frame in frames], most_pixels=_MAX_FRAME_PIXELS)
    for frame in frames:
        check_frame_place(frame.place, frame.size, canvas)
    taker = _PictureTaker(content.shrinker, canvas, _orientation(data, chunks), effort)
    if len(frames) == 1:
        with memory(_memory_bytes(frames[0]) + (len(data) if content.is_kept else 0)):
            alone = _alone(data, frames[0])
            del data
            content.let_go()
            decoder = _decoder(alone)
            del alone
            pixels = _decode(decoder)
            del decoder
            taker.take(frames[0], pixels)
        return canvas
    for number, frame in enumerate(frames):
        effort.check(frame.size[0] * frame.size[1] * _S_PER_PIXEL)
        with memory(_memory_bytes(frame) + len(data)):
            pixels = _decode(_decoder(_alone(data, frame)))
            if number == 0:
                taker.take(frame, pixels)
    return canvas


@dataclass(frozen=True, slots=True)
class _PictureTaker:
    """Hands the picture of a frame on, if somebody wants it."""

    shrinker: "Shrinker | None"
    canvas: Size
    orientation: int
    effort: Effort

    def take(self, frame: _WebpFrame, pixels: bytes) -> None:
        if self.shrinker is None:
            return
        with self.effort.paused():
            mode = "RGBX" if frame.alpha is None and frame.pixels.kind == _LOSSY else "RGBA"
            picture = formats.shrinking.picture_over(mode, frame.size, pixels)
            is_whole = frame.size == self.canvas
            self.shrinker.take(
                picture, self.canvas, orientation=self.orientation, place=None if is_whole else frame.place
            )


def _orientation(data: bytes, chunks: Sequence[_Chunk]) -> int:
    exif = next(
        (data[each.start : min(each.end, each.start + MOST_EXIF_BYTES)] for each in chunks if each.kind == _EXIF), b""
    )
    return orientation_of(exif.removeprefix(_JPEG_PREFIX))


def _read(data: bytes, chunks: list[_Chunk], effort: Effort) -> tuple[Size, list[_WebpFrame]]:
    """Return the size of the canvas, and the frames that are drawn on it."""
    if not chunks:
        raise BadImage("WEBP does not decode: it holds no image")
    first = chunks[0]
    if first.kind in {_LOSSY, _LOSSLESS}:
        size = _coded_size(data, first)
        return size, [_WebpFrame((0, 0), size, first, None)]
    if first.kind != b"VP8X" or first.end - first.start < _CANVAS_BYTES:
        raise BadImage("WEBP does not decode: its header is damaged")
    canvas = _triple(data, first.start + 4) + 1, _triple(data, first.start + 7) + 1
    check_image_size(canvas)
    if not data[first.start] & _IS_ANIMATED:
        frame = _frame(data, chunks, (0, 0))
        if frame.size != canvas:
            raise BadImage("WEBP does not decode: its image is not of the size that its header says")
        return canvas, [frame]
    return canvas, [_animated(data, chunk, effort) for chunk in chunks if chunk.kind == b"ANMF"]


def _animated(data: bytes, chunk: _Chunk, effort: Effort) -> _WebpFrame:
    if chunk.end - chunk.start < _FRAME_BYTES:
        raise BadImage("WEBP does not decode: the header of a frame is damaged")
    start = chunk.start
    place = 2 * _triple(data, start), 2 * _triple(data, start + 3)
    declared = _triple(data, start + 6) + 1, _triple(data, start + 9) + 1
    frame = _frame(data, _walk(data, start + _FRAME_BYTES, _Border(chunk.end, chunk.end), effort), place)
    if frame.size != declared:
        raise BadImage("WEBP does not decode: a frame is not of the size that its header says")
    return frame


def _frame(data: bytes, chunks: "list[_Chunk] | Iterator[_Chunk]", place: Size) -> _WebpFrame:
    alpha = None
    for chunk in chunks:
        if chunk.kind == _ALPHA:
            alpha = alpha or chunk
        elif chunk.kind in {_LOSSY, _LOSSLESS}:
            return _WebpFrame(place, _coded_size(data, chunk), chunk, alpha if chunk.kind == _LOSSY else None)
    raise BadImage("WEBP does not decode: it holds no image")


def _coded_size(data: bytes, chunk: _Chunk) -> Size:
    """Return the size that the pixels themselves declare."""
    head = data[chunk.start : min(chunk.end, chunk.start + 10)]
    size = 0, 0
    if chunk.kind == _LOSSLESS and head[:1] == b"\x2f" and len(head) >= 5:  # noqa: PLR2004  # its header's bytes
        bits = int.from_bytes(head[1:5], "little")
        size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif chunk.kind == _LOSSY and head[3:6] == b"\x9d\x01\x2a" and len(head) == 10:  # noqa: PLR2004  # as above
        size = int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    else:
        raise BadImage("WEBP does not decode: the header of its pixels is damaged")
    check_image_size(size)
    return size


@dataclass(frozen=True, slots=True)
class _Border:
    """The ends of chunks: as stated, and as present."""

    told: int
    real: int


def _walk(data: bytes, at: int, border: _Border, effort: Effort) -> Iterator[_Chunk]:
    for number in range(MAX_CHUNKS):
        if number % 4096 == 0:
            effort.check()
        if at + 8 > min(border.told + _SIZE_SLIP_BYTES, border.real):
            return
        kind, start, size = data[at : at + 4], at + 8, int.from_bytes(data[at + 4 : at + 8], "little")
        if kind not in _MAKE_IMAGE and (at >= border.told or start + size > border.real):
            return  # metadata that runs over the end, or bytes after the end of the file
        if start + size > min(border.told + _SIZE_SLIP_BYTES, border.real):
            raise BadImage("WEBP is damaged: one of its chunks is longer than the file")
        yield _Chunk(kind, start, start + size)
        at = start + size + size % 2
    raise BadImage(f"WEBP has more than the {MAX_CHUNKS:,} chunks that are read")


def _memory_bytes(frame: _WebpFrame) -> int:
    width, height = frame.size
    per_pixel = _BYTES_PER_PIXEL + (_ALPHA_BYTES_PER_PIXEL if frame.alpha else 0)
    coded_bytes = frame.pixels.end - frame.pixels.start  # libwebp has a copy of its own
    return width * height * per_pixel + coded_bytes


def _decoder(file: bytes) -> Any:
    from PIL import _webp  # noqa: PLC0415  # Pillow may be built without it

    return _webp.WebPAnimDecoder(file)  # it takes a copy of the file


def _decode(decoder: Any) -> bytes:
    """Return the pixels of a frame, four bytes for each."""
    found: tuple[bytes, int] | None = decoder.get_next()
    if found is None:
        raise BadImage("WEBP does not decode: its pixels are damaged")
    return found[0]


def _alone(data: bytes, frame: _WebpFrame) -> bytes:
    """Return a file of this frame alone: no metadata, no canvas that is larger than it."""
    view, parts = memoryview(data), list[bytes | memoryview]()
    if frame.alpha is not None:
        width, height = ((side - 1).to_bytes(3, "little") for side in frame.size)
        parts += (b"VP8X", _CANVAS_BYTES.to_bytes(4, "little"), bytes((_HAS_ALPHA, 0, 0, 0)), width, height)
    for chunk in (frame.alpha, frame.pixels):
        if chunk is not None:
            size = chunk.end - chunk.start
            parts += (chunk.kind, size.to_bytes(4, "little"), view[chunk.start : chunk.end], b"\0" * (size % 2))
    return b"".join((b"RIFF", (4 + sum(map(len, parts))).to_bytes(4, "little"), b"WEBP", *parts))


def _triple(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
