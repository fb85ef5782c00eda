"""How an image of another folder comes into this one without a download: a hard link, else a copy."""

from contextlib import suppress

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.artifacts import ArtifactStore, size_of
from qwave_batch.folder.storage import storage_errors
from qwave_batch.imaging.image_inspection import BadImage, ImageInfo, inspect_bytes


def borrow_image(source: ArtifactStore, path: str, target: Tree, into: str, *, size_bytes: int) -> ImageInfo | None:
    """Bring a complete image to ``into`` in a workspace and return its format and size, decoded to its last row.

    None, with nothing left there, if it is missing, of another size, reached through a link, or not an image. If both
    folders are local and on one file system with hard links, no byte is copied: this program never writes into a file
    that is in place, so neither folder can damage the other's. It blocks: call it in a thread.

    Raises:
        StorageError: the disk of ``target`` refuses.
    """
    with storage_errors(target.root, below=into), suppress(FileNotFoundError):
        target.remove(into)
    if not _is_readable(source, path, size_bytes):
        return None
    try:
        source.copy_out(path, target, into)
    except (FileNotFoundError, UsageError):  # removed or replaced a moment ago
        return None
    with suppress(BadImage, UsageError, OSError):
        return inspect_bytes(target.read(into, most_bytes=size_bytes))
    with storage_errors(target.root, "remove", into):
        target.remove(into)
    return None


def _is_readable(source: ArtifactStore, path: str, size_bytes: int) -> bool:
    """Whether the source can be read and has the size on record."""
    try:
        with source.open(path) as file:
            return size_of(file) == size_bytes
    except (OSError, UsageError, StorageError):
        return False
