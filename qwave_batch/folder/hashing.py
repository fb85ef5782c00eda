"""The hash of a file, read in pieces."""

import hashlib
from pathlib import Path

from qwave_batch.folder.disk import storage_errors


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file in hex.

    Raises:
        StorageError: it can't be read.
    """
    with storage_errors(path, "read"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
