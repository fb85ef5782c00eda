"""Files that are kept with Git LFS: git holds a small text in their place, and a filter puts the file there."""

import hashlib
import re
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

from qwave_batch.errors import UsageError
from qwave_batch.files.regular import open_regular

MAX_POINTER_BYTES = 1024
"""A larger file is not a pointer, by the definition of LFS."""
_POINTER = re.compile(rb"version https://[^\n]{1,200}\n(?:[^\n]*\n)*?oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n")
_BEGINS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What stands in git for a file."""

    sha256: str
    size_bytes: int

    def is_of(self, file: Path) -> bool:
        """Return whether a file is the one that is meant; the filter need not run for that."""
        try:
            with open_regular(file) as content:
                content.seek(0, 2)
                if content.tell() != self.size_bytes:
                    return False
                content.seek(0)
                return hashlib.file_digest(cast("BufferedReader", content), "sha256").hexdigest() == self.sha256
        except (OSError, UsageError):
            return False


def is_pointer(blob: bytes) -> bool:
    """Return whether a file in git is a pointer."""
    return len(blob) <= MAX_POINTER_BYTES and blob.startswith(_BEGINS)


def pointer_in(blob: bytes) -> Pointer | None:
    """Return what a pointer says, or None when the file is not one."""
    found = _POINTER.match(blob) if is_pointer(blob) else None
    return Pointer(sha256=found[1].decode(), size_bytes=int(found[2])) if found else None
