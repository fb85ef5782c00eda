"""Thrift's compact protocol, as far as Parquet uses it: structs, whole numbers, byte strings and lists of structs."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Struct: TypeAlias = Mapping[int, Any]
"""Integers, bytes, structs and lists of structs, by field number; all else is skipped."""

MAX_DEPTH = 16
MAX_VALUES = 1_000_000  # a footer of 4 MB has a few hundred thousand
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_WHOLE = frozenset({_I16, _I32, _I64})
_LONGEST_VARINT = 10
_LONG_LIST = 15  # in place of a length: the length follows
_MORE = 128  # the bit of a byte that means another one follows


class DamagedParquet(ValueError):
    """Bytes that are not a complete, valid structure."""


def integer_field(fields: Struct, number: int) -> int:
    """Return an integer field of a struct, 0 if the field is missing.

    Raises:
        DamagedParquet: The field is something else.
    """
    found = fields.get(number, 0)
    if not isinstance(found, int):
        raise DamagedParquet("it has something else where a number belongs")
    return found


class CompactReader:
    """Reads structs from bytes."""

    def __init__(self, data: bytes) -> None:
        """Take bytes that start with a struct; after reading it, ``position`` is its end."""
        self._data = data
        self.position = 0
        self._left = MAX_VALUES

    def struct(self, depth: int = 0) -> Struct:
        """Return the struct that starts here; the last one of duplicate fields counts.

        Raises:
            DamagedParquet: The bytes end too early, or are not a struct.
        """
        if depth > MAX_DEPTH:
            raise DamagedParquet("it is nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            number = number + step if step else self._zigzag()
            if kind not in {_TRUE, _FALSE}:  # their type is their value
                value = self._value(kind, depth)
                if value is not None:
                    fields[number] = value
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        """Return a value, or None after skipping one that is not needed."""
        self._left -= 1
        if self._left < 0:
            raise DamagedParquet(f"it holds more than {MAX_VALUES:,} values")
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
            raise DamagedParquet("it holds a type that Parquet does not use")
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
            raise DamagedParquet("it is cut off")
        return self._data[begin : self.position]

    def _byte(self) -> int:
        if self.position >= len(self._data):
            raise DamagedParquet("it is cut off")
        self.position += 1
        return self._data[self.position - 1]

    def _varint(self) -> int:
        value = 0
        for place in range(_LONGEST_VARINT):
            byte = self._byte()
            value |= (byte & 127) << 7 * place
            if byte < _MORE:
                return value
        raise DamagedParquet("a number in it does not end")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
