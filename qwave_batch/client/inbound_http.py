"""Reads HTTP/1.1 calls that anybody may make: bounded in bytes, strict, and without logging their content."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

MAX_HEAD_BYTES = 16 * 1024
"""Limit of a request line with its headers, of the trailers after a body, and of the line before a chunk."""
_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) ([!-~]{1,8192}) HTTP/1\.([01])")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}):(.*)")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?\r\n", re.DOTALL)
_END_OF_LINE = b"\r\n"
_END_OF_HEAD = b"\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BadCall(Exception):
    """A rejected call; ``status`` is the status of the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status
        super().__init__(status.phrase)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHead:
    """A call's request line and headers."""

    method: str
    path: str
    """Without a query, percent-decoded."""
    length: int | None
    """The body's size in bytes; None for a chunked body."""
    keeps_open: bool
    """Whether another call may follow on the connection."""
    awaits_word: bool
    """Whether the caller waits for a 100 before it sends the body."""


async def read_head(reader: asyncio.StreamReader) -> CallHead | None:
    """Return the head of the next call; None when the caller has hung up. Raises BadCall.

    The reader's limit is ``MAX_HEAD_BYTES``, which bounds the read.
    """
    try:
        text = (await reader.readuntil(_END_OF_HEAD)).decode("latin-1")
    except asyncio.LimitOverrunError:
        raise BadCall(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    except EOFError:
        return None
    line, *rest = text[: -len(_END_OF_HEAD)].split("\r\n")
    request = _REQUEST_LINE.fullmatch(line)
    if request is None:
        raise BadCall(HTTPStatus.BAD_REQUEST)
    headers = dict(_headers(rest))
    return CallHead(
        method=request[1],
        path=unquote(request[2].partition("?")[0]),
        length=_length(headers),
        keeps_open=request[3] == "1" and "close" not in headers.get("connection", "").lower(),
        awaits_word=headers.get("expect", "").lower() == "100-continue",
    )


async def read_body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: CallHead, *, max_bytes: int
) -> bytes:
    """Return the body after a head; raises BadCall for one that is too large or malformed."""
    if head.length is not None and head.length > max_bytes:
        raise BadCall(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if head.awaits_word:
        writer.write(_CONTINUE)
    if head.length is not None:
        return await reader.readexactly(head.length)
    try:
        return await _read_chunks(reader, max_bytes)
    except asyncio.LimitOverrunError:
        raise BadCall(HTTPStatus.BAD_REQUEST) from None


async def drop_rest(reader: asyncio.StreamReader, *, max_bytes: int) -> None:
    """Read and discard the rest: closing a connection with unread bytes would destroy the answer."""
    while max_bytes > 0 and (data := await reader.read(MAX_HEAD_BYTES)):
        max_bytes -= len(data)


def answer_of(status: HTTPStatus, *, keeps_open: bool) -> bytes:
    """Return an answer without a body."""
    length = "" if status is HTTPStatus.NO_CONTENT else "Content-Length: 0\r\n"  # a 204 must not have one
    connection = "keep-alive" if keeps_open else "close"
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{length}Connection: {connection}\r\n\r\n".encode()


def _headers(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the headers by lower-case name; raises BadCall for a malformed line or a repeated framing header."""
    seen: set[str] = set()
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise BadCall(HTTPStatus.BAD_REQUEST)
        name = header[1].lower()
        if name in seen and name in {"content-length", "transfer-encoding"}:
            raise BadCall(HTTPStatus.BAD_REQUEST)
        seen.add(name)
        yield name, header[2].strip(" \t")


def _length(headers: dict[str, str]) -> int | None:
    told, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        if told is not None or coding.lower() != "chunked":
            raise BadCall(HTTPStatus.BAD_REQUEST)
        return None
    if told is None:
        return 0
    if not _LENGTH.fullmatch(told):
        raise BadCall(HTTPStatus.BAD_REQUEST)
    return int(told)


async def _read_chunks(reader: asyncio.StreamReader, max_bytes: int) -> bytes:
    body = bytearray()
    while True:
        chunk = _CHUNK.fullmatch(await reader.readuntil(_END_OF_LINE))
        if chunk is None:
            raise BadCall(HTTPStatus.BAD_REQUEST)
        size = int(chunk[1], 16)
        if size == 0:
            break
        if len(body) + size > max_bytes:
            raise BadCall(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body += await reader.readexactly(size)
        if await reader.readexactly(len(_END_OF_LINE)) != _END_OF_LINE:
            raise BadCall(HTTPStatus.BAD_REQUEST)
    trailers = 0
    while (line := await reader.readuntil(_END_OF_LINE)) != _END_OF_LINE:
        trailers += len(line)
        if trailers > MAX_HEAD_BYTES:
            raise BadCall(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    return bytes(body)
