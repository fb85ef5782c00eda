"""Whether a file is a whole picture, and what it holds."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.endings import format_of, missing_end

MAX_PIXELS = 200_000_000
"""No model makes a twentieth of it; a larger header is a mistake or an attack on the memory."""
MAX_FRAME_PIXELS = 2_000_000_000
"""All frames of an animation together."""


class _PlainJpeg(JpegImageFile):
    """A JPEG without a look at its EXIF: broken metadata is no broken picture, and no warning on a run's terminal."""

    def _read_dpi_from_exif(self) -> None:
        """Read nothing."""


# The plugins are called by name: Image.open would warn or refuse by a limit that belongs to the whole process.
_DECODERS: dict[str, type[ImageFile]] = {
    "png": PngImageFile,
    "jpeg": _PlainJpeg,
    "webp": WebPImageFile,
    "gif": GifImageFile,
}


class BadPicture(Exception):
    """The bytes are no whole picture; the text says why. A verdict on bytes: the run fetches again, verify reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that was decoded to its last row."""

    format: str
    """``png``, ``jpeg``, ``webp`` or ``gif``, from the bytes."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    sha256: str
    size_bytes: int


def inspect_picture(path: Path) -> Picture:
    """Decode a file to the end and return what it is. It blocks for the time of a decode: call it in a thread.

    Bytes after the picture's own end are let be; they are part of the hash.

    Raises:
        BadPicture: it is of no known format, is cut short, or does not decode.
        StorageError: it can't be read.
    """
    with storage_errors(path, "read"):
        data = path.read_bytes()
    return inspect_bytes(data)


def inspect_bytes(data: bytes) -> Picture:
    """Like ``inspect_picture``, of bytes in memory."""
    picture_format = format_of(data)
    if picture_format is None:
        raise BadPicture(f"neither PNG, JPEG, WebP nor GIF: {_beginning(data)}")
    fault = missing_end(data, picture_format)
    if fault is not None:
        raise BadPicture(f"{picture_format.upper()} {fault}")
    try:
        width, height = _decode(data, _DECODERS[picture_format])
    except BadPicture:
        raise
    except Exception as error:  # a decoder fed hostile bytes may raise anything, and all of it means this
        reason = str(error) or type(error).__name__
        raise BadPicture(f"{picture_format.upper()} does not decode: {reason}") from error
    return Picture(
        format=picture_format,
        width=width,
        height=height,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
    )


def _decode(data: bytes, decoder: type[ImageFile]) -> tuple[int, int]:
    with decoder(BytesIO(data)) as image:
        size = image.size
        frames = int(getattr(image, "n_frames", 1))
        pixels = size[0] * size[1]
        if pixels > MAX_PIXELS:
            raise BadPicture(f"{size[0]} x {size[1]} pixels are more than the {MAX_PIXELS:,} that are read")
        if pixels * frames > MAX_FRAME_PIXELS:
            raise BadPicture(f"{frames} frames of {size[0]} x {size[1]} pixels are more than are read")
        for number in range(frames):
            image.seek(number)
            image.load()
        return size


def _beginning(data: bytes) -> str:
    if not data:
        return "the file is empty"
    return f"{len(data):,} bytes that begin with {data[:16]!r}"
