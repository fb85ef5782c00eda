"""JPEG: a walk over its markers, then a decode at down to an eighth of its size, which reads all of its data anyway.

The decoder fills up what is missing and passes over what is too much without a word. So the data of an image in one
scan is handed to it in two parts, and it has to be through with the image in the second one.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from qwave_batch.imaging.formats.judging import MAX_CHUNKS, BadImage, Content, Effort, Size, check_image_size, memory
from qwave_batch.imaging.formats.orientation import orientation_of
from qwave_batch.imaging.formats.shrinking import scale_for

_SOI, _EOI, _SOS, _DRI, _APP1 = 0xD8, 0xD9, 0xDA, 0xDD, 0xE1
_EXIF = b"Exif\0\0"
_ALONE = frozenset({0x01, _SOI, *range(0xD0, 0xD8)})
"""Markers that have no length and no content."""
_BASELINE = frozenset({0xC0, 0xC1})
_PROGRESSIVE = 0xC2
_ARITHMETIC = frozenset({0xC9, 0xCA})
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers that describe the image; those that are not named above are of kinds that programs do not read."""

# In coded data FF 00 is a byte and FF D0-D7 a restart; FF before any other byte but FF is the next marker. A search in
# classes of bytes takes its time once a byte, whatever the bytes are.
_CLASSES = bytes(
    {0xFF: ord("F"), **dict.fromkeys((0, *range(0xD0, 0xD8)), ord("d"))}.get(byte, ord("m")) for byte in range(256)
)
_FIRST_WINDOW, _LAST_WINDOW = 64, 2**20

_SMALLEST = 8
"""By how much a decode that nobody looks at is smaller."""
_BLOCK = 8
"""Pixels along each side of what is coded together."""
_COEFFICIENTS_BYTES = 128
"""Of one block, which a decoder keeps when it comes in several scans."""
_MODES = {1: ("L", "L"), 3: ("RGB", "RGB"), 4: ("CMYK", "CMYK;I")}
"""Pillow's modes, and what its decoder makes of so many components."""
_MAX_FACTOR = 4
_LAST_PART_BYTES = 64
"""Of coded data, in which a decoder has to come to the image's end: some encoders leave a few bytes behind it."""
_AHEAD = bytes(24)
"""Stands for the data that a decoder reads ahead; with an end marker it would invent pixels."""
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")

_MAX_SCANS = 500
"""Encoders make about ten. Some make more for images that few programs show."""
_MAX_WORK_NS = 4_500_000_000


@dataclass(frozen=True, slots=True)
class _Cost:
    """Processor time that a decode takes at most, measured with images made to take long."""

    block_ns: int
    """A block, once for each scan that goes over it."""
    byte_ns: int
    """A byte of the file."""


_BASELINE_COST = _Cost(30, 10)
_PROGRESSIVE_COST = _Cost(40, 28)
_ARITHMETIC_COST = _Cost(1_000, 100)


@dataclass(frozen=True, slots=True)
class _JpegFrame:
    """The image as its header describes it."""

    marker: int
    size: Size
    components: tuple[tuple[int, int], ...]
    """The number of each component, which need not be its own, and how many blocks it has."""
    units: int
    """How many groups of blocks, one of all components, are coded together."""

    @property
    def blocks(self) -> int:
        """How many blocks the image has."""
        return sum(blocks for _, blocks in self.components)

    def blocks_of(self, number: int) -> int:
        """Return how many blocks a scan goes over for one component."""
        return max((blocks for own, blocks in self.components if own == number), default=0)


@dataclass(frozen=True, slots=True)
class _Scan:
    blocks: int
    """How many it goes over."""
    start: int
    end: int
    """The end of its coded data."""
    interval: int
    """After how many units the coding begins anew; 0 is never."""


def check_jpeg(content: Content, effort: Effort) -> Size:
    """Return the size of a JPEG that is whole, or raise BadImage."""
    data, shrinker = content.data, content.shrinker
    parts = _read_parts(data, effort)
    frame, scans = parts.frame, parts.scans
    if frame is None or not scans:
        raise BadImage("JPEG does not decode: it holds no image")
    _check_work(frame, [scan.blocks for scan in scans], len(data))
    effort.check()
    scale = _SMALLEST if shrinker is None else scale_for(frame.size)
    if len(scans) == 1 and frame.marker in _BASELINE:
        _check_restarts(memoryview(data), frame, scans[0])
        image = _decode_one_scan(memoryview(data), frame, scans[0], scale)
    else:
        with memory(frame.blocks * _COEFFICIENTS_BYTES + len(data)):
            image = _decode(memoryview(data)[: parts.end], frame, scale)
    if shrinker is not None:
        shrinker.take(image, frame.size, orientation=orientation_of(parts.exif))
    return frame.size


@dataclass(slots=True)
class _JpegParts:
    """The parts of a file, by its markers."""

    frame: _JpegFrame | None = None
    scans: list[_Scan] = field(default_factory=list)
    exif: bytes = b""
    end: int = 0


def _read_parts(data: bytes, effort: Effort) -> _JpegParts:
    parts, interval = _JpegParts(), 0
    for number, (marker, start, end, coded_end) in enumerate(_segments(data)):
        if number > MAX_CHUNKS or len(parts.scans) > _MAX_SCANS:
            raise BadImage(f"JPEG has more than the {MAX_CHUNKS:,} segments or {_MAX_SCANS} scans that are read")
        if number % 1024 == 0:
            effort.check()
        parts.end = end
        if marker in _FRAMES:
            if parts.frame is not None:
                raise BadImage("JPEG does not decode: it has two headers")
            parts.frame = _read_frame(marker, data[start:end])
        elif marker == _DRI:
            interval = int.from_bytes(data[start : start + 2])
        elif marker == _SOS:
            parts.scans.append(_Scan(_scanned_blocks(data[start:end], parts.frame), end, coded_end, interval))
        elif marker == _APP1 and not parts.exif and data.startswith(_EXIF, start):
            parts.exif = data[start + len(_EXIF) : end]
    return parts


