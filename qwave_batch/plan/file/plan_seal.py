"""The hashes of a plan file: they reveal any change and the line where it begins.

One SHA-256 runs over the header and the lines after it. Each line ends with the first digits of the hash up to there,
so an edited line can be identified, and the line after one that was removed, inserted or moved. The header holds the
hash of the whole file, and its own. This finds accidents; a person can compute the hashes again, so nothing in a plan
is trusted because its hashes are right.
"""

import hashlib
import json
from collections.abc import Mapping

from qwave_batch.model.jsontypes import Json

WHOLE = "sha256"
"""The header's key for the hash of header and lines."""
OWN = "seal"
"""The last key of every line."""
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that end lines in editors and other programs, though not in JSON."""
_DIGITS = 16
_CLOSING = f',"{OWN}":"{"0" * _DIGITS}"}}'
_WHOLE_DIGITS = 64


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Seal:
    """The running hash over the lines; it begins with the header, without the header's own hashes."""

    def __init__(self, header: str) -> None:
        self._running = hashlib.sha256(_bytes(header))

    def close(self, opened: str) -> str:
        """Add the text of the next line, up to its own hash, and return the suffix to be written after it."""
        self.add(_bytes(opened))
        return _closing(self._running.hexdigest())

    def add(self, lines: bytes) -> None:
        """Add the text of lines, each up to its own hash."""
        self._running.update(lines)

    def whole(self) -> str:
        """Return the hash of the header and of all lines so far."""
        return self._running.hexdigest()


def opened_line(value: Mapping[str, Json]) -> str:
    """Return a line of the file, up to its own hash."""
    return line_text(value)[:-1]


def line_text(value: object) -> str:
    """Return a value as it stands in a line."""
    text = _encode(value)
    if not text.isascii():
        for end, escape in _LINE_ENDS.items():
            text = text.replace(end, escape)
    return text


def header_line(opened: str, whole: str) -> str:
    """Return the whole first line: the ``opened`` that ``Seal`` was given, then the hashes."""
    told = f'{opened},"{WHOLE}":"{whole}"'
    return told + _closing(hashlib.sha256(_bytes(told)).hexdigest())


def opened_header(line: str) -> str | None:
    """Return the ``opened`` of an unchanged first line, or None for any other line."""
    told = line[: -len(_CLOSING)]
    opened = told[: -len(f',"{WHOLE}":"{"0" * _WHOLE_DIGITS}"')]
    whole = told[-_WHOLE_DIGITS - 1 : -1]
    return opened if header_line(opened, whole) == line else None


def is_closed(line: str, seal: Seal) -> bool:
    """Return whether the next line of a file is unchanged, and add it to the hash."""
    border = len(line) - len(_CLOSING)
    return seal.close(line[:border]) == line[border:]


def _closing(digits: str) -> str:
    return f',"{OWN}":"{digits[:_DIGITS]}"}}'


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
