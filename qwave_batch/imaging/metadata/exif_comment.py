"""The user comment of EXIF, read and added without moving any other value.

EXIF is a TIFF: values lie at offsets from its beginning, and some (a camera's notes) break when they move. So a comment
is added behind all that is there, with a longer copy of the directory that points to it, and only the pointers to that
directory are changed.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qwave_batch.imaging.metadata.metadata_parts import MAX_TEXT_BYTES, NotEmbeddable, Obstacle

_EXIF_DIRECTORY, _EXIF_VERSION, _USER_COMMENT = 0x8769, 0x9000, 0x9286
_LONG, _UNDEFINED = 4, 7
_ENTRY_BYTES, _INLINE_BYTES = 12, 4
_ORDERS: dict[bytes, Literal["big", "little"]] = {b"MM\x00*": "big", b"II*\x00": "little"}
_CODE_BYTES = 8
_UNICODE, _ASCII, _UNDECLARED = b"UNICODE\0", b"ASCII\0\0\0", bytes(8)

_NEW = (
    b"MM\x00*"
    + struct.pack(">IHHHIII", 8, 1, _EXIF_DIRECTORY, _LONG, 1, 26, 0)
    + struct.pack(">HHHI4sI", 1, _EXIF_VERSION, _UNDEFINED, 4, b"0232", 0)
)
"""An EXIF with nothing in it but its version."""


def exif_comment(tiff: bytes) -> str | None:
    """Return the user comment of an EXIF; None without one that can be read, or with one of blanks alone."""
    try:
        reading = _Tiff.of(tiff)
        own = reading.own_directory()
        entry = own.find(_USER_COMMENT) if own else None
        return _decoded(reading.value(entry), reading.order) if entry else None
    except NotEmbeddable:
        return None


def with_exif_comment(tiff: bytes | None, text: str) -> bytes:
    """Return an EXIF with a user comment, in the form that galleries read; None begins a new one.

    Raises:
        NotEmbeddable: it is not built as EXIF is, or has another comment.
    """
    reading = _Tiff.of(_NEW if tiff is None else tiff)
    root, own = reading.directory(reading.number(4, 4)), reading.own_directory()
    found = own.find(_USER_COMMENT) if own else None
    comment = _UNICODE + text.encode("utf-16-be", "replace")
    if found and (told := reading.value(found)) != comment:
        if _decoded(told, reading.order) is not None:
            raise NotEmbeddable(Obstacle.OTHER_TEXT)
    elif found:
        return reading.data
    data = reading.data + b"\0" * (len(reading.data) % 2)
    comment_at = len(data)
    data += comment + b"\0" * (len(comment) % 2)
    entry = reading.packed(_USER_COMMENT, _UNDEFINED, len(comment), comment_at)
    own_at = len(data)
    data += reading.directory_bytes(own.with_entry(entry) if own else (entry,), own.next if own else bytes(4))
    pointer = root.find(_EXIF_DIRECTORY)
    if pointer is not None:
        return data[: pointer + 8] + own_at.to_bytes(4, reading.order) + data[pointer + 12 :]
    root_at = len(data)
    entries = root.with_entry(reading.packed(_EXIF_DIRECTORY, _LONG, 1, own_at))
    data += reading.directory_bytes(entries, root.next)
    return data[:4] + root_at.to_bytes(4, reading.order) + data[8:]


@dataclass(frozen=True, slots=True)
class _Directory:
    order: Literal["big", "little"]
    at: int
    """The first byte of its first entry."""
    entries: tuple[bytes, ...]
    next: bytes

    def find(self, tag: int) -> int | None:
        """Return the place of an entry; None if it has none."""
        for number, entry in enumerate(self.entries):
            if int.from_bytes(entry[:2], self.order) == tag:
                return self.at + number * _ENTRY_BYTES
        return None

    def with_entry(self, new: bytes) -> tuple[bytes, ...]:
        """Return its entries with a new one, in place of an old one of its tag, in the order of tags."""
        kept = [entry for entry in self.entries if entry[:2] != new[:2]]
        return tuple(sorted([*kept, new], key=lambda entry: int.from_bytes(entry[:2], self.order)))


@dataclass(frozen=True, slots=True)
class _Tiff:
    data: bytes
    order: Literal["big", "little"]

    @classmethod
    def of(cls, data: bytes) -> "_Tiff":
        """Return the reading of a TIFF."""
        order = _ORDERS.get(data[:4])
        if order is None or len(data) > MAX_TEXT_BYTES:
            raise NotEmbeddable(Obstacle.STRUCTURE)
        return cls(data, order)

    def number(self, at: int, size: int) -> int:
        """Return an unsigned integer."""
        if at + size > len(self.data):
            raise NotEmbeddable(Obstacle.STRUCTURE)
        return int.from_bytes(self.data[at : at + size], self.order)

    def directory(self, at: int) -> _Directory:
        """Return the directory at an offset."""
        count, start = self.number(at, 2), at + 2
        end = start + count * _ENTRY_BYTES
        if end > len(self.data):
            raise NotEmbeddable(Obstacle.STRUCTURE)
        entries = tuple(self.data[place : place + _ENTRY_BYTES] for place in range(start, end, _ENTRY_BYTES))
        return _Directory(self.order, start, entries, self.data[end : end + 4].ljust(4, b"\0"))

    def own_directory(self) -> _Directory | None:
        """Return the directory of EXIF's own values; None without one."""
        pointer = self.directory(self.number(4, 4)).find(_EXIF_DIRECTORY)
        return None if pointer is None else self.directory(self.number(pointer + 8, 4))

    def value(self, entry: int) -> bytes:
        """Return the bytes of the value of the entry at a place."""
        size = self.number(entry + 4, 4)
        at = entry + 8 if size <= _INLINE_BYTES else self.number(entry + 8, 4)
        if at + size > len(self.data):
            raise NotEmbeddable(Obstacle.STRUCTURE)
        return self.data[at : at + size]

    def packed(self, tag: int, kind: int, count: int, value: int) -> bytes:
        """Return an entry."""
        return struct.pack(">HHII" if self.order == "big" else "<HHII", tag, kind, count, value)

    def directory_bytes(self, entries: Sequence[bytes], following: bytes) -> bytes:
        """Return a directory of these entries."""
        return len(entries).to_bytes(2, self.order) + b"".join(entries) + following


def _decoded(value: bytes, order: Literal["big", "little"]) -> str | None:
    """Return the text of a user comment: most programs write UTF-16 big-endian whatever the order of the TIFF is."""
    code, text = value[:_CODE_BYTES], value[_CODE_BYTES:]
    if code == _UNICODE:
        high, low = text[0::2].count(0), text[1::2].count(0)
        is_big = high > low or (high == low and order == "big")
        decoded = text.decode("utf-16-be" if is_big else "utf-16-le", "replace")
    else:
        decoded = (text if code in {_ASCII, _UNDECLARED} else value).decode("utf-8", "replace")
    return decoded if decoded.strip("\0 ") else None
