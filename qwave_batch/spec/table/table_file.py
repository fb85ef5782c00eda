"""Reads a table's file, unpacking gzip: as bytes, as pieces of text, or as lines."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from typing import Any, BinaryIO

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.inputs.file_access import FileRefused, InputFile
from qwave_batch.spec.inputs.text_encoding import (
    MAX_POINTER_BYTES,
    UTF_16_MARKS,
    decode,
    forbidden_character_problem,
    lfs_pointer_problem,
    place_at,
)

GZIP_SUFFIX = ".gz"
MAX_GROWTH = 200  # times; text compresses to a fifth or a tenth, only repeated bytes compress more than this
FREE_GROWTH_BYTES = 10_000_000  # unpacked size below which the ratio is not checked
PIECE_BYTES = 1 << 16

_GZIP_BEGINS = b"\x1f\x8b"
_OF_GZIP = 16 + zlib.MAX_WBITS  # zlib's number for the gzip format

MAX_LINE_BYTES = 64_000_000  # an image of 30 MB as a data URI has 40
MAX_VALUES = 1_000_000  # of one row; in memory, a value takes up to thirty times its size in the file
_SMALL = 1_000_000  # characters, which cannot hold more values than that


class TableFile:
    """An open file of a table, whose errors are problems of the spec."""

    def __init__(
        self, stream: "BufferedReader[Any]", file: InputFile, shown_as: str, packed: BinaryIO | None = None
    ) -> None:
        """Take the stream of the content, and the compressed stream below it if there is one."""
        self.file = file
        self.shown_as = shown_as
        self._stream = stream
        self._packed = packed

    def check_name(self) -> None:
        """Check that a file without ``.gz`` in its name is not gzip.

        Raises:
            SpecError: It is gzip.
        """
        if self._packed is not None:
            return
        begins = self.read(len(_GZIP_BEGINS))
        self._stream.seek(0)
        if begins == _GZIP_BEGINS:
            problem = Problem(
                message="the file is gzip, but its name does not end with .gz",
                place=SourcePlace(self.shown_as),
                suggestion=f"rename it to {self.shown_as}{GZIP_SUFFIX}",
            )
            raise SpecError([problem])

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end.

        Raises:
            SpecError: The file cannot be read or unpacked.
        """
        with self._translating_errors():
            data = self._stream.read(size)
        self._check_growth()
        return data

    def pages(self) -> Iterator[bytes]:
        """Yield some whole lines at a time, with their ends; a line that is too long is cut, and ends its page.

        Raises:
            SpecError: The file cannot be read or unpacked.
        """
        rest = b""
        with self._translating_errors():
            while True:
                # what is at hand, and not a full piece: what was read before an error is not lost with it
                piece = self._stream.read1(PIECE_BYTES)
                page = rest + piece
                end = page.rfind(b"\n") + 1
                if piece and not end:
                    page += self._stream.readline(MAX_LINE_BYTES + 1)
                    end = len(page)
                if not piece:
                    end = len(page)
                self._check_growth()
                if end:
                    yield page[:end]
                if not piece:
                    return
                rest = page[end:]

    def pieces(self) -> Iterator[str]:
        """Yield the text of the file piece by piece, without a byte order mark.

        Raises:
            SpecError: It cannot be read, is not UTF-8, or contains characters that text does not have.
        """
        decoder = codecs.getincrementaldecoder("utf-8")()
        line, column, is_first = 1, 1, True
        while True:
            data = self.read(PIECE_BYTES)
            if is_first:
                data, is_first = _without_bom(data, self.shown_as), False
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise self._not_utf8(error, line, column) from None
            if text:
                self._check_text(text, line, column)
                yield text
                last = text.rfind("\n")
                line += text.count("\n")
                column = column + len(text) if last < 0 else len(text) - last
            if not data:
                return

    def _check_text(self, text: str, line: int, column: int) -> None:
        found = forbidden_character_problem(
            text, lambda text, at: self._place_in(text[:at], line, column), signs="\0\ufeff"
        )
        if found is not None:
            raise SpecError([found])

    def _place_in(self, before: str, line: int, column: int) -> SourcePlace:
        """Return the place after a text that starts at a line and column."""
        place = place_at(before, len(before), self.shown_as)
        column = place.column if place.line > 1 else column + place.column - 1
        return SourcePlace(self.shown_as, line + place.line - 1, column)

    def _not_utf8(self, error: UnicodeDecodeError, line: int, column: int) -> SpecError:
        place = self._place_in(error.object[: error.start].decode("utf-8"), line, column)
        message = f"the byte 0x{error.object[error.start]:02x} is not valid UTF-8"
        return SpecError([Problem(message=message, place=place, suggestion="save the file as UTF-8")])

    def _check_growth(self) -> None:
        if self._packed is None:
            return
        made = self._stream.tell()
        if made > FREE_GROWTH_BYTES and made > MAX_GROWTH * self._packed.tell():
            message = f"the file grows more than {MAX_GROWTH}-fold when it is unpacked; no table of prompts does"
            raise SpecError([Problem(message=message, place=SourcePlace(self.shown_as))])

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            message = _damage(error, self._packed)
            raise SpecError([Problem(message=message, place=SourcePlace(self.shown_as))]) from error
        except OSError as error:
            raise unreadable(error, self.shown_as) from error


