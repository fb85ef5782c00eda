"""GIF: a walk over its blocks, then each frame decoded alone, at its own size and never onto a canvas."""

from dataclasses import dataclass, field

from PIL import Image

from qwave_batch.imaging.formats.judging import (
    MAX_FRAMES,
    BadImage,
    Content,
    Effort,
    Size,
    check_frame_place,
    check_frames,
    check_image_size,
    memory,
)
from qwave_batch.imaging.formats.shrinking import Shrinker

_SCREEN_BYTES = 13
_MAX_BLOCKS = 4_000_000
"""A file of 256 MiB holds a quarter of that when its blocks are full."""
_INTERLACED = 0x40
_CONTROL = 0xF9
"""The label of the extension that says how the next frame is drawn."""
_MAX_FRAME_PIXELS = 1_200_000_000
"""All frames together, each counted by its own size: ten minutes of an animation of 500 x 300."""
_COLOURED_BYTES = 1 + 4 + 4
"""Of a pixel while a picture is shrunk: the number of its colour, the colour, and the colour weighed by its alpha."""
_S_PER_PIXEL = 8e-9
"""Of noise; what compresses well takes a third."""


@dataclass(frozen=True, slots=True)
class _GifFrame:
    place: Size
    size: Size
    code_bits: int
    is_interlaced: bool
    start: int
    end: int
    palette: bytes = field(repr=False)
    clear: int | None
    """The number of the colour that is transparent."""


def check_gif(content: Content, effort: Effort) -> Size:
    """Return the size of a GIF that is whole, or raise BadImage."""
    data = content.data
    try:
        frames = _GifWalk(data).frames()
    except IndexError:  # the walk ran off the end of the bytes
        raise BadImage("GIF is cut short") from None
    if not frames:
        raise BadImage("GIF does not decode: it holds no image")
    screen = _pair(data, 6)
    check_image_size(screen)
    for frame in frames:
        check_image_size(frame.size)
        check_frame_place(frame.place, frame.size, screen)
    check_frames([frame.size for frame in frames], most_pixels=_MAX_FRAME_PIXELS)
    view = memoryview(data)
    for number, frame in enumerate(frames):
        effort.check(frame.size[0] * frame.size[1] * _S_PER_PIXEL)
        coded = view[frame.start : frame.end]
        picture = Image.frombytes("L", frame.size, coded, "gif", frame.code_bits, frame.is_interlaced, -1)
        if number == 0 and content.shrinker is not None:
            _take(content.shrinker, picture, frame, screen, effort)
    return screen


def _take(shrinker: Shrinker, picture: Image.Image, frame: "_GifFrame", screen: Size, effort: Effort) -> None:
    """Hand on the first picture, which is one of numbers of colours so far."""
    pixels = frame.size[0] * frame.size[1]
    if not shrinker.has_room(pixels * _COLOURED_BYTES):
        return
    with memory(pixels * _COLOURED_BYTES), effort.paused():
        picture.putpalette(frame.palette)
        if frame.clear is not None:
            picture.info["transparency"] = frame.clear
        shrinker.take(picture, screen, place=None if frame.size == screen else frame.place)


@dataclass(slots=True)
class _GifWalk:
    data: bytes
    _blocks: int = field(default=0, init=False)

    def frames(self) -> list[_GifFrame]:
        """Return where the frames are, once the file's end is found; raise IndexError when it ends before."""
        data, frames = self.data, list[_GifFrame]()
        at = _SCREEN_BYTES + _colour_table_bytes(data[10])
        common, clear = data[_SCREEN_BYTES:at], None
        while (kind := data[at]) != ord(";"):
            if kind == ord("!"):  # an extension: label, then blocks
                if data[at + 1] == _CONTROL and data[at + 2] >= 4:  # noqa: PLR2004  # its bytes
                    clear = data[at + 6] if data[at + 3] & 1 else None
                at = self._past_blocks(at + 2)
            elif kind == ord(","):  # an image: descriptor, colour table, code size, then blocks
                flags = data[at + 9]
                start = at + 11 + _colour_table_bytes(flags)
                palette = common if frames else data[at + 10 : start - 1] or common  # of the first one alone
                size, place = _pair(data, at + 5), _pair(data, at + 1)
                at = self._past_blocks(start)
                frames.append(
                    _GifFrame(place, size, data[start - 1], bool(flags & _INTERLACED), start, at, palette, clear)
                )
                clear = None
                if len(frames) > MAX_FRAMES:
                    raise BadImage(f"GIF has more than the {MAX_FRAMES:,} frames that are read")
            else:
                raise BadImage(f"GIF is damaged: no block begins as the one at byte {at:,} does")
        return frames

    def _past_blocks(self, at: int) -> int:
        """Return the position behind a row of blocks, each of which says how long it is."""
        data, left = self.data, _MAX_BLOCKS - self._blocks
        while (size := data[at]) > 0 and left > 0:
            at += size + 1
            left -= 1
        if left <= 0:
            raise BadImage(f"GIF has more than the {_MAX_BLOCKS:,} blocks that are read")
        self._blocks = _MAX_BLOCKS - left + 1
        return at + 1


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _pair(data: bytes, at: int) -> Size:
    return int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
