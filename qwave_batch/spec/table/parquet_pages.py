"""Plans how to read a Parquet file in bounded memory, from the headers of its pages, before anything is unpacked.

A page header states the unpacked size, for which a reader allocates memory: a few kilobytes can unpack to gigabytes of
zeros, and one dictionary value can be repeated in every row. Sizes in the file's footer are not trusted: readers do not
need them, so they may be wrong.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from qwave_batch.spec.table.parquet_footer import Chunk, Leaf, ParquetTooLarge, read_footer
from qwave_batch.spec.table.thrift_compact import CompactReader, DamagedParquet, Struct, integer_field

MAX_PAGE_BYTES = 128_000_000  # unpacked; writers aim at 1 MB, but some put a thousand images into a page
MAX_OPEN_BYTES = 256_000_000  # unpacked at the same time: the largest page of each column
MAX_PAGE_VALUES = 20_000_000  # a page of 1 MB has 8 million booleans
MAX_LIST_BYTES = 1_000_000_000  # of the lists of a column in one row group; one row may hold all of them
FREE_ROWS = 1_000_000
MAX_ROWS_PER_BYTE = 200  # beyond FREE_ROWS; identical rows compress to almost nothing
MOST_ROWS = 1_000  # at a time
BATCH_BYTES = 256_000_000

_HEADER_BYTES = 1 << 14  # for a header with statistics of long strings, at the first try
_MAX_HEADER_BYTES = 1 << 20
_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 0, 2, 3
_OF_DICTIONARY = {2, 8}
_OF_COMMON_BEGINNINGS = 7
_WIDTH = 16  # bytes of a number in a list


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """How to read a file so that it fits into memory."""

    rows_at_once: int
    dictionaries: tuple[str, ...]
    """Paths of columns whose values must stay in their dictionary."""


@dataclass(slots=True)
class _ColumnPages:
    """The pages of one column in one group of rows."""

    leaf: Leaf
    largest: int = 0
    values: int = 0
    each: float = 0.0
    """The largest average bytes of a value in a page; or of each value, if pages share values."""
    dictionary: int = 0

    @property
    def stays_in_dictionary(self) -> bool:
        """Whether copies of its values could take too much memory even with few rows at a time."""
        return self.leaf.is_text and self.leaf.is_nested and bool(self.dictionary)

    def add(self, header: Struct) -> None:
        """Add a page by its header."""
        size, kind = header.get(2), header.get(1)
        if not isinstance(size, int) or not isinstance(kind, int):
            raise DamagedParquet("a page does not say what it is")
        if not 0 <= size <= MAX_PAGE_BYTES:
            raise ParquetTooLarge(f"has a page of {size:,} bytes; at most {MAX_PAGE_BYTES:,} are unpacked")
        self.largest = max(self.largest, size)
        about = header.get({_DATA_PAGE: 5, _DICTIONARY_PAGE: 7, _DATA_PAGE_V2: 8}.get(kind, 0), {})
        if not isinstance(about, dict):
            raise DamagedParquet("a page does not say what it is")
        values = integer_field(about, 1)
        if not 0 <= values <= MAX_PAGE_VALUES:
            raise ParquetTooLarge(f"has a page of {values:,} values; at most {MAX_PAGE_VALUES:,} are read")
        if kind == _DICTIONARY_PAGE:
            self.dictionary = max(self.dictionary, size)
            if values > size * 8:
                raise ParquetTooLarge("has a dictionary with more values than bits")
        elif about:
            self.values += values
            encoding = integer_field(about, 4 if kind == _DATA_PAGE_V2 else 2)
            self.each = max(self.each, self._each(size, values, encoding))

    def _each(self, size: int, values: int, encoding: int) -> float:
        if encoding in _OF_DICTIONARY:
            return _WIDTH if self.stays_in_dictionary or not self.leaf.is_text else self.dictionary
        return size if encoding == _OF_COMMON_BEGINNINGS else size / max(1, values)

    def check(self, rows: int) -> None:
        """Raise ParquetTooLarge if one row may be too large for memory."""
        if not self.leaf.is_nested:
            if self.values > rows:
                raise ParquetTooLarge("has more values in a column than rows")
            return
        whole = int(self.values * max(self.leaf.width, _WIDTH, self.each))
        if whole > MAX_LIST_BYTES:
            raise ParquetTooLarge(
                f"has lists that may take {whole:,} bytes in one row group; at most {MAX_LIST_BYTES:,} are "
                "read, so write it with smaller row groups"
            )


def plan_reading(file: BinaryIO, size_bytes: int, columns: Collection[str]) -> ReadingPlan:
    """Return how to read some columns of a file.

    Raises:
        ParquetTooLarge: Even one row may not fit, or the file claims too many rows for its size.
        DamagedParquet: Its footer or a page's header is damaged.
    """
    footer = read_footer(file, size_bytes)
    if footer.rows > FREE_ROWS + MAX_ROWS_PER_BYTE * size_bytes:
        raise ParquetTooLarge(f"says that it has {footer.rows:,} rows, more than {MAX_ROWS_PER_BYTE} for each byte")
    per_row = 0.0
    dictionaries: dict[str, None] = {}
    for group in footer.groups:
        read = [_column(file, chunk) for chunk in group.chunks if chunk.leaf.column in columns]
        opened = sum(column.largest + column.dictionary for column in read)
        if opened > MAX_OPEN_BYTES:
            raise ParquetTooLarge(
                f"has pages of {opened:,} bytes side by side; at most {MAX_OPEN_BYTES:,} are unpacked"
            )
        for column in read:
            column.check(group.rows)
        per_row = max(per_row, sum(_per_row(column, group.rows) for column in read))
        dictionaries |= {column.leaf.path: None for column in read if column.stays_in_dictionary}
    rows = int(BATCH_BYTES / per_row) if per_row else MOST_ROWS
    return ReadingPlan(max(1, min(MOST_ROWS, rows)), tuple(dictionaries))


def _per_row(column: _ColumnPages, rows: int) -> float:
    each = max(column.each, column.leaf.width)
    return each * column.values / max(1, rows) if column.leaf.is_nested else each


def _column(file: BinaryIO, chunk: Chunk) -> _ColumnPages:
    """Return the totals of the headers of a column's pages."""
    found = _ColumnPages(chunk.leaf)
    for header in _headers(file, chunk.begin, chunk.end):
        found.add(header)
    return found


def _headers(file: BinaryIO, start: int, end: int) -> Iterator[Struct]:
    while start < end:
        header, length = _header(file, start, end)
        yield header
        packed = header.get(3)
        if not isinstance(packed, int) or packed < 0:
            raise DamagedParquet("a page has no size")
        start += length + packed


def _header(file: BinaryIO, start: int, end: int) -> tuple[Struct, int]:
    room = _HEADER_BYTES
    while True:
        file.seek(start)
        data = file.read(min(room, end - start))
        reader = CompactReader(data)
        try:
            return reader.struct(), reader.position
        except DamagedParquet:
            if len(data) == end - start or room >= _MAX_HEADER_BYTES:
                raise
            room *= 8