def _segments(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield each marker up to the last one, with where its content begins and ends and coded data behind that ends."""
    at = _after_marker(data, 2)
    while True:
        marker, start, end = data[at - 1], at, at
        if marker == _EOI:
            yield marker, start, end, end
            return
        if marker not in _ALONE:
            end = at + int.from_bytes(data[at : at + 2])
            if at + 2 > len(data) or end > len(data):
                raise BadImage("JPEG is cut short")
            start, end = at + 2, max(end, at + 2)
        at = _after_marker(data, end)
        if marker not in _ALONE:
            yield marker, start, end, at - 2


def _after_marker(data: bytes, at: int) -> int:
    """Return the position behind the next marker."""
    window = _FIRST_WINDOW
    while at + 1 < len(data):
        found = data[at : at + window].translate(_CLASSES).find(b"Fm")
        if found >= 0:
            return at + found + 2
        at += window - 1  # the last byte may be the first one of a marker
        window = min(window * 8, _LAST_WINDOW)
    raise BadImage("JPEG is cut short")


def _read_frame(marker: int, content: bytes) -> _JpegFrame:
    if marker not in {*_BASELINE, _PROGRESSIVE, *_ARITHMETIC}:
        raise BadImage("JPEG does not decode: it is of a kind, such as lossless, that is not read")
    count = content[5] if len(content) > 5 else 0  # noqa: PLR2004  # the place of the count
    if count not in _MODES or len(content) < 6 + 3 * count:
        raise BadImage("JPEG does not decode: its header is damaged")
    if content[0] != 8:  # noqa: PLR2004  # bits of a sample
        raise BadImage("JPEG does not decode: it has more or less than 8 bits a sample")
    height, width = int.from_bytes(content[1:3]), int.from_bytes(content[3:5])
    check_image_size((width, height))
    components = [content[6 + 3 * place :][:3] for place in range(count)]
    factors = [(part[1] >> 4, part[1] & 15) for part in components]
    if not all(1 <= factor <= _MAX_FACTOR for pair in factors for factor in pair):
        raise BadImage("JPEG does not decode: its header is damaged")
    if count == 1:  # its blocks are coded one by one, whatever its factors say
        factors = [(1, 1)]
    columns = math.ceil(width / (_BLOCK * max(across for across, _ in factors)))
    rows = math.ceil(height / (_BLOCK * max(down for _, down in factors)))
    return _JpegFrame(
        marker=marker,
        size=(width, height),
        units=columns * rows,
        components=tuple(
            (part[0], columns * across * rows * down) for part, (across, down) in zip(components, factors, strict=True)
        ),
    )


def _scanned_blocks(content: bytes, frame: _JpegFrame | None) -> int:
    if frame is None or not content:
        raise BadImage("JPEG does not decode: a scan comes before the header")
    return sum(frame.blocks_of(content[place]) for place in range(1, min(len(content), 1 + 2 * content[0]), 2))


def _check_work(frame: _JpegFrame, scans: list[int], size_bytes: int) -> None:
    """Refuse an image whose decode would take too long."""
    cost = _ARITHMETIC_COST if frame.marker in _ARITHMETIC else _BASELINE_COST
    cost = _PROGRESSIVE_COST if frame.marker == _PROGRESSIVE else cost
    blocks = max(frame.blocks, sum(scans))
    if blocks * cost.block_ns + size_bytes * cost.byte_ns > _MAX_WORK_NS:
        raise BadImage(f"JPEG has {len(scans)} scans that go over {blocks:,} blocks, more than is decoded")


def _check_restarts(data: memoryview, frame: _JpegFrame, scan: "_Scan") -> None:
    """Hold a scan that is coded in stretches to their number and order: the decoder makes up those that are missing."""
    if not scan.interval:
        return
    marks = [data[mark.start() + 1] & 7 for mark in _RESTART.finditer(data, scan.start, scan.end)]
    if len(marks) != (frame.units - 1) // scan.interval or any(mark != number & 7 for number, mark in enumerate(marks)):
        raise BadImage("JPEG is damaged: its restart markers are not those of the image")


def _decode_one_scan(data: memoryview, frame: _JpegFrame, scan: _Scan, scale: int) -> Image.Image:
    mode, raw_mode = _MODES[len(frame.components)]
    size = _scaled(frame, scale)
    image = Image.new(mode, size)
    decoder = Image._getdecoder(mode, "jpeg", (raw_mode, "", scale, 0))  # noqa: SLF001 - frombytes takes all at once
    decoder.setimage(image.im, (0, 0, *size))
    first_end = max(scan.start, scan.end - _LAST_PART_BYTES)
    taken, fault = decoder.decode(data[:first_end])
    if taken >= 0:
        taken, fault = decoder.decode(bytes(data[taken : scan.end]) + _AHEAD)
        if taken >= 0:
            raise BadImage("JPEG is damaged: its coded data ends before its image does")
    elif not fault:
        raise BadImage("JPEG is damaged: its coded data goes on after its image has ended")
    if fault:
        raise BadImage("JPEG does not decode: its coded data is damaged")
    return image


def _decode(data: memoryview, frame: _JpegFrame, scale: int) -> Image.Image:
    mode, raw_mode = _MODES[len(frame.components)]
    return Image.frombytes(mode, _scaled(frame, scale), data, "jpeg", raw_mode, "", scale, 0)


def _scaled(frame: _JpegFrame, scale: int) -> Size:
    width, height = frame.size
    return math.ceil(width / scale), math.ceil(height / scale)
