"""A look at a stored image for ``check``: whether it is the one on record, and what it looks like."""

from dataclasses import dataclass
from io import SEEK_END
from typing import Any, BinaryIO

from qwave_batch.folder.artifacts import ArtifactStore
from qwave_batch.folder.inspection_worker import Inspection
from qwave_batch.folder.stored_images import FileFault, judge_stored
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES, inspect_bytes
from qwave_batch.imaging.picture_fingerprint import CELL_BYTES, PictureFingerprint, fingerprint_of
from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.jsontypes import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLook:
    """A whole image."""

    sha256: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    picture: PictureFingerprint | None
    """None for a picture that is not decoded whole: of a strange format, or larger than any that is made."""


_CODEC = Codec({PictureFingerprint: {"cells": Key(write=bytes.hex, read=bytes.fromhex)}})


def look_at(artifacts: ArtifactStore, path: str) -> ImageLook | FileFault:
    """Return what a stored image is and looks like, or its fault. It blocks."""
    return judge_stored(artifacts, path, _look)


def _look(file: BinaryIO) -> ImageLook:
    size_bytes = file.seek(0, SEEK_END)
    file.seek(0)
    data = file.read(min(size_bytes, MAX_IMAGE_BYTES) + 1)
    info = inspect_bytes(data)
    return ImageLook(
        sha256=info.sha256,
        width=info.width,
        height=info.height,
        picture=fingerprint_of(data, info.format, (info.width, info.height)),
    )


def look_as_json(found: ImageLook | FileFault) -> Json:
    """Return what was found as one process tells it to another."""
    return [found.kind, found.message] if isinstance(found, FileFault) else _CODEC.encode(found)


def look_from_json(value: Any) -> ImageLook | FileFault:
    """Return what ``look_as_json`` was given.

    Raises:
        ValueError: it is something else.
    """
    match value:
        case [kind, message]:
            return FileFault(kind=kind, message=message)
        case _:
            look = _CODEC.decode(value, ImageLook)
            if look.picture is not None and not (
                0 <= look.picture.look < 1 << 64 and len(look.picture.cells) == CELL_BYTES
            ):
                raise ValueError("a fingerprint has 64 bits and so many cells")
            return look


INSPECTION: Inspection[ImageLook | FileFault] = Inspection(__name__, look_at, look_as_json, look_from_json)
"""The look of an image."""
