"""WebP: reads the chunks with texts about the image, and writes new ones behind it.

A file of nothing but its pixels is made an extended one first: its header then states the size, and what is in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from qwave_batch.imaging.formats.judging import MAX_CHUNKS
from qwave_batch.imaging.metadata.exif_comment import exif_comment, with_exif_comment
from qwave_batch.imaging.metadata.metadata_parts import (
    ImageMetadata,
    NewMetadata,
    NotEmbeddable,
    Obstacle,
    names_manifest_elsewhere,
)

_RIFF_BYTES = 12
_EXTENDED, _LOSSY, _LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
_EXIF, _XMP, _C2PA = b"EXIF", b"XMP ", b"C2PA"
_JPEG_PREFIX = b"Exif\0\0"
"""Some programs write what only a JPEG has in front of its EXIF."""
_HEADER_BYTES = 10
_HAS_ALPHA, _HAS_EXIF, _HAS_XMP = 0x10, 0x08, 0x04
_MOST_BYTES = 2**32 - 10


@dataclass(frozen=True, slots=True)
class _WebpChunk:
    kind: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class _WebpFile:
    chunks: tuple[_WebpChunk, ...]
    behind: bytes
    """Bytes behind the end that the file states, which stay where they are."""

    def only(self, kind: bytes) -> bytes | None:
        """Return the content of the chunk of a kind; None without one."""
        found = list(islice((chunk.content for chunk in self.chunks if chunk.kind == kind), 2))
        if len(found) > 1:
            raise NotEmbeddable(Obstacle.STRUCTURE)
        return found[0] if found else None

    def having(self, kind: bytes, content: bytes) -> "_WebpFile":
        """Return the file with one chunk of a kind: where the old one was, else at the end, EXIF before XMP."""
        new = _WebpChunk(kind, content)
        if self.only(kind) is None:
            last = next((at for at, each in enumerate(self.chunks) if (kind, each.kind) == (_EXIF, _XMP)), None)
            return replace(self, chunks=(*self.chunks[:last], new, *(self.chunks[last:] if last is not None else ())))
        return replace(self, chunks=tuple(new if chunk.kind == kind else chunk for chunk in self.chunks))


def read_webp_metadata(data: bytes) -> ImageMetadata:
    """Return the texts of a WebP.

    Raises:
        NotEmbeddable: it is not built as a WebP is.
    """
    file = _read(data)
    xmp, exif = file.only(_XMP), file.only(_EXIF)
    return ImageMetadata(
        xmp=xmp,
        parameters=exif_comment(exif.removeprefix(_JPEG_PREFIX)) if exif else None,
        is_signed=any(chunk.kind == _C2PA for chunk in file.chunks) or names_manifest_elsewhere(xmp),
    )


def write_webp_metadata(data: bytes, new: NewMetadata) -> bytes:
    """Return a WebP with new texts; every other chunk stays as it is.

    Raises:
        NotEmbeddable: it is not built as a WebP is, or has another comment.
    """
    file = before = _read(data)
    exif = file.only(_EXIF)
    if new.parameters is not None:
        comment = with_exif_comment(exif.removeprefix(_JPEG_PREFIX) if exif else None, new.parameters)
        if exif is None or exif.removeprefix(_JPEG_PREFIX) != comment:
            file = file.having(_EXIF, comment)
    if new.xmp is not None and file.only(_XMP) != new.xmp:
        file = file.having(_XMP, new.xmp)
    if file == before:
        return data
    return _written(replace(file, chunks=_extended(file.chunks)))


def _read(data: bytes) -> _WebpFile:
    end = 8 + int.from_bytes(data[4:8], "little")
    chunks = tuple(_walk(data, end))
    if not chunks or chunks[0].kind not in {_EXTENDED, _LOSSY, _LOSSLESS}:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    return _WebpFile(chunks, data[end:])


def _walk(data: bytes, end: int) -> Iterator[_WebpChunk]:
    at = _RIFF_BYTES
    if end > len(data):
        raise NotEmbeddable(Obstacle.STRUCTURE)
    for _ in range(MAX_CHUNKS):
        if at == end:
            return
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        following = at + 8 + size + size % 2
        if following > end:
            break
        yield _WebpChunk(data[at : at + 4], data[at + 8 : at + 8 + size])
        at = following
    raise NotEmbeddable(Obstacle.STRUCTURE)


def _extended(chunks: Sequence[_WebpChunk]) -> tuple[_WebpChunk, ...]:
    """Return chunks with a header that states which of them there are."""
    first, *others = chunks
    if first.kind != _EXTENDED:
        first, others = _WebpChunk(_EXTENDED, _new_header(first)), list(chunks)
    if len(first.content) < _HEADER_BYTES:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    kinds = {chunk.kind for chunk in others}
    flags = first.content[0] | (_HAS_EXIF if _EXIF in kinds else 0) | (_HAS_XMP if _XMP in kinds else 0)
    return (_WebpChunk(_EXTENDED, bytes([flags]) + first.content[1:]), *others)


def _new_header(pixels: _WebpChunk) -> bytes:
    """Return the header of a file of nothing but pixels, from what they say themselves."""
    head = pixels.content[:10]
    if pixels.kind == _LOSSLESS and head[:1] == b"\x2f" and len(head) >= 5:  # noqa: PLR2004 - its header's bytes
        bits = int.from_bytes(head[1:5], "little")
        width, height, flags = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, _HAS_ALPHA if bits >> 28 & 1 else 0
    elif pixels.kind == _LOSSY and head[3:6] == b"\x9d\x01\x2a" and len(head) == 10:  # noqa: PLR2004 - as above
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        flags = 0
    else:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    if not width or not height:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    return bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _written(file: _WebpFile) -> bytes:
    parts = [b"WEBP"]
    for chunk in file.chunks:
        size = len(chunk.content)
        parts += (chunk.kind, size.to_bytes(4, "little"), chunk.content, b"\0" * (size % 2))
    size = sum(map(len, parts))
    if size > _MOST_BYTES:
        raise NotEmbeddable(Obstacle.TOO_LARGE)
    return b"".join((b"RIFF", size.to_bytes(4, "little"), *parts, file.behind))
