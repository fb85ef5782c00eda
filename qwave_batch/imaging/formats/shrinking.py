"""A small picture of an image, taken while the image is judged, so that it is decoded once for both.

No verdict depends on it: what can't be shrunk, or not within the memory that a decode may take, is judged as ever and
has no small picture.
"""

import base64
import binascii
from typing import Any, Final

from PIL import Image

from qwave_batch.imaging.formats.judging import MAX_MEMORY, Size
from qwave_batch.imaging.formats.orientation import ORIENTATION, UPRIGHT

SIDE: Final = 256
"""Pixels of the longer side of a small picture; a smaller image is not enlarged."""

_GAP = 2.0
"""How much larger than wanted a picture is, at least, before it is filtered well; up to there pixels are averaged."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation."""
_SHRINKABLE = frozenset({"L", "LA", "RGB", "RGBA", "RGBX", "CMYK"})
"""The kinds of pixels that can be averaged as they are."""
_SOLID, _DEEP = 255, 257
"""The alpha of what nothing shows through; how many levels of 16 bits are one of 8."""


class Shrinker:
    """Takes the picture of one image, when it is decoded, and keeps it small and upright."""

    def __init__(self) -> None:
        self.small: Image.Image | None = None
        """RGB, or RGBA where something shows through; None until the picture is taken, and where it can't be."""
        self.fault = "it was not decoded"
        """Why there is none."""

    def has_room(self, size_bytes: int) -> bool:
        """Whether a picture that takes so much memory is taken."""
        if size_bytes > MAX_MEMORY:
            mib = 2**20
            self.fault = f"its pixels take {size_bytes // mib:,} MiB of memory, more than {MAX_MEMORY // mib:,}"
        return size_bytes <= MAX_MEMORY

    def take(self, picture: Image.Image, size: Size, *, orientation: int = UPRIGHT, place: Size | None = None) -> None:
        """Take the picture.

        Args:
            picture: The whole picture, perhaps decoded smaller than it is; or a part of it, in its own size.
            size: The size of the whole image.
            orientation: How EXIF says that it is to be turned.
            place: The place of a part in the whole; None for a whole one.
        """
        try:
            small = _shrunk(picture, size) if place is None else _on_canvas(picture, size, place)
            turn = _TURNS.get(orientation)
            self.small = small if turn is None else small.transpose(turn)
        except (OSError, ValueError, MemoryError) as error:
            self.fault = f"it can't be shrunk: {str(error) or type(error).__name__}"

    def take_made(self, made: Any) -> None:
        """Take the small picture that another process has made; see ``picture_as_json``."""
        try:
            mode, width, height, pixels = made
            self.small = Image.frombytes(mode, (width, height), base64.b64decode(pixels))
        except (TypeError, ValueError, binascii.Error):
            self.fault = "it can't be shrunk"


def picture_over(mode: str, size: Size, pixels: bytes) -> Image.Image:
    """Return a picture whose pixels are these bytes, four for each; they are not copied."""
    return Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)


def picture_as_json(image: Image.Image) -> list[str | int] | None:
    """Return the small picture of a decoded image as one process tells it to another; None if it can't be made."""
    shrinker = Shrinker()
    shrinker.take(image, image.size, orientation=image.getexif().get(ORIENTATION, UPRIGHT))
    small = shrinker.small
    return None if small is None else [small.mode, *small.size, base64.b64encode(small.tobytes()).decode("ascii")]


def scale_for(size: Size) -> int:
    """Return by how much, 1, 2, 4 or 8, a picture may be decoded smaller and still be shrunk well."""
    return next((scale for scale in (8, 4, 2) if max(size) >= SIDE * _GAP * scale), 1)


def _on_canvas(part: Image.Image, size: Size, place: Size) -> Image.Image:
    scale = _scale(size)
    canvas = Image.new("RGBA", _scaled(size, scale))
    small = _resized(_plain(part), _scaled(part.size, scale)).convert("RGBA")
    canvas.paste(small, (int(place[0] * scale), int(place[1] * scale)))
    return _final(canvas)


def _shrunk(picture: Image.Image, size: Size) -> Image.Image:
    return _final(_resized(_plain(picture), _scaled(size, _scale(size))))


def _resized(plain: Image.Image, wanted: Size) -> Image.Image:
    """Return a picture in another size: averaged down to near it, then filtered."""
    if plain.size == wanted:
        return plain
    across, down = (max(1, int(old / (new * _GAP))) for old, new in zip(plain.size, wanted, strict=True))
    box = (0.0, 0.0, plain.width / across, plain.height / down)
    near = plain if (across, down) == (1, 1) else plain.reduce((across, down))
    return near.resize(wanted, Image.Resampling.BICUBIC, box=box)


def _scale(size: Size) -> float:
    return min(1.0, SIDE / max(size))


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _plain(picture: Image.Image) -> Image.Image:
    """Return a picture in a kind of pixels that can be averaged, with what is transparent in a channel of its own."""
    if "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode in _SHRINKABLE:
        return picture
    if picture.mode.startswith("I"):  # more than 8 bits, which a conversion would cut off and not scale
        return picture.convert("I").point(lambda level: level * (1 / _DEEP)).convert("L")
    if picture.mode in {"1", "F"}:
        return picture.convert("L")
    return picture.convert("RGBA" if picture.mode in {"PA", "La", "RGBa"} else "RGB")


def _final(small: Image.Image) -> Image.Image:
    """Return a small picture as RGBA where something shows through it, and else as RGB."""
    if "A" in small.getbands():
        alpha = small.getchannel("A").getextrema()
        if alpha[0] != _SOLID:
            return small.convert("RGBA")
    return small.convert("RGB")
