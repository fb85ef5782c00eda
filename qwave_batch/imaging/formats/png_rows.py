"""The pixels of a PNG, put together from its rows while these are unpacked to be judged.

The decoder at hand unpacks rows itself. So it is given what is unpacked already as a stream that says so: blocks that
are stored and not compressed, which it only copies.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from PIL import Image

from qwave_batch.imaging.formats.judging import Effort, Size

_GREY, _COLOUR, _INDEXED = 0, 2, 3
_MODES: Final = {
    (1, 0): ("1", "1"),
    (2, 0): ("L", "L;2"),
    (4, 0): ("L", "L;4"),
    (8, 0): ("L", "L"),
    (16, 0): ("L", "L;16B"),
    (8, 2): ("RGB", "RGB"),
    (16, 2): ("RGB", "RGB;16B"),
    (1, 3): ("P", "P;1"),
    (2, 3): ("P", "P;2"),
    (4, 3): ("P", "P;4"),
    (8, 3): ("P", "P"),
    (8, 4): ("LA", "LA"),
    (16, 4): ("RGBA", "LA;16B"),
    (8, 6): ("RGBA", "RGBA"),
    (16, 6): ("RGBA", "RGBA;16B"),
}
"""Pillow's mode, and how it calls the rows, by depth and type of colour."""
_BYTES: Final = {"1": 1, "L": 1, "P": 1}
"""Of a pixel in memory; 4 in the others."""
_COPY_BYTES = 4
"""Of a pixel of the copy that is made where something shows through, or colours are looked up."""

_STREAM_START = b"\x78\x01"
_MOST_STORED = 0xFFFF
"""Bytes of one stored block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """The header of a PNG, and what else its pixels depend on."""

    size: Size
    colour: int
    depth: int
    is_interlaced: bool
    palette: bytes = field(repr=False)
    transparency: bytes = field(repr=False)

    @property
    def mode(self) -> str:
        """Pillow's mode for its pixels."""
        return _MODES[self.depth, self.colour][0]

    @property
    def key(self) -> bytes | int | tuple[int, ...] | None:
        """Its transparency as Pillow keeps it: an alpha for each colour of the palette, or one colour."""
        told = self.transparency
        if self.colour == _INDEXED:
            return told or None
        samples = {_GREY: 1, _COLOUR: 3}.get(self.colour, 0)
        if not samples or len(told) < 2 * samples or self.depth == 16:  # noqa: PLR2004  # then 8 bits tell it from no other
            return None
        scale = 255 // (2**self.depth - 1)
        colour = tuple(scale * (int.from_bytes(told[at : at + 2]) & 0xFF) for at in range(0, 2 * samples, 2))
        return colour if samples > 1 else colour[0]


class PngRows:
    """A picture that is put together."""

    def __init__(self, form: RowForm) -> None:
        self._form = form
        self._image: Image.Image | None = None

    @property
    def memory_bytes(self) -> int:
        """How much memory the picture takes until it is small."""
        form = self._form
        is_copied = form.mode in {"1", "P", "LA", "RGBA"} or form.key is not None
        width, height = form.size
        return width * height * (_BYTES.get(form.mode, 4) + is_copied * _COPY_BYTES)

    def watched(self, blocks: Iterator[bytes], effort: Effort) -> Iterator[bytes]:
        """Yield the blocks of unpacked rows, each once its pixels are in the picture."""
        mode, raw_mode = _MODES[self._form.depth, self._form.colour]
        image = Image.new(mode, self._form.size)
        decoder = Image._getdecoder(mode, "zip", (raw_mode, self._form.is_interlaced))  # noqa: SLF001 - frombytes takes all at once
        decoder.setimage(image.im, (0, 0, *self._form.size))
        taken, _ = decoder.decode(_STREAM_START)
        self._image = image
        for block in blocks:
            with effort.paused():
                view = memoryview(block)
                for at in range(0, len(block), _MOST_STORED):
                    if taken < 0:  # it has all its rows, or one that is damaged
                        break
                    taken, _ = decoder.decode(_stored(view[at : at + _MOST_STORED]))
            yield block

    def picture(self) -> Image.Image:
        """Return the picture, once all rows have been watched."""
        image, form = self._image, self._form
        assert image is not None, form  # noqa: S101 - the caller's promise
        if form.colour == _INDEXED:
            image.putpalette(form.palette[: len(form.palette) // 3 * 3])
        if form.key is not None:
            image.info["transparency"] = form.key
        return image


def _stored(part: memoryview) -> bytes:
    size = len(part)
    return b"".join((b"\0", size.to_bytes(2, "little"), (size ^ _MOST_STORED).to_bytes(2, "little"), part))
