"""Files that are there whole or not at all, even after a power cut."""

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.syncing import sync_folder

TEMPORARY_PREFIX = ".tmp-"
"""What the names of half written files begin with."""


def write_atomic(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Replace ``path`` by ``data``, all of it or nothing; an iterable is streamed.

    Whoever reads ``path`` meanwhile sees the old file or the new one. When this returns, the new one survives a
    power cut; when ``data`` or the disk raises, the old one is untouched and nothing is left beside it.

    Raises:
        StorageError: the disk refuses.
    """
    pieces = (data,) if isinstance(data, bytes) else data
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, suffix=f"-{path.name[-40:]}", dir=path.parent)
    temporary = Path(name)
    file = os.fdopen(descriptor, "wb")
    try:
        for piece in pieces:
            with storage_errors(path):
                file.write(piece)
        with storage_errors(path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            temporary.chmod(_mode_of_new_files())
            temporary.replace(path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            file.close()  # on a full disk it fails a second time, over what is still in its buffer
        with suppress(OSError):
            temporary.unlink()
        raise


def _mode_of_new_files() -> int:
    return 0o666 & ~_UMASK


def _read_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# Read once at import: reading it means setting it, for all threads.
_UMASK = _read_umask()
