"""Reads the footer of a Parquet file for the places of pages, since Arrow may crash on a damaged one.

Only the offsets in it are used; its other sizes are not trusted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from qwave_batch.spec.table.thrift_compact import CompactReader, DamagedParquet, Struct, integer_field

MAX_FOOTER_BYTES = 4_000_000
MAX_COLUMN_DEPTH = 64  # levels of nested columns, the limit of all values
MAX_ELEMENTS = 100_000

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
_REPEATED = 2
_BYTE_ARRAY = 6


class ParquetTooLarge(ValueError):
    """A file that is too large for memory; the message continues ``the file``."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One column as it is stored."""

    column: str
    """The column of the table that it belongs to."""
    path: str
    is_nested: bool
    """Whether a row may have many of its values."""
    is_text: bool
    width: int
    """Bytes of each value if all have the same size, else 0."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The range of bytes of one column's pages in one row group."""

    leaf: Leaf
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A part of the table's rows."""

    rows: int
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Footer:
    """The footer of a file."""

    rows: int
    groups: tuple[RowGroup, ...]


def read_footer(file: BinaryIO, size_bytes: int) -> Footer:
    """Return the footer of a file.

    Raises:
        ParquetTooLarge: It is larger than any real one.
        DamagedParquet: It is not a footer.
    """
    file.seek(max(0, size_bytes - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    if tail[4:] != _MAGIC or size_bytes < 2 * _TAIL_BYTES:
        raise DamagedParquet("its last bytes are not those of a complete, unencrypted Parquet file")
    length = int.from_bytes(tail[:4], "little")
    if length > MAX_FOOTER_BYTES:
        raise ParquetTooLarge(f"has a footer of {length:,} bytes; at most {MAX_FOOTER_BYTES:,} are read")
    if length > size_bytes - 2 * _TAIL_BYTES + len(_MAGIC):
        raise DamagedParquet("its footer is larger than the file")
    file.seek(size_bytes - _TAIL_BYTES - length)
    whole = CompactReader(file.read(length)).struct()
    leaves = list(_leaves(_structs(whole, 2)))
    groups = tuple(_group(group, leaves, size_bytes) for group in _structs(whole, 4))
    return Footer(rows=max(integer_field(whole, 3), sum(group.rows for group in groups)), groups=groups)


def _leaves(elements: Sequence[Struct]) -> Iterator[Leaf]:
    """Yield the leaf columns of a schema, which is a tree in depth-first order."""
    if len(elements) > MAX_ELEMENTS:
        raise ParquetTooLarge(f"has {len(elements):,} columns; at most {MAX_ELEMENTS:,} are read")
    # for each enclosing node: number of children left, column of the table, path, is nested
    above: list[tuple[int, str, str, bool]] = []
    for number, element in enumerate(elements):
        while above and not above[-1][0]:
            above.pop()
        column, path, is_nested = "", "", False
        if above:
            left, column, prefix, is_nested = above[-1]
            above[-1] = left - 1, column, prefix, is_nested
            name = _name(element)
            path = (f"{prefix}." if prefix else "") + name
            column = name if len(above) == 1 else column
        is_nested = is_nested or (number > 0 and integer_field(element, 3) == _REPEATED)
        children = integer_field(element, 5)
        if children or not number:
            above.append((children, column, path, is_nested))
            if len(above) > MAX_COLUMN_DEPTH:
                raise DamagedParquet(f"its columns are nested deeper than {MAX_COLUMN_DEPTH} levels")
        else:
            yield Leaf(
                column, path, is_nested, integer_field(element, 1) == _BYTE_ARRAY, max(0, integer_field(element, 2))
            )


def _group(group: Struct, leaves: Sequence[Leaf], size_bytes: int) -> RowGroup:
    chunks = _structs(group, 1)
    if len(chunks) != len(leaves):
        raise DamagedParquet("a row group does not have the columns of the schema")
    return RowGroup(integer_field(group, 3), tuple(map(_chunk, chunks, leaves, [size_bytes] * len(leaves))))


def _chunk(chunk: Struct, leaf: Leaf, size_bytes: int) -> Chunk:
    about = chunk.get(3)
    if not isinstance(about, dict):
        raise DamagedParquet("a column does not say where its pages are")
    begin, dictionary = integer_field(about, 9), integer_field(about, 11)
    if 0 < dictionary < begin:
        begin = dictionary
    end = begin + integer_field(about, 7)
    if not 0 <= begin <= end <= size_bytes:
        raise DamagedParquet("a column is outside the file")
    return Chunk(leaf, begin, end)


def _structs(fields: Struct, number: int) -> Sequence[Struct]:
    found = fields.get(number, [])
    return found if isinstance(found, list) else []


def _name(element: Struct) -> str:
    found = element.get(4)
    try:
        return found.decode() if isinstance(found, bytes) else ""
    except UnicodeDecodeError:
        raise DamagedParquet("a column's name is not UTF-8") from None
