"""How an image of another folder comes into this one without a download: a hard link, else a copy."""

import os
import shutil
from contextlib import suppress

from qwave_batch.errors import UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.image_inspection import BadImage, ImageInfo, inspect_bytes
from qwave_batch.folder.storage import storage_errors


def borrow_image(source: Tree, path: str, target: Tree, into: str, *, size_bytes: int) -> ImageInfo | None:
    """Bring a complete image to ``into`` and return its format and size, decoded to its last row.

    None, with nothing left there, if it is missing, of another size, reached through a link, or not an image. If both
    folders are on one file system with hard links, no byte is copied: this program never writes into a file that is in
    place, so neither folder can damage the other's. It blocks: call it in a thread.

    Raises:
        StorageError: the disk of ``target`` refuses.
    """
    with storage_errors(target.root / into), suppress(FileNotFoundError):
        target.remove(into)
    if not _bring(source, path, target, into, size_bytes):
        return None
    with suppress(BadImage, UsageError, OSError):
        return inspect_bytes(target.read(into, most_bytes=size_bytes))
    with storage_errors(target.root / into, "remove"):
        target.remove(into)
    return None


def _bring(source: Tree, path: str, target: Tree, into: str, size_bytes: int) -> bool:
    """Link or copy; return False when the source can't be read or is not the one on record."""
    try:
        file = source.open(path)
    except (OSError, UsageError):
        return False
    with file:
        if os.fstat(file.fileno()).st_size != size_bytes:
            return False
        if target.link_from(source, path, into):
            return True
        with storage_errors(target.root / into), target.create(into) as copy:
            shutil.copyfileobj(file, copy)
    return True
