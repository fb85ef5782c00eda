"""How a file of another folder comes into this one without a download: a hard link, else a copy."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.hashing import sha256_of_file


def borrow_file(source: Path, into: Path, *, sha256: str, size_bytes: int) -> bool:
    """Bring a whole file to ``into``; return False, with nothing left there, when it is not the one on record.

    Where both folders are on one file system that has hard links, no byte is copied: this program never writes into
    a file that is in place, so neither folder can spoil the other's. It blocks: call it in a thread.

    Raises:
        StorageError: the disk of ``into`` refuses.
    """
    with suppress(OSError):
        if source.is_symlink() or not source.is_file() or source.stat().st_size != size_bytes:
            return False
    with storage_errors(into):
        into.unlink(missing_ok=True)
    if not _bring(source, into):
        return False
    if sha256_of_file(into) == sha256:
        return True
    with storage_errors(into, "remove"):
        into.unlink(missing_ok=True)
    return False


def _bring(source: Path, into: Path) -> bool:
    """Link or copy; return False when the source can't be read."""
    with suppress(OSError):  # another file system, or one without hard links
        os.link(source, into)
        return True
    try:
        file = source.open("rb")
    except OSError:
        return False
    with file, storage_errors(into), into.open("wb") as copy:
        shutil.copyfileobj(file, copy)
    return True
