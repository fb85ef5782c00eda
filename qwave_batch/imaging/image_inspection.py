"""Whether a file is a whole image, and what it holds."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import SEEK_END
from typing import TYPE_CHECKING, BinaryIO, Final

from qwave_batch.imaging import formats
from qwave_batch.imaging.formats.judging import (
    LARGE_FILE,
    BadImage,
    Content,
    Effort,
    NotRead,
    OtherFormat,
    Size,
    memory,
)
from qwave_batch.imaging.formats.signatures import foreign_kind, format_of, kind_of_bytes

if TYPE_CHECKING:
    from qwave_batch.imaging.formats.shrinking import Shrinker

__all__ = [
    "EXTENSIONS",
    "MAX_IMAGE_BYTES",
    "STRANGE_FORMATS",
    "BadImage",
    "ImageInfo",
    "OtherFormat",
    "inspect_bytes",
    "inspect_file",
]

MAX_IMAGE_BYTES: Final = 256 * 2**20
"""Of a file; a download may not be larger either."""

EXTENSIONS = {
    "png": ".png",
    "jpeg": ".jpg",
    "webp": ".webp",
    "gif": ".gif",
    "avif": ".avif",
    "tiff": ".tiff",
    "bmp": ".bmp",
    "jpeg2000": ".jp2",
}
"""The extension of each format that ``inspect_bytes`` reads."""

STRANGE_FORMATS = frozenset({"avif", "tiff", "bmp", "jpeg2000"})
"""Those of them that no model is documented to return; they are decoded apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """An image that was decoded to its last row."""

    format: str
    """One of ``EXTENSIONS``, from the bytes."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    sha256: str
    size_bytes: int


def inspect_file(file: BinaryIO, shrinker: "Shrinker | None" = None) -> ImageInfo:
    """Decode an open file to the end and return what it is. It blocks for the time of a decode: call it in a thread.

    Bytes after the image's own end are let be; they are part of the hash.

    Args:
        file: The file.
        shrinker: Takes the picture in passing, without a word in the verdict; see ``formats.shrinking``.

    Raises:
        BadImage: it is of no format that is read (``OtherFormat`` when of a known one), is cut short, or does not
            decode.
        OSError: it can't be read.
    """
    size_bytes = file.seek(0, SEEK_END)
    file.seek(0)
    _check_file_size(size_bytes)
    with memory(size_bytes, large=LARGE_FILE):
        # no more than there is: a buffer is made for all that is asked for
        return _inspect(Content(file.read(size_bytes + 1), is_kept=False, shrinker=shrinker))


def inspect_bytes(data: bytes, shrinker: "Shrinker | None" = None) -> ImageInfo:
    """Like ``inspect_file``, of bytes in memory.

    Any bytes are judged within 6 s of processor time and 900 MiB of memory, and other threads run meanwhile. AVIF,
    TIFF, BMP and JPEG 2000, for which nobody asks, are decoded in a process of their own.
    """
    return _inspect(Content(data, is_kept=True, shrinker=shrinker))


def _inspect(content: Content) -> ImageInfo:
    data, size_bytes, effort = content.data, len(content.data), Effort()
    image_format = format_of(data) or kind_of_bytes(data).image_format
    if image_format is None:
        raise _foreign(data)
    _check_file_size(size_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    del data  # a check may let go of it
    try:
        width, height = _check(image_format)(content, effort)
    except BadImage as bad:
        bad.extension = EXTENSIONS[image_format]
        raise
    except NotRead:
        raise _foreign(content.data) from None
    except Exception as error:  # a decoder fed hostile bytes may raise anything, and all of it means this
        reason = str(error) or type(error).__name__
        verdict = BadImage(f"{image_format.upper()} does not decode: {reason}")
        verdict.extension = EXTENSIONS[image_format]
        raise verdict from error
    return ImageInfo(format=image_format, width=width, height=height, sha256=sha256, size_bytes=size_bytes)


def _check(image_format: str) -> Callable[[Content, Effort], Size]:
    match image_format:
        case "png":
            return formats.png.check_png
        case "jpeg":
            return formats.jpeg.check_jpeg
        case "webp":
            return formats.webp.check_webp
        case "gif":
            return formats.gif.check_gif
        case _:
            return partial(formats.apart.check_apart, image_format)


def _foreign(data: bytes) -> BadImage:
    """Return the verdict on bytes of another kind."""
    kind = kind_of_bytes(data)
    verdict = OtherFormat if kind.is_result else BadImage
    bad = verdict(f"neither PNG, JPEG, WebP nor GIF: {foreign_kind(data)}")
    bad.extension = kind.extension
    return bad


def _check_file_size(size_bytes: int) -> None:
    """Raise BadImage when a file is larger than an image that is read: to be asked before it is."""
    if size_bytes > MAX_IMAGE_BYTES:
        raise BadImage(f"{size_bytes:,} bytes are more than the {MAX_IMAGE_BYTES:,} of an image that are read")
