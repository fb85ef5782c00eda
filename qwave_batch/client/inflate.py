"""Undoes the compression of a body, piece by piece and never beyond a ceiling."""

import zlib
from collections.abc import Iterator
from typing import Protocol

_PIECE = 256 * 1024
_WINDOW_OF_EITHER = zlib.MAX_WBITS | 32  # gzip or zlib, told apart by the first bytes


class BadEncoding(ValueError):
    """A body that is compressed in a way nobody asked for, or is damaged."""


class Decoder(Protocol):
    """Turns the bytes of a body into the bytes that were meant."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes stand for, in pieces of a bounded size; raises BadEncoding."""
        ...

    def finish(self) -> None:
        """Make sure that nothing is missing at the end; raises BadEncoding."""
        ...


class Plain:
    """A body that stands for itself."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes."""
        yield data

    def finish(self) -> None:
        """Do nothing: HTTP itself counts the bytes."""


class Inflate:
    """A body compressed with gzip or deflate. A bomb costs the memory of one piece, not of what it grows to."""

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
                return  # what follows the end of the stream is no part of it
            data = self._inflate.unconsumed_tail

    def finish(self) -> None:
        """Make sure that the stream came to its end."""
        if self._took_any and not self._inflate.eof:
            raise BadEncoding("the compressed body is cut off")


def decoder_for(encoding: str) -> Decoder:
    """Return the decoder for a ``Content-Encoding``; raises BadEncoding for one that is not known."""
    match encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip" | "deflate":
            return Inflate()
        case other:
            raise BadEncoding(f"the body is compressed as {other[:40]!a}, which was not asked for")
