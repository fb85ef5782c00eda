"""The footer of a Parquet file, as far as it says where pages lie; read here, since Arrow may end the process over it.

What it says of sizes is not believed, only where it leads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

Struct: TypeAlias = Mapping[int, Any]
"""Whole numbers, bytes, structs and lists of structs, by the number of their field; all else is passed over."""

MAX_DEPTH = 16
MAX_VALUES = 1_000_000  # a footer of 4 MB has a few hundred thousand
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_WHOLE = frozenset({_I16, _I32, _I64})
_LONGEST_VARINT = 10
_LONG_LIST = 15  # in the place of a length: it follows
_MORE = 128  # the bit of a byte that says that another one follows


class Damaged(ValueError):
    """Bytes that are not a struct, or not all of one."""


def whole_number(fields: Struct, number: int) -> int:
    """Return a whole number of a struct, 0 where the field is not there.

    Raises:
        Damaged: The field is something else.
    """
    found = fields.get(number, 0)
    if not isinstance(found, int):
        raise Damaged("it has something else where a number belongs")
    return found


class CompactReader:
    """Reads structs from bytes."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes that a struct begins with; ``position`` is behind it once it was read."""
        self._data = data
        self.position = 0
        self._left = MAX_VALUES

    def struct(self, depth: int = 0) -> Struct:
        """Return the struct that begins here; a field that is there twice counts as it stands last.

        Raises:
            Damaged: The bytes end before it, or are something else.
        """
        if depth > MAX_DEPTH:
            raise Damaged("it is nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            number = number + step if step else self._zigzag()
            if kind not in {_TRUE, _FALSE}:  # whose value is their kind
                value = self._value(kind, depth)
                if value is not None:
                    fields[number] = value
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        """Return a value, or None after passing over one that nobody asks for."""
        self._left -= 1
        if self._left < 0:
            raise Damaged(f"it holds more than {MAX_VALUES:,} values")
        if kind in _WHOLE:
            return self._zigzag()
        if kind == _BINARY:
            length = self._varint()
            return self._take(length)
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in {_LIST, _SET}:
            return self._list(depth)
        if kind not in {_TRUE, _FALSE, _BYTE, _DOUBLE}:
            raise Damaged("it holds something that Parquet has no use for")
        self._take(8 if kind == _DOUBLE else 1)
        return None

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        kind, length = head & 15, head >> 4
        if length == _LONG_LIST:
            length = self._varint()
        items = (self._value(kind, depth + 1) for _ in range(length))
        return [item for item in items if kind == _STRUCT]

    def _take(self, length: int) -> bytes:
        begin = self.position
        self.position += length
        if self.position > len(self._data):
            raise Damaged("it is cut off")
        return self._data[begin : self.position]

    def _byte(self) -> int:
        if self.position >= len(self._data):
            raise Damaged("it is cut off")
        self.position += 1
        return self._data[self.position - 1]

    def _varint(self) -> int:
        value = 0
        for place in range(_LONGEST_VARINT):
            byte = self._byte()
            value |= (byte & 127) << 7 * place
            if byte < _MORE:
                return value
        raise Damaged("a number in it does not end")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


MAX_FOOTER_BYTES = 4_000_000
MAX_COLUMN_DEPTH = 64  # of columns in columns, as of all that a table holds
MAX_ELEMENTS = 100_000

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
_REPEATED = 2
_BYTE_ARRAY = 6


class TooLarge(ValueError):
    """A file that would fill the memory; it continues ``the file``."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One column as it is stored."""

    column: str
    """The column of the table that it is, or is a part of."""
    path: str
    is_nested: bool
    """Whether a row may hold many of its values."""
    is_text: bool
    width: int
    """Bytes of each value where all have the same; 0 otherwise."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where the pages of one column lie, for one group of rows."""

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
    """What a file says of itself."""

    rows: int
    groups: tuple[RowGroup, ...]


def read_footer(file: BinaryIO, size_bytes: int) -> Footer:
    """Return the footer of a file.

    Raises:
        TooLarge: It is larger than any honest one.
        Damaged: It is not one.
    """
    file.seek(max(0, size_bytes - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    if tail[4:] != _MAGIC or size_bytes < 2 * _TAIL_BYTES:
        raise Damaged("its last bytes are not those of a Parquet file that is all there, and not encrypted")
    length = int.from_bytes(tail[:4], "little")
    if length > MAX_FOOTER_BYTES:
        raise TooLarge(f"has a footer of {length:,} bytes; at most {MAX_FOOTER_BYTES:,} are read")
    if length > size_bytes - 2 * _TAIL_BYTES + len(_MAGIC):
        raise Damaged("its footer is larger than the file")
    file.seek(size_bytes - _TAIL_BYTES - length)
    whole = CompactReader(file.read(length)).struct()
    leaves = list(_leaves(_structs(whole, 2)))
    groups = tuple(_group(group, leaves, size_bytes) for group in _structs(whole, 4))
    return Footer(rows=max(whole_number(whole, 3), sum(group.rows for group in groups)), groups=groups)


def _leaves(elements: Sequence[Struct]) -> Iterator[Leaf]:
    """Yield the columns of a schema: a tree, each node before those below it."""
    if len(elements) > MAX_ELEMENTS:
        raise TooLarge(f"has {len(elements):,} columns; at most {MAX_ELEMENTS:,} are read")
    # of each node on the way: how many are still to come, the column of the table, path, is nested
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
        is_nested = is_nested or (number > 0 and whole_number(element, 3) == _REPEATED)
        children = whole_number(element, 5)
        if children or not number:
            above.append((children, column, path, is_nested))
            if len(above) > MAX_COLUMN_DEPTH:
                raise Damaged(f"its columns are nested deeper than {MAX_COLUMN_DEPTH} levels")
        else:
            yield Leaf(
                column, path, is_nested, whole_number(element, 1) == _BYTE_ARRAY, max(0, whole_number(element, 2))
            )


def _group(group: Struct, leaves: Sequence[Leaf], size_bytes: int) -> RowGroup:
    chunks = _structs(group, 1)
    if len(chunks) != len(leaves):
        raise Damaged("a group of rows has not the columns of the schema")
    return RowGroup(whole_number(group, 3), tuple(map(_chunk, chunks, leaves, [size_bytes] * len(leaves))))


def _chunk(chunk: Struct, leaf: Leaf, size_bytes: int) -> Chunk:
    about = chunk.get(3)
    if not isinstance(about, dict):
        raise Damaged("a column does not say where its pages are")
    begin, dictionary = whole_number(about, 9), whole_number(about, 11)
    if 0 < dictionary < begin:
        begin = dictionary
    end = begin + whole_number(about, 7)
    if not 0 <= begin <= end <= size_bytes:
        raise Damaged("a column lies outside of the file")
    return Chunk(leaf, begin, end)


def _structs(fields: Struct, number: int) -> Sequence[Struct]:
    found = fields.get(number, [])
    return found if isinstance(found, list) else []


def _name(element: Struct) -> str:
    found = element.get(4)
    try:
        return found.decode() if isinstance(found, bytes) else ""
    except UnicodeDecodeError:
        raise Damaged("a column's name is not UTF-8") from None
