"""Decompresses bodies with a limit and checks the digests of response headers against the received bytes. Pure.

An ``ETag`` proves nothing: it need not be a digest, and it is not the digest of a file uploaded in parts.
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4)


_ALGORITHMS: dict[str, tuple[Callable[[], _Hash], int]] = {
    "md5": (lambda: hashlib.md5(usedforsecurity=False), 16),
    "sha": (lambda: hashlib.sha1(usedforsecurity=False), 20),
    "sha-256": (hashlib.sha256, 32),
    "sha-512": (hashlib.sha512, 64),
    "crc32": (_Crc32, 4),
}
"""By name in ``Digest``, with the length of a digest in bytes; other algorithms are ignored."""
_OF_ONE = {
    "content-md5": "md5",
    "x-ms-blob-content-md5": "md5",
    "x-bz-content-sha1": "sha",
    "x-amz-checksum-sha1": "sha",
    "x-amz-checksum-sha256": "sha-256",
    "x-amz-checksum-crc32": "crc32",
}
"""Headers that hold one digest."""
_OF_SEVERAL = ("repr-digest", "content-digest", "digest", "x-goog-hash")
"""Headers that hold ``algorithm=digest``, several separated by commas."""
_DIGEST_HEADERS = frozenset({*_OF_ONE, *_OF_SEVERAL})
_OF_PARTS = "x-amz-checksum-type"
"""The header which says that a checksum was made from those of parts."""
_ALIASES = {"sha-1": "sha", "sha1": "sha", "sha256": "sha-256", "sha512": "sha-512"}
_HEX = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True, slots=True)
class _AnnouncedDigest:
    header: str
    algorithm: str
    digest: bytes


@dataclass(slots=True)
class BodyChecks:
    """The digests that a server sent for one body, and the body received so far."""

    told: tuple[_AnnouncedDigest, ...]
    _sent: dict[str, _Hash] = field(init=False)
    """Digests of the bytes as received."""
    _meant: dict[str, _Hash] = field(init=False)
    """Digests of the decompressed bytes."""

    def __post_init__(self) -> None:
        self._sent = {told.algorithm: _ALGORITHMS[told.algorithm][0]() for told in self.told}
        self._meant = {told.algorithm: _ALGORITHMS[told.algorithm][0]() for told in self.told}

    def take_sent(self, data: bytes) -> None:
        """Add the next received bytes."""
        for each in self._sent.values():
            each.update(data)

    def take_meant(self, data: bytes) -> None:
        """Add the next decompressed bytes."""
        for each in self._meant.values():
            each.update(data)

    def fault(self) -> str | None:
        """Return the digest that the complete body does not match; None when it matches all.

        For a compressed body a header may state either digest.
        """
        for told in self.told:
            if told.digest not in {self._sent[told.algorithm].digest(), self._meant[told.algorithm].digest()}:
                return f"what came does not have the digest that the server tells in {told.header}"
        return None


NOTHING_TO_CHECK = BodyChecks(told=())
"""For all bodies without a digest."""


def checks_of(headers: Mapping[str, str]) -> BodyChecks:
    """Return the digests in headers; unreadable ones and unknown algorithms are ignored.

    Args:
        headers: By lower-case name; several of one name are joined with commas.
    """
    return NOTHING_TO_CHECK if headers.keys().isdisjoint(_DIGEST_HEADERS) else BodyChecks(told=tuple(_read(headers)))


def _read(headers: Mapping[str, str]) -> Iterator[_AnnouncedDigest]:
    is_of_parts = headers.get(_OF_PARTS, "").strip().lower() == "composite"
    for header, algorithm in _OF_ONE.items():
        if header in headers and not (is_of_parts and header.startswith("x-amz-")):
            yield from _told(header, algorithm, headers[header])
    for header in _OF_SEVERAL:
        for part in headers.get(header, "").split(","):
            name, _, value = part.strip().partition("=")
            yield from _told(header, name.strip(), value.partition(";")[0])


def _told(header: str, name: str, value: str) -> Iterator[_AnnouncedDigest]:
    lower = name.lower()
    algorithm = _ALIASES.get(lower, lower)
    if algorithm in _ALGORITHMS:
        digest = _bytes_of(value.strip().strip('"').strip(":").strip(), _ALGORITHMS[algorithm][1])
        if digest is not None:
            yield _AnnouncedDigest(header, algorithm, digest)


def _bytes_of(text: str, length: int) -> bytes | None:
    """Return the digest that a hex or Base64 text encodes; None for any other text."""
    if len(text) == 2 * length and _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        read = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return read if len(read) == length else None


_PIECE = 256 * 1024
_WINDOW_OF_EITHER = zlib.MAX_WBITS | 32  # gzip or zlib, told apart by the first bytes


class BadEncoding(ValueError):
    """A body that is damaged, or compressed in a way that was not requested."""


class Decoder(Protocol):
    """Turns the bytes of a body into its content."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of the next bytes, in pieces of a bounded size; raises BadEncoding."""
        ...

    def finish(self) -> None:
        """Check that nothing is missing at the end; raises BadEncoding."""
        ...


class Plain:
    """A body without compression."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes."""
        yield data

    def finish(self) -> None:
        """Do nothing: HTTP itself counts the bytes."""


class Inflate:
    """A body compressed with gzip or deflate. A decompression bomb costs the memory of one piece only."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_WINDOW_OF_EITHER)
        self._took_any = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the inflated bytes."""
        self._took_any = self._took_any or bool(data)
        while data:
            try:
                piece = self._inflate.decompress(data, _PIECE)
            except zlib.error:
                raise BadEncoding("the compressed body is damaged") from None
            if piece:
                yield piece
            if self._inflate.eof:
                return  # bytes after the end of the stream are not part of it
            data = self._inflate.unconsumed_tail

    def finish(self) -> None:
        """Check that the stream has ended."""
        if self._took_any and not self._inflate.eof:
            raise BadEncoding("the compressed body is cut off")


def decoder_for(encoding: str) -> Decoder:
    """Return the decoder for a ``Content-Encoding``; raises BadEncoding for an unknown one."""
    match encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip" | "deflate":
            return Inflate()
        case other:
            raise BadEncoding(f"the body is compressed as {other[:40]!a}, which was not asked for")
