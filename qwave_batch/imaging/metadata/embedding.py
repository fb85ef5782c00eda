"""Reads and writes the texts about an image in a file of any format that takes them."""

from collections.abc import Callable
from typing import Final

from qwave_batch.imaging.formats.signatures import format_of
from qwave_batch.imaging.metadata.jpeg_segments import MOST_JPEG_XMP_BYTES, read_jpeg_metadata, write_jpeg_metadata
from qwave_batch.imaging.metadata.metadata_parts import (
    MAX_TEXT_BYTES,
    ImageMetadata,
    NewMetadata,
    NotEmbeddable,
    Obstacle,
)
from qwave_batch.imaging.metadata.png_chunks import read_png_metadata, write_png_metadata
from qwave_batch.imaging.metadata.webp_chunks import read_webp_metadata, write_webp_metadata

_READERS: dict[str, Callable[[bytes], ImageMetadata]] = {
    "png": read_png_metadata,
    "jpeg": read_jpeg_metadata,
    "webp": read_webp_metadata,
}
_WRITERS: dict[str, Callable[[bytes, NewMetadata], bytes]] = {
    "png": write_png_metadata,
    "jpeg": write_jpeg_metadata,
    "webp": write_webp_metadata,
}
MOST_XMP_BYTES: Final = {"jpeg": MOST_JPEG_XMP_BYTES}
"""The most bytes of a packet without an extension, where a format has less room than ``MAX_TEXT_BYTES``."""


def read_metadata(data: bytes) -> ImageMetadata:
    """Return the texts about an image that its file holds.

    Raises:
        NotEmbeddable: it is of another format, or not built as its format says.
    """
    read = _READERS.get(format_of(data) or "")
    if read is None:
        raise NotEmbeddable(Obstacle.FORMAT)
    return read(data)


def with_metadata(data: bytes, new: NewMetadata) -> bytes:
    """Return an image's file with new texts about it; its pixels and all other parts stay byte for byte.

    Raises:
        NotEmbeddable: it is of another format, not built as its format says, or a text can't go into it.
    """
    write = _WRITERS.get(format_of(data) or "")
    if write is None:
        raise NotEmbeddable(Obstacle.FORMAT)
    return write(data, new)


def most_xmp_bytes(data: bytes) -> int:
    """Return the most bytes of a packet that a file takes without an extension."""
    return MOST_XMP_BYTES.get(format_of(data) or "", MAX_TEXT_BYTES)


_C2PA_TRACE = b"jumdc2pa"
"""The beginning of every manifest, whatever format holds it."""


def carries_c2pa(data: bytes) -> bool:
    """Whether a file carries a C2PA manifest; a file that can't be walked is searched for the beginning of one."""
    try:
        return read_metadata(data).is_signed
    except NotEmbeddable:
        return _C2PA_TRACE in data
