"""JPEG: reads the segments with texts about the image, and writes new ones in front of it."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from qwave_batch.imaging.formats.judging import MAX_CHUNKS
from qwave_batch.imaging.metadata.exif_comment import exif_comment, with_exif_comment
from qwave_batch.imaging.metadata.metadata_parts import (
    MAX_TEXT_BYTES,
    ImageMetadata,
    NewMetadata,
    NotEmbeddable,
    Obstacle,
    names_manifest_elsewhere,
)

_START_BYTES = 2
_APP0, _APP1, _APP11, _SOS, _EOI = 0xE0, 0xE1, 0xEB, 0xDA, 0xD9
_ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""Bytes behind FF that begin no segment; none of them stands in front of an image."""
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_BOX_FILE, _BOX_KIND, _C2PA = b"JP", b"jumb", b"c2pa"
_MOST_BYTES = 65_533
"""Of a segment's content."""
MOST_JPEG_XMP_BYTES: Final = _MOST_BYTES - len(_XMP)
_MOST_EXIF_BYTES = _MOST_BYTES - len(_EXIF)
_PIECE_BYTES = 65_000
_DIGEST = slice(len(_EXTENSION), len(_EXTENSION) + 32)
_MARKER = re.compile(rb"\xff+[^\xff]", re.DOTALL)
"""A marker may be preceded by any number of the byte that it begins with."""
_DIGEST_FORM = re.compile(rb"[0-9A-Fa-f]{32}")
_PIECE_AT = len(_EXTENSION) + 40


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    at: int
    """The byte FF that it begins with."""
    content: bytes
    end: int


def read_jpeg_metadata(data: bytes) -> ImageMetadata:
    """Return the texts of a JPEG.

    Raises:
        NotEmbeddable: it is not built as a JPEG is.
    """
    segments = list(_segments(data))
    packet, exif = _only(segments, _XMP), _only(segments, _EXIF)
    xmp = packet.content[len(_XMP) :] if packet else None
    return ImageMetadata(
        xmp=xmp,
        xmp_extension=_extension(segments, xmp),
        parameters=exif_comment(exif.content[len(_EXIF) :]) if exif else None,
        is_signed=_has_c2pa(segments) or names_manifest_elsewhere(xmp),
    )


def write_jpeg_metadata(data: bytes, new: NewMetadata) -> bytes:
    """Return a JPEG with new texts; every other segment stays as it is.

    Raises:
        NotEmbeddable: it is not built as a JPEG is, has another comment, or the text is too long for a segment.
    """
    segments = list(_segments(data))
    places = [segment.end for segment in _leading(segments)]
    edits: list[tuple[int, int, bytes]] = []
    front = places[-1] if places else _START_BYTES
    exif, packet = _only(segments, _EXIF), _only(segments, _XMP)
    if new.parameters is not None:
        made = with_exif_comment(exif.content[len(_EXIF) :] if exif else None, new.parameters)
        if len(made) > _MOST_EXIF_BYTES:
            raise NotEmbeddable(Obstacle.TOO_LARGE)
        edits.append((exif.at if exif else front, exif.end if exif else front, _segment(_EXIF + made)))
    if new.xmp is not None and (packet is None or packet.content[len(_XMP) :] != new.xmp or new.xmp_extension):
        if len(new.xmp) > MOST_JPEG_XMP_BYTES:
            raise NotEmbeddable(Obstacle.TOO_LARGE)
        pieces = b"".join(map(_segment, (_XMP + new.xmp, *_pieces(new.xmp_extension))))
        after_exif = exif.end if exif and packet is None else front
        edits.append((packet.at if packet else after_exif, packet.end if packet else after_exif, pieces))
        if new.xmp_extension:
            edits += [(each.at, each.end, b"") for each in segments if each.content.startswith(_EXTENSION)]
    return _edited(data, edits)


def _edited(data: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    view, parts, at = memoryview(data), list[bytes | memoryview](), 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        parts += (view[at:start], text)
        at = end
    return b"".join((*parts, view[at:]))


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield the segments in front of the first scan."""
    at = _START_BYTES
    for _ in range(MAX_CHUNKS):
        start, found = at, _MARKER.match(data, at)
        if found is None:
            break
        at, marker = found.end() - 2, data[found.end() - 1]
        size = int.from_bytes(data[at + 2 : at + 4])
        if marker in _ALONE or marker == _EOI or size < 2 or at + 2 + size > len(data):  # noqa: PLR2004
            break
        if marker == _SOS:
            return
        yield _Segment(marker, start, data[at + 4 : at + 2 + size], at + 2 + size)
        at += 2 + size
    raise NotEmbeddable(Obstacle.STRUCTURE)


def _leading(segments: Sequence[_Segment]) -> Iterator[_Segment]:
    """Yield the segments that stay in front of all others: those of JFIF."""
    for segment in segments:
        if segment.marker != _APP0:
            return
        yield segment


def _only(segments: Sequence[_Segment], name: bytes) -> _Segment | None:
    found = [each for each in segments if each.marker == _APP1 and each.content.startswith(name)]
    if len(found) > 1:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    return found[0] if found else None


def _extension(segments: Sequence[_Segment], xmp: bytes | None) -> bytes:
    """Return the extension of a packet, put together from its pieces; empty where one of them is missing."""
    pieces: dict[int, bytes] = {}
    digests = frozenset(_DIGEST_FORM.findall(xmp or b""))
    for each in segments:
        if each.marker == _APP1 and each.content.startswith(_EXTENSION) and each.content[_DIGEST] in digests:
            pieces[int.from_bytes(each.content[_PIECE_AT - 4 : _PIECE_AT])] = each.content[_PIECE_AT:]
    whole = b""
    while (piece := pieces.pop(len(whole), b"")) and len(whole) < MAX_TEXT_BYTES:
        whole += piece
    return whole


def _pieces(extension: bytes) -> Iterator[bytes]:
    digest = extension_digest(extension).encode()
    for at in range(0, len(extension), _PIECE_BYTES):
        piece = extension[at : at + _PIECE_BYTES]
        yield b"".join((_EXTENSION, digest, len(extension).to_bytes(4), at.to_bytes(4), piece))


def extension_digest(extension: bytes) -> str:
    """Return the name by which a packet refers to its extension: its MD5, as the format wants it."""
    return hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()


def _segment(content: bytes) -> bytes:
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2) + content


def _has_c2pa(segments: Sequence[_Segment]) -> bool:
    """Whether a box of C2PA is there; it may begin in one segment and go on in others."""
    boxes = [each.content for each in segments if each.marker == _APP11 and each.content[:2] == _BOX_FILE]
    return any(box[12:16] == _BOX_KIND for box in boxes) and _C2PA in b"".join(box[16:] for box in boxes)
