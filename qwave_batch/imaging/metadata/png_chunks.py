"""PNG: reads the chunks with texts about the image, and writes new ones before its pixels."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from qwave_batch.imaging.formats.judging import MAX_CHUNKS
from qwave_batch.imaging.metadata.metadata_parts import (
    ImageMetadata,
    NewMetadata,
    NotEmbeddable,
    Obstacle,
    inflate,
    names_manifest_elsewhere,
)

_SIGNATURE_BYTES = 8
_XMP = b"XML:com.adobe.xmp"
_OTHER_XMP = b"Raw profile type xmp"
"""The form in which some programs hide a packet; it is left alone."""
_PARAMETERS = b"parameters"
_C2PA = b"caBX"
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MOST_KEYWORD_BYTES = 79


@dataclass(frozen=True, slots=True)
class _PngChunk:
    kind: bytes
    at: int
    """The first byte of its length."""
    end: int
    """The end of its checksum."""

    def data(self, file: bytes) -> bytes:
        """Return its content."""
        return file[self.at + 8 : self.end - 4]


@dataclass(frozen=True, slots=True)
class _KeyedText:
    """A chunk with a text."""

    chunk: _PngChunk
    keyword: bytes
    text: bytes
    encoding: str


def read_png_metadata(data: bytes) -> ImageMetadata:
    """Return the texts of a PNG.

    Raises:
        NotEmbeddable: it is not built as a PNG is.
    """
    chunks = list(_chunks(data))
    texts = list(_known_texts(data, chunks))
    packet = _only(texts, _XMP)
    parameters = next((each for each in texts if each.keyword == _PARAMETERS), None)
    xmp = packet.text if packet else None
    return ImageMetadata(
        xmp=xmp,
        parameters=parameters.text.decode(parameters.encoding, "replace") if parameters else None,
        is_signed=any(chunk.kind == _C2PA for chunk in chunks) or names_manifest_elsewhere(xmp),
    )


def write_png_metadata(data: bytes, new: NewMetadata) -> bytes:
    """Return a PNG with new texts in front of its pixels; every other chunk stays as it is.

    Raises:
        NotEmbeddable: it is not built as a PNG is, or has other parameters.
    """
    chunks = list(_chunks(data))
    texts = list(_known_texts(data, chunks))
    before_pixels = next((chunk.at for chunk in chunks if chunk.kind == b"IDAT"), None)
    if before_pixels is None:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    added, dropped = b"", None
    if new.xmp is not None:
        if any(each.keyword == _OTHER_XMP for each in texts):
            raise NotEmbeddable(Obstacle.OTHER_TEXT)
        old = _only(texts, _XMP)
        if old is None or old.text != new.xmp:
            dropped = old.chunk if old else None
            added += _international(_XMP, new.xmp)
    if new.parameters is not None:
        found = [each.text.decode(each.encoding, "replace") for each in texts if each.keyword == _PARAMETERS]
        if found and found != [new.parameters]:
            raise NotEmbeddable(Obstacle.OTHER_TEXT)
        if not found:
            added += _parameters(new.parameters)
    view = memoryview(data)
    if dropped is None:
        return b"".join((view[:before_pixels], added, view[before_pixels:]))
    if dropped.at < before_pixels:
        return b"".join((view[: dropped.at], view[dropped.end : before_pixels], added, view[before_pixels:]))
    return b"".join((view[:before_pixels], added, view[before_pixels : dropped.at], view[dropped.end :]))


def _chunks(data: bytes) -> Iterator[_PngChunk]:
    at = _SIGNATURE_BYTES
    for _ in range(MAX_CHUNKS):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data) or at + 12 > len(data):
            break
        chunk = _PngChunk(data[at + 4 : at + 8], at, end)
        if at == _SIGNATURE_BYTES and chunk.kind != b"IHDR":
            break
        yield chunk
        if chunk.kind == b"IEND":
            return
        at = end
    raise NotEmbeddable(Obstacle.STRUCTURE)


def _known_texts(data: bytes, chunks: list[_PngChunk]) -> Iterator[_KeyedText]:
    """Yield the texts whose keywords mean something here; others are not unpacked."""
    wanted = frozenset({_XMP, _OTHER_XMP, _PARAMETERS})
    for chunk in chunks:
        if chunk.kind not in _TEXTS:
            continue
        head = data[chunk.at + 8 : min(chunk.end - 4, chunk.at + 9 + _MOST_KEYWORD_BYTES)]
        keyword, nul, _ = head.partition(b"\0")
        if nul and keyword in wanted:
            yield _keyed_text(chunk, keyword, chunk.data(data)[len(keyword) + 1 :])


def _keyed_text(chunk: _PngChunk, keyword: bytes, rest: bytes) -> _KeyedText:
    if chunk.kind == b"tEXt":
        return _KeyedText(chunk, keyword, rest, "latin-1")
    if chunk.kind == b"zTXt":
        return _KeyedText(chunk, keyword, inflate(rest[1:]), "latin-1")
    is_packed, parts = rest[:1] == b"\x01", rest[2:].split(b"\0", 2)
    if len(rest) < 2 or len(parts) != 3:  # noqa: PLR2004 - two flags; language, keyword, text
        raise NotEmbeddable(Obstacle.STRUCTURE)
    return _KeyedText(chunk, keyword, inflate(parts[2]) if is_packed else parts[2], "utf-8")


def _only(texts: list[_KeyedText], keyword: bytes) -> _KeyedText | None:
    found = list(islice((each for each in texts if each.keyword == keyword), 2))
    if len(found) > 1:
        raise NotEmbeddable(Obstacle.STRUCTURE)
    return found[0] if found else None


def _parameters(text: str) -> bytes:
    try:
        return _chunk(b"tEXt", _PARAMETERS + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return _international(_PARAMETERS, text.encode("utf-8", "replace"))


def _international(keyword: bytes, text: bytes) -> bytes:
    return _chunk(b"iTXt", keyword + b"\0\0\0\0\0" + text)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
