"""The bytes of a table's file, unpacked where they are gzip, as whole texts, as lines, or piece by piece."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from typing import BinaryIO

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
MAX_GROWTH = 200  # times; text shrinks to a fifth or a tenth, only the same bytes over and over shrink more than this
FREE_GROWTH_BYTES = 10_000_000  # what may come out before anybody asks how much went in
PIECE_BYTES = 1 << 16

_GZIP_BEGINS = b"\x1f\x8b"
_OF_GZIP = 16 + zlib.MAX_WBITS  # zlib's number for gzip around what is packed


class TableFile:
    """A table's file, open; reading it complains in the words of a spec."""

    def __init__(self, stream: BinaryIO, file: InputFile, shown_as: str, packed: BinaryIO | None = None) -> None:
        """Take the stream of what is in the file, and the packed stream below it where there is one."""
        self.file = file
        self.shown_as = shown_as
        self._stream = stream
        self._packed = packed

    def check_name(self) -> None:
        """Complain about a file that is gzip and does not say so by its name.

        Raises:
            SpecError: It is one.
        """
        if self._packed is not None:
            return
        begins = self.read(len(_GZIP_BEGINS))
        self._stream.seek(0)
        if begins == _GZIP_BEGINS:
            problem = Problem(
                message="the file is gzip, and its name does not say so",
                place=SourcePlace(self.shown_as),
                suggestion=f"call it {self.shown_as}{GZIP_SUFFIX}",
            )
            raise SpecError([problem])

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none at the end.

        Raises:
            SpecError: The file can't be read, or can't be unpacked.
        """
        with self._complaining():
            data = self._stream.read(size)
        self._check_growth()
        return data

    def lines(self, size: int) -> Iterator[bytes]:
        """Yield the lines with their ends; of a longer one the first ``size`` bytes, then the rest.

        Raises:
            SpecError: The file can't be read, or can't be unpacked.
        """
        readline, unchecked = self._stream.readline, 0
        with self._complaining():
            while line := readline(size):
                unchecked += len(line)
                if unchecked > PIECE_BYTES:
                    unchecked = 0
                    self._check_growth()
                yield line

    def pieces(self) -> Iterator[str]:
        """Yield the text of the file piece by piece, without a byte order mark.

        Raises:
            SpecError: It can't be read, is no UTF-8, or holds what no text holds.
        """
        decoder = codecs.getincrementaldecoder("utf-8")()
        line, column, is_first = 1, 1, True
        while True:
            data = self.read(PIECE_BYTES)
            if is_first:
                data, is_first = _begun(data, self.shown_as), False
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise self._no_text(error, line, column) from None
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
        """Return the place behind a text that begins at a line and column."""
        place = place_at(before, len(before), self.shown_as)
        column = place.column if place.line > 1 else column + place.column - 1
        return SourcePlace(self.shown_as, line + place.line - 1, column)

    def _no_text(self, error: UnicodeDecodeError, line: int, column: int) -> SpecError:
        place = self._place_in(error.object[: error.start].decode("utf-8"), line, column)
        message = f"the byte 0x{error.object[error.start]:02x} is no UTF-8"
        return SpecError([Problem(message=message, place=place, suggestion="save the file as UTF-8")])

    def _check_growth(self) -> None:
        if self._packed is None:
            return
        made = self._stream.tell()
        if made > FREE_GROWTH_BYTES and made > MAX_GROWTH * self._packed.tell():
            message = f"the file grows more than {MAX_GROWTH}-fold when it is unpacked, which no table of prompts does"
            raise SpecError([Problem(message=message, place=SourcePlace(self.shown_as))])

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            message = _damage(error, self._packed)
            raise SpecError([Problem(message=message, place=SourcePlace(self.shown_as))]) from error
        except OSError as error:
            raise unreadable(error, self.shown_as) from error


@contextmanager
def opened(table: InputFile, shown_as: str) -> Iterator[TableFile]:
    """Open a table's file, unpacking it if its name ends with ``.gz``.

    Raises:
        SpecError: It can't be opened.
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
        # read through a buffer written in C: many short lines are read several times as fast
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
    """Return the complaint about a file that the system does not let us read."""
    message = f"the file cannot be read: {(error.strerror or 'no reason given').lower()}"
    return SpecError([Problem(message=message, place=SourcePlace(shown_as))])


def _begun(data: bytes, shown_as: str) -> bytes:
    """Return the first bytes without a byte order mark; UTF-16 is a mistake."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decode(data[:2], shown_as)
    return data.removeprefix(codecs.BOM_UTF8)


def _damage(error: Exception, packed: BinaryIO | None) -> str:
    if isinstance(error, EOFError):
        return "the gzip file is cut off: its end is missing"
    if isinstance(error, gzip.BadGzipFile) and packed is not None:
        packed.seek(0)
        if packed.read(len(_GZIP_BEGINS)) != _GZIP_BEGINS:
            return "the file is no gzip, though its name ends with .gz"
        packed.seek(0)
        if _ends_in_other(packed):
            return "something that is no gzip stands behind the gzip file's end"
    return "the gzip file is damaged: what it holds is not what was put in"


def _ends_in_other(packed: BinaryIO) -> bool:
    """Whether something stands behind whole gzip: the file is unpacked once more for that, and nothing kept."""
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


MAX_LINE_BYTES = 64_000_000  # an image of 30 MB as a data URI has 40
MAX_VALUES = 1_000_000  # of one row: each of them takes up to thirty times its size in the file
_SMALL = 1_000_000  # characters, which hold no more values than that


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file."""

    number: int
    """From 1."""
    text: str
    """Without its end."""


def read_lines(file: TableFile) -> Iterator[Line]:
    """Yield the lines of a file.

    Raises:
        SpecError: The file can't be read, or a line is no UTF-8, too long, or holds what no line of text holds.
    """
    for number, raw in enumerate(file.lines(MAX_LINE_BYTES + 1), start=1):
        yield Line(number, _text(raw, number, file.shown_as))


def _text(raw: bytes, number: int, shown_as: str) -> str:
    is_long = len(raw) > MAX_LINE_BYTES
    if raw.endswith(b"\n"):
        raw = raw[:-2] if raw.endswith(b"\r\n") else raw[:-1]
    if is_long and b"\r" not in raw:  # with them, all of a file is one line
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
    """Return a line that is no UTF-8 as text where a NUL in it says more of the file; else raise SpecError."""
    is_marked = number == 1 and raw.startswith(UTF_16_MARKS)
    if b"\0" in raw and not is_marked:
        return raw.decode("utf-8", "replace")
    return decode(raw, shown_as, first_line=number)


def check_values(text: str, signs: str) -> None:
    """Raise ValueError for the text of a row with so many of the ``signs`` that part values that it fills the memory.

    Text within values may hold such signs too, but a million of them only in rows that nobody writes.
    """
    if len(text) > _SMALL and sum(map(text.count, signs)) > MAX_VALUES:
        raise ValueError(f"it holds more than {MAX_VALUES:,} values")