@contextmanager
def open_table_file(table: InputFile, shown_as: str) -> Iterator[TableFile]:
    """Open a table's file, unpacking it if its name ends with ``.gz``.

    Raises:
        SpecError: It cannot be opened.
    """
    try:
        file = table.open()
    except FileRefused as error:
        raise SpecError([Problem(message=f"the file {error}", place=SourcePlace(shown_as))]) from error
    except OSError as error:
        raise unreadable(error, shown_as) from error
    with file:
        _check_pointer(file, shown_as)
        if not shown_as.lower().endswith(GZIP_SUFFIX):
            yield TableFile(file, table, shown_as)
            return
        # a buffer written in C reads many short lines several times as fast
        with BufferedReader(gzip.GzipFile(fileobj=file, mode="rb"), PIECE_BYTES) as unpacked:
            yield TableFile(unpacked, table, shown_as, file)


def _check_pointer(file: BinaryIO, shown_as: str) -> None:
    try:
        begins = file.read(MAX_POINTER_BYTES + 1)
        file.seek(0)
    except OSError as error:
        raise unreadable(error, shown_as) from error
    found = lfs_pointer_problem(begins, shown_as)
    if found is not None:
        raise SpecError([found])


def unreadable(error: OSError, shown_as: str) -> SpecError:
    """Return the error for a file that the system refuses to read."""
    message = f"the file cannot be read: {(error.strerror or 'no reason given').lower()}"
    return SpecError([Problem(message=message, place=SourcePlace(shown_as))])


def _without_bom(data: bytes, shown_as: str) -> bytes:
    """Return the first bytes without a byte order mark; raise SpecError for UTF-16."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decode(data[:2], shown_as)
    return data.removeprefix(codecs.BOM_UTF8)


def _damage(error: Exception, packed: BinaryIO | None) -> str:
    if isinstance(error, EOFError):
        return "the gzip file is cut off: its end is missing"
    if isinstance(error, gzip.BadGzipFile) and packed is not None:
        packed.seek(0)
        if packed.read(len(_GZIP_BEGINS)) != _GZIP_BEGINS:
            return "the file is not gzip, although its name ends with .gz"
        packed.seek(0)
        if _ends_in_other(packed):
            return "there is other data after the end of the gzip file"
    return "the gzip file is damaged: its content does not match what was packed"


def _ends_in_other(packed: BinaryIO) -> bool:
    """Whether other data follows complete gzip data; this unpacks the file once more and keeps nothing."""
    member, packed_bytes = zlib.decompressobj(_OF_GZIP), b""
    try:
        while packed_bytes := packed_bytes or packed.read(PIECE_BYTES):
            member.decompress(packed_bytes, PIECE_BYTES)
            packed_bytes = member.unconsumed_tail
            if member.eof:
                packed_bytes = (member.unused_data + packed.read(PIECE_BYTES)).lstrip(b"\0")
                if not _GZIP_BEGINS.startswith(packed_bytes[: len(_GZIP_BEGINS)]):
                    return True
                member = zlib.decompressobj(_OF_GZIP)
    except zlib.error:
        return False
    return False


@dataclass(slots=True)  # not frozen: making one takes a third of the time, and tables have many
class Line:
    """One line of a file."""

    number: int
    """From 1."""
    text: str
    """Without its end."""


def read_table_lines(file: TableFile) -> Iterator[Line]:
    """Yield the lines of a file.

    Raises:
        SpecError: The file cannot be read, or a line is not UTF-8, too long, or has characters that text does not have.
    """
    number = 0
    for page in file.pages():
        text = _plain_text(page)
        texts = _looked_at(page, number, file.shown_as) if text is None else text.removesuffix("\n").split("\n")
        for line in texts:
            number += 1
            yield Line(number, line)


def _plain_text(page: bytes) -> str | None:
    """Return whole lines as text with plain line feeds, or None if each line has to be looked at by itself."""
    if len(page) > MAX_LINE_BYTES:
        return None
    try:
        text = (page.replace(b"\r\n", b"\n") if b"\r" in page else page).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\r" in text or "\0" in text or (not text.isascii() and "\ufeff" in text) else text


def _looked_at(page: bytes, before: int, shown_as: str) -> Iterator[str]:
    """Yield the lines of a page one by one; ``before`` is the number of the line before them."""
    for number, raw in enumerate(BytesIO(page), start=before + 1):
        yield _text(raw, number, shown_as)


def _text(raw: bytes, number: int, shown_as: str) -> str:
    is_long = len(raw) > MAX_LINE_BYTES
    if raw.endswith(b"\n"):
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
    if is_long and b"\r" not in raw:  # with carriage returns, a whole file may be one line
        message = f"the line is longer than {MAX_LINE_BYTES:,} bytes"
        raise SpecError([Problem(message=message, place=SourcePlace(shown_as, number))])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _without_foreign(raw, number, shown_as)
    if number == 1:
        text = text.removeprefix("\ufeff")
    if "\r" in text or "\0" in text or (not text.isascii() and "\ufeff" in text):
        found = forbidden_character_problem(text, lambda _, at: SourcePlace(shown_as, number, at + 1))
        raise SpecError([found] if found else [])
    return text


def _without_foreign(raw: bytes, number: int, shown_as: str) -> str:
    """Return a line that is not UTF-8 as text if a NUL in it explains more about the file; else raise SpecError."""
    is_marked = number == 1 and raw.startswith(UTF_16_MARKS)
    if b"\0" in raw and not is_marked:
        return raw.decode("utf-8", "replace")
    return decode(raw, shown_as, first_line=number)


def check_values(text: str, signs: str) -> None:
    """Raise ValueError for a row with so many of the separating ``signs`` that its values would fill the memory.

    Strings may contain these signs too, but a real row does not have a million of them.
    """
    if len(text) > _SMALL and sum(map(text.count, signs)) > MAX_VALUES:
        raise ValueError(f"it holds more than {MAX_VALUES:,} values")
