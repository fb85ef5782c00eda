"""The texts that are read from a file and written into it, for all formats."""

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_TEXT_BYTES: Final = 16 * 2**20
"""Of one text about an image: more than any program writes."""


class Obstacle(StrEnum):
    """Why a text can't be written into a file."""

    FORMAT = "format"
    """Texts are not written into files of this format."""
    STRUCTURE = "structure"
    """The file is not built as its format says, or in a way that is not read."""
    OTHER_TEXT = "other_text"
    """It has a text of that kind already, which would be lost."""
    TOO_LARGE = "too_large"
    """The format has no place for so long a text."""


class NotEmbeddable(Exception):
    """A text can't be written into a file; nothing of the file is repeated in the message."""

    def __init__(self, obstacle: Obstacle) -> None:
        self.obstacle = obstacle
        super().__init__(obstacle.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMetadata:
    """The texts about an image that its file holds."""

    xmp: bytes | None = None
    """The XMP packet."""
    xmp_extension: bytes = b""
    """JPEG only: the rest of a packet that is longer than a segment."""
    parameters: str | None = None
    """The text that galleries show: ``parameters`` of a PNG, the user comment in the EXIF of other formats."""
    is_signed: bool = False
    """Whether the file carries a C2PA manifest, so that a change of any byte breaks a signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMetadata:
    """The texts to write into a file; None leaves a text as it is."""

    xmp: bytes | None = None
    """A whole packet, which takes the place of the one that is there."""
    xmp_extension: bytes = b""
    """JPEG only: what the packet refers to as its extension."""
    parameters: str | None = None
    """Never written over another one."""


def inflate(data: bytes) -> bytes:
    """Return what compressed bytes unpack to.

    Raises:
        NotEmbeddable: they are damaged, or unpack to more than a text about an image has.
    """
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MAX_TEXT_BYTES)
    except zlib.error:
        raise NotEmbeddable(Obstacle.STRUCTURE) from None
    if not unpacker.eof:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    return text


def names_manifest_elsewhere(xmp: bytes | None) -> bool:
    """Whether an XMP packet names a C2PA manifest that lies elsewhere and signs the file all the same."""
    return xmp is not None and b"dcterms:provenance" in xmp
