"""The hash of a file, read in pieces."""

import hashlib
from typing import IO

from qwave_batch.files.tree import Tree
from qwave_batch.folder.disk import storage_errors

_PIECE_BYTES = 1 << 20


def sha256_of_file(tree: Tree, path: str) -> str:
    """Return the SHA-256 of a file below ``tree`` in hex.

    Raises:
        StorageError: it can't be read.
        NotRegular, FolderError: it is not a regular file, or is reached over a link.
    """
    with storage_errors(tree.root / path, "read"), tree.open(path) as file:
        return sha256_of(file)


def sha256_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of what an open file holds, in hex."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()
